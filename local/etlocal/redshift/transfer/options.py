"""The options of COPY and UNLOAD.

Source: Amazon Redshift Database Developer Guide, "COPY" and "UNLOAD".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CopyOptions:
    """What follows ``FROM`` in a COPY; the attributes are the options' names.

    Attributes
    ----------
    format : str
        ``text`` (delimited), ``csv``, ``json``, ``parquet`` or ``avro``.
    json : str
        ``auto``, ``auto ignorecase``, ``noshred`` or the address of a JSONPaths file.
    role : str or None
        The IAM role that reads S3: an ARN, ``default``, or None for the caller's own keys.
    compression : str
        ``none``, ``gzip``, ``bzip2`` or ``zstd``.
    acceptinvchars : str or None
        What stands for an invalid character; None refuses them.
    """

    format: str = "text"
    json: str = "auto"
    role: str | None = None
    region: str | None = None
    delimiter: str = "|"
    quote: str = '"'
    ignoreheader: int = 0
    null_as: str = "\\N"
    emptyasnull: bool = False
    blanksasnull: bool = False
    dateformat: str = "YYYY-MM-DD"
    timeformat: str = "YYYY-MM-DD HH:MI:SS"
    acceptinvchars: str | None = None
    acceptanydate: bool = False
    truncatecolumns: bool = False
    trimblanks: bool = False
    fillrecord: bool = False
    ignoreblanklines: bool = False
    escape: bool = False
    removequotes: bool = False
    explicit_ids: bool = False
    roundec: bool = False
    maxerror: int = 0
    compression: str = "none"
    manifest: bool = False
    encoding: str = "utf8"
    noload: bool = False


@dataclass(frozen=True)
class UnloadOptions:
    """What follows ``TO`` in an UNLOAD; the attributes are the options' names.

    Attributes
    ----------
    format : str
        ``text`` (delimited), ``csv``, ``json`` or ``parquet``.
    maxfilesize : int
        Bytes.
    partition_by : tuple of str
        The columns that name the folders; `include` keeps them in the files.
    """

    format: str = "text"
    role: str | None = None
    region: str | None = None
    header: bool = False
    delimiter: str = "|"
    addquotes: bool = False
    escape: bool = False
    null_as: str | None = None
    parallel: bool = True
    allowoverwrite: bool = False
    cleanpath: bool = False
    maxfilesize: int = int(6.2 * 1024**3)
    compression: str = "none"
    manifest: bool = False
    verbose: bool = False
    partition_by: tuple[str, ...] = ()
    include: bool = False
