"""Compression: which codec data begins with, a whole stream of it, or its beginning alone.

Source: AWS Glue Developer Guide, "Defining and managing classifiers", "Built-in classifiers" (ZIP,
BZIP, GZIP and SNAPPY are read); Amazon Redshift Database Developer Guide, "File compression
parameters".
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol, cast

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
}
_ZIP_HEADER = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_PIECE = 64 * 1024
# A stream's header says how much is needed; xz at its strongest asks for 65 MB.
_MOST_MEMORY = 256 * 1024 * 1024


class CompressionError(ValueError):
    """The data is not what its codec says, or the codec is not supported."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def detect(first_bytes: bytes) -> str:
    """Name the codec that data begins with.

    Returns
    -------
    str
        ``gzip``, ``bzip2``, ``zstd``, ``zip``, ``xz``, ``snappy`` (framed) or ``none``.
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


def head(data: bytes, codec: str, limit: int) -> bytes:
    """Decompress the beginning of a file from its first bytes, which may be cut anywhere.

    Parameters
    ----------
    data : bytes
        The first bytes of the compressed file.
    codec : str
        As `detect` names it.
    limit : int
        How many decompressed bytes are wanted at most.

    Raises
    ------
    CompressionError
        If the codec is not supported, the data is corrupt, or a zip archive holds several files.
    """
    if codec == "none":
        return data[:limit]
    if codec == "zip":
        return _zip_head(data, limit)
    if codec == "zstd":
        return _zstd_head(data, limit)
    try:
        return _join((_pieces(data, codec)), limit)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise CompressionError(f"not {codec} data: {error}") from error


def _pieces(data: bytes, codec: str) -> Iterator[bytes]:
    """Decompress as far as `data` goes; gzip, bzip2 and xz files may hold several streams."""
    while data:
        decompressor = _decompressor(codec)
        for start in range(0, len(data), _PIECE):
            yield decompressor.decompress(data[start : start + _PIECE])
            if decompressor.eof:
                data = decompressor.unused_data + data[start + _PIECE :]
                break
        else:
            return


def _decompressor(codec: str) -> _Decompressor:
    match codec:
        case "gzip":
            return zlib.decompressobj(wbits=31)
        case "bzip2":
            return bz2.BZ2Decompressor()
        case "xz":
            return lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
        case _:
            raise CompressionError(f"compression {codec!r} is not supported")


def _join(pieces: Iterator[bytes], limit: int) -> bytes:
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= limit:
            break
    return bytes(joined[:limit])


def _zip_head(data: bytes, limit: int) -> bytes:
    if len(data) < _ZIP_HEADER.size or not data.startswith(b"PK\x03\x04"):
        raise CompressionError("not a zip archive")
    fields = _ZIP_HEADER.unpack_from(data)
    method, stored_size, name_length, extra_length = fields[3], fields[7], fields[9], fields[10]
    body = data[_ZIP_HEADER.size + name_length + extra_length :]
    if method == _STORED and stored_size:
        content, rest = body[:stored_size], body[stored_size:]
    elif method == _DEFLATED:
        inflate = zlib.decompressobj(wbits=-15)
        try:
            content = inflate.decompress(body, limit)
        except zlib.error as error:
            raise CompressionError(f"not zip data: {error}") from error
        rest = inflate.unused_data
    else:
        raise CompressionError(f"zip compression method {method} is not supported")
    # An entry is followed by a data descriptor of 24 bytes at most, then by the next entry.
    if b"PK\x03\x04" in rest[:28]:
        raise CompressionError("a zip archive must hold one file; this one holds several")
    return content[:limit]


def _only_member(stream: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(stream.read()))
    except zipfile.BadZipFile as error:
        raise CompressionError(f"not a zip archive: {error}") from error
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1:
        raise CompressionError(f"a zip archive must hold one file; this one holds {len(members)}")
    return archive.open(members[0])


def _zstd_head(data: bytes, limit: int) -> bytes:
    try:
        # Of the endpoint's environment, not of one that only reads formats.
        import zstandard
    except ModuleNotFoundError as error:
        raise CompressionError("compression 'zstd' needs the package zstandard") from error
    try:
        return _zstd(io.BytesIO(data)).read(limit)
    except zstandard.ZstdError as error:
        raise CompressionError(f"not zstd data: {error}") from error


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    import zstandard

    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(stream))
