"""COPY: which objects, their bytes as plain files, and the load.

Source: Amazon Redshift Database Developer Guide, "COPY", "Using a manifest to specify data files".
"""

from __future__ import annotations

import codecs
import io
import json
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from etlocal.formats.compression import CompressionError, decompress
from etlocal.redshift.dialect.statements import Copy, Table
from etlocal.redshift.engines.base import EngineSession, Load, LoadFile, LoadResult, Result
from etlocal.redshift.errors import LoadFailedError, SqlError, undefined_column
from etlocal.redshift.transfer import avro, canonical, json_lines, s3
from etlocal.redshift.transfer.context import Context
from etlocal.redshift.transfer.options import CopyOptions
from etlocal.redshift.transfer.zstd import ZstdReader

_CODECS = {
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "iso88591": "iso-8859-1",
}


def copy(session: EngineSession, statement: Copy, context: Context) -> Result:
    """Carry out COPY.

    Raises
    ------
    SqlError
        If the table, a column or the objects are not there, or S3 refuses.
    LoadFailedError
        If more lines are bad than MAXERROR allows; they are in ``stl_load_errors`` then.
    """
    options = statement.options
    table = session.table(statement.table)
    columns = _columns(table, statement)
    client = context.s3_client(options.role)
    with TemporaryDirectory(dir=context.scratch) as folder:
        paths = _json_paths(client, options, columns)
        load = Load(table, columns, [], options, paths)
        try:
            load = _prepared(load, _files(client, statement, Path(folder)))
            result = session.load(load) if load.files else LoadResult(0)
        except LoadFailedError as error:
            session.record_load_problems(load, error.problems, context.query)
            raise LoadFailedError(error.problems, table.name.relation) from error
        if result.problems:
            session.record_load_problems(load, result.problems, context.query)
    return Result(affected=result.rows)


def _prepared(load: Load, found: Iterator[LoadFile]) -> Load:
    """Write anew what the engine's readers would take otherwise than COPY does."""
    files = list(found)
    anew = canonical.needed(load.options, [file.path for file in files])
    if anew or load.options.format == "json":
        files = [_anew(load, file) for file in files]
    return replace(load, files=files, canonical=anew)


def _anew(load: Load, file: LoadFile) -> LoadFile:
    path = file.path.with_name(f"{file.path.name}.anew")
    columns = [column for name in load.columns if (column := load.table.column(name)) is not None]
    with file.path.open("rb") as source, path.open("wb") as target:
        if load.options.format == "json":
            json_lines.write(source, target, file.uri, arrays=load.json_paths is not None)
            return LoadFile(file.uri, path)
        canonical.write(source, target, load.options, columns)
    return LoadFile(file.uri, path, raw=file.path)


def _columns(table: Table, statement: Copy) -> tuple[str, ...]:
    explicit = statement.options.explicit_ids
    identities = {column.name for column in table.columns if column.identity is not None}
    if not statement.columns:
        return tuple(
            column.name for column in table.columns if explicit or column.name not in identities
        )
    for name in statement.columns:
        if table.column(name) is None:
            raise undefined_column(name, table.name.relation)
        if name in identities and not explicit:
            raise SqlError(
                f'cannot set an identity column to a value: "{name}" (use EXPLICIT_IDS)',
                sqlstate="428C9",
            )
    return statement.columns


def _files(client: Any, statement: Copy, scratch: Path) -> Iterator[LoadFile]:
    bucket, prefix = s3.split(statement.source)
    if statement.options.manifest:
        addresses = _manifest(client, bucket, prefix)
    else:
        found = s3.list_keys(client, bucket, prefix)
        if not found:
            raise SqlError(f"The specified S3 prefix '{prefix}' does not exist")
        addresses = [(bucket, item["Key"]) for item in found if item.get("Size", 1) > 0]
    for number, (where, key) in enumerate(addresses):
        path = scratch / f"copy-{number:06d}"
        _download(client, where, key, path, statement.options)
        if path.stat().st_size:
            yield LoadFile(f"s3://{where}/{key}", path)


def _manifest(client: Any, bucket: str, key: str) -> list[tuple[str, str]]:
    if not s3.list_keys(client, bucket, key):
        raise SqlError(f"The specified S3 prefix '{key}' does not exist")
    with s3.refusals():
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        entries = json.loads(body)["entries"]
        wanted = [(s3.split(entry["url"]), bool(entry.get("mandatory"))) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise SqlError(f"The manifest s3://{bucket}/{key} is not valid: {error}") from error
    addresses = []
    for (where, name), mandatory in wanted:
        if any(item["Key"] == name for item in s3.list_keys(client, where, name)):
            addresses.append((where, name))
        elif mandatory:
            raise SqlError(f"The specified S3 object 's3://{where}/{name}' does not exist")
    if not addresses:
        raise SqlError(f"The manifest s3://{bucket}/{key} names no object that exists")
    return addresses


def _download(client: Any, bucket: str, key: str, path: Path, options: CopyOptions) -> None:
    with s3.refusals(), _reading(client, bucket, key, options) as stream, path.open("wb") as file:
        if options.format == "avro":
            avro.to_json_lines(stream, file)
        else:
            shutil.copyfileobj(stream, file, 1024 * 1024)


@contextmanager
def _reading(client: Any, bucket: str, key: str, options: CopyOptions) -> Iterator[IO[bytes]]:
    body = client.get_object(Bucket=bucket, Key=key)["Body"]
    try:
        yield _recoded(_plain(body, options.compression), options)
    except UnicodeError as error:
        raise SqlError(
            f"s3://{bucket}/{key} is not in the encoding {options.encoding.upper()}: {error}",
            sqlstate="22021",
        ) from error
    except _corruptions() as error:
        raise SqlError(f"s3://{bucket}/{key} cannot be decompressed: {error}") from error
    finally:
        body.close()


def _plain(body: IO[bytes], compression: str) -> IO[bytes]:
    if compression == "zstd":
        return cast("IO[bytes]", io.BufferedReader(ZstdReader(body)))
    return decompress(body, compression)


def _corruptions() -> tuple[type[Exception], ...]:
    """List what reading a corrupt stream raises."""
    found = (OSError, EOFError, zlib.error, CompressionError)
    # It is imported with the first stream of its kind, and not before.
    zstandard = sys.modules.get("zstandard")
    return found if zstandard is None else (*found, zstandard.ZstdError)


def _recoded(stream: IO[bytes], options: CopyOptions) -> IO[bytes]:
    """Bring text to UTF-8; with ACCEPTINVCHARS each invalid byte becomes the character given."""
    codec = _CODECS.get(options.encoding)
    if options.acceptinvchars is None and codec is None:
        return stream
    if options.format in ("parquet", "avro"):
        return stream
    errors = "strict"
    if options.acceptinvchars is not None:
        errors = f"etlocal-{ord(options.acceptinvchars)}"
        codecs.register_error(errors, _Replacement(options.acceptinvchars))
    text = io.TextIOWrapper(stream, encoding=codec or "utf-8", errors=errors, newline="")
    return cast("IO[bytes]", _Encoded(text))


class _Replacement:
    """An error handler of a codec that puts one character for each invalid byte."""

    def __init__(self, character: str) -> None:
        self._character = character

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return self._character * (error.end - error.start), error.end


class _Encoded(io.RawIOBase):
    """Text as a stream of UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._rest = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        if not self._rest:
            self._rest = self._text.read(64 * 1024).encode()
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _json_paths(
    client: Any, options: CopyOptions, columns: tuple[str, ...]
) -> tuple[str, ...] | None:
    if options.format != "json" or not options.json.startswith("s3://"):
        if options.format == "json" and options.json not in ("auto", "auto ignorecase"):
            raise SqlError(f"JSON {options.json!r} is not supported by etlocal", sqlstate="0A000")
        return None
    bucket, key = s3.split(options.json)
    with s3.refusals():
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        paths = tuple(str(path) for path in json.loads(body)["jsonpaths"])
    except (ValueError, KeyError, TypeError) as error:
        raise SqlError(f"Invalid JSONPath format: {options.json}: {error}") from error
    if len(paths) != len(columns):
        raise SqlError(
            f"Number of jsonpaths and the number of columns should match. JSONPath size: "
            f"{len(paths)}, Number of columns in table or column list: {len(columns)}"
        )
    return tuple(path.replace("['", '."').replace("']", '"') for path in paths)
