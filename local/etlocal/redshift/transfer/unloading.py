"""UNLOAD: a query's rows into S3.

Source: Amazon Redshift Database Developer Guide, "UNLOAD". One slice writes: the names are those
of slice 0000, ``<prefix>0000_part_00``, more parts where MAXFILESIZE asks for them.
"""

from __future__ import annotations

import bz2
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from etlocal.redshift.dialect.statements import Unload
from etlocal.redshift.engines.base import EngineSession, Export, ExportedFile, Result
from etlocal.redshift.errors import SqlError
from etlocal.redshift.transfer import s3
from etlocal.redshift.transfer.context import Context
from etlocal.redshift.transfer.options import UnloadOptions
from etlocal.redshift.transfer.splitting import split

_SUFFIX = {"none": "", "gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_DEFAULT_SIZE = UnloadOptions().maxfilesize


def unload(session: EngineSession, statement: Unload, context: Context) -> Result:
    """Carry out UNLOAD.

    Raises
    ------
    SqlError
        If the query fails, there are objects at the target, or S3 refuses.
    """
    options = statement.options
    bucket, prefix = s3.split(statement.target)
    client = context.s3_client(options.role)
    _clear(client, bucket, prefix, options)
    entries = []
    counts: dict[tuple[tuple[str, str | None], ...], int] = {}
    with TemporaryDirectory(dir=context.scratch) as folder:
        export = _export(statement, Path(folder))
        for file in _files(session, export):
            number = counts.get(file.partition, 0)
            counts[file.partition] = number + 1
            key = prefix + _name(file, number, options)
            body = _compressed(file.path, options.compression)
            with s3.refusals(), body.open("rb") as stream:
                client.put_object(Bucket=bucket, Key=key, Body=stream)
            entries.append((f"s3://{bucket}/{key}", body.stat().st_size, file.rows))
    if options.manifest:
        _manifest(client, bucket, prefix, entries, options)
    return Result(affected=sum(rows for _, _, rows in entries))


def _files(session: EngineSession, export: Export) -> Iterator[ExportedFile]:
    for file in session.export(export):
        # The engine keeps the sizes of Parquet files itself.
        yield from [file] if export.format == "parquet" else split(file, export)


def _export(statement: Unload, folder: Path) -> Export:
    options = statement.options
    quoting = "none"
    if options.format == "csv":
        quoting = "needed"
    elif options.addquotes:
        quoting = "all"
    return Export(
        query=statement.query,
        folder=folder,
        format=options.format,
        delimiter=options.delimiter,
        header=options.header,
        quote=quoting,
        escape=options.escape,
        null=options.null_as or "",
        partition_by=options.partition_by,
        include=options.include,
        maxfilesize=options.maxfilesize if options.maxfilesize < _DEFAULT_SIZE else 0,
    )


def _clear(client: Any, bucket: str, prefix: str, options: UnloadOptions) -> None:
    found = s3.list_keys(client, bucket, prefix)
    if not found or options.allowoverwrite:
        return
    if not options.cleanpath:
        raise SqlError(
            "Specified unload destination on S3 is not empty. Consider using a different bucket / "
            "prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option."
        )
    for item in found:
        with s3.refusals():
            client.delete_object(Bucket=bucket, Key=item["Key"])


def _name(file: ExportedFile, number: int, options: UnloadOptions) -> str:
    folders = "".join(
        f"{quote(name)}={quote(_NULL_PARTITION if value is None else value, safe=' ')}/"
        for name, value in file.partition
    )
    suffix = {"parquet": ".parquet", "json": ".json"}.get(options.format, "")
    suffix += _SUFFIX[options.compression]
    if options.parallel:
        return f"{folders}0000_part_{number:02d}{suffix}"
    return f"{folders}{number:03d}{suffix}"


def _compressed(path: Path, compression: str) -> Path:
    if compression == "none":
        return path
    target = path.with_name(path.name + ".packed")
    with path.open("rb") as source, target.open("wb") as out:
        if compression == "zstd":
            import zstandard

            zstandard.ZstdCompressor().copy_stream(source, out)
            return target
        opened: Any = gzip.open if compression == "gzip" else bz2.open
        with opened(out, "wb") as packed:
            shutil.copyfileobj(source, packed, 1024 * 1024)
    return target


def _manifest(
    client: Any,
    bucket: str,
    prefix: str,
    entries: list[tuple[str, int, int]],
    options: UnloadOptions,
) -> None:
    document: dict[str, Any] = {"entries": []}
    for url, size, rows in entries:
        entry: dict[str, Any] = {"url": url}
        if options.verbose:
            entry["meta"] = {"content_length": size, "record_count": rows}
        document["entries"].append(entry)
    if options.verbose:
        document["meta"] = {
            "content_length": sum(size for _, size, _ in entries),
            "record_count": sum(rows for _, _, rows in entries),
        }
        document["author"] = {"name": "Amazon Redshift", "version": "1.0.0"}
    body = json.dumps(document, indent=2).encode()
    with s3.refusals():
        client.put_object(Bucket=bucket, Key=f"{prefix}manifest", Body=body)
