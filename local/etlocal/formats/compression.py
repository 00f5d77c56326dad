"""Decompression of a stream, by a file's first bytes or by a codec's name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from typing import IO, cast

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
}


class CompressionError(ValueError):
    """The data is not what its codec says, or the codec is not supported."""


def detect(first_bytes: bytes) -> str:
    """Name the codec that data begins with.

    Returns
    -------
    str
        ``gzip``, ``bzip2``, ``zstd``, ``zip``, ``xz`` or ``none``.
    """
    for magic, codec in _MAGIC.items():
        if first_bytes.startswith(magic):
            return codec
    return "none"


def decompress(stream: IO[bytes], codec: str) -> IO[bytes]:
    """Give a stream of what `stream` holds, decompressed as it is read.

    Parameters
    ----------
    stream : binary stream
        The compressed data; for ``zip`` it is read whole.
    codec : str
        As `detect` names it.

    Raises
    ------
    CompressionError
        If the codec is not supported or a zip archive does not hold exactly one file. A corrupt
        stream raises when it is read (`OSError`, `EOFError`).
    """
    match codec:
        case "none":
            return stream
        case "gzip":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
        case "bzip2":
            return bz2.open(stream)
        case "xz":
            return lzma.open(stream)
        case "zip":
            return _only_member(stream)
        case "zstd":
            return _zstd(stream)
        case _:
            raise CompressionError(f"compression {codec!r} is not supported")


def _only_member(stream: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(stream.read()))
    except zipfile.BadZipFile as error:
        raise CompressionError(f"not a zip archive: {error}") from error
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1:
        raise CompressionError(f"a zip archive must hold one file; this one holds {len(members)}")
    return archive.open(members[0])


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    import zstandard

    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(stream))
