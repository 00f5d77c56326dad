"""COPY and UNLOAD, parsed by hand: their options come in any order.

Source: Amazon Redshift Database Developer Guide, "COPY" and "UNLOAD".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from etlocal.redshift.dialect import grammar
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.statements import Copy, Name, Unload
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError
from etlocal.redshift.transfer.options import CopyOptions, UnloadOptions

_Values = dict[str, Any]
_COMPRESSION = {"GZIP": "gzip", "BZIP2": "bzip2", "ZSTD": "zstd"}
_FLAGS = (
    "EMPTYASNULL", "BLANKSASNULL", "ACCEPTANYDATE", "TRUNCATECOLUMNS", "TRIMBLANKS", "FILLRECORD",
    "IGNOREBLANKLINES", "ESCAPE", "REMOVEQUOTES", "EXPLICIT_IDS", "ROUNDEC", "MANIFEST", "NOLOAD",
)  # fmt: skip
_MAX_MAXERROR = 100_000


def parse_copy(reader: Reader) -> Copy:
    """Parse a COPY statement.

    Raises
    ------
    SqlError
        If an option is unknown, contradicts another, or is not supported.
    """
    reader.expect("COPY")
    table = Name.of(reader.qualified())
    columns = reader.names() if reader.at("(") else ()
    reader.expect("FROM")
    source = reader.string()
    if not source.startswith("s3://"):
        raise FeatureNotSupportedError(f"COPY from {source.split('://')[0]}")
    values: _Values = {}
    while not reader.done:
        _copy_option(reader, values)
    return Copy(table, columns, source, _checked_copy(values))


def _copy_option(reader: Reader, values: _Values) -> None:
    for word in _FLAGS:
        if reader.accept(word):
            values[word.lower()] = True
            return
    if codec := reader.accept_any(*_COMPRESSION):
        values["compression"] = _COMPRESSION[codec]
        return
    if _access(reader, values) or _copy_format(reader, values):
        return
    for option, read in _COPY_VALUES.items():
        if reader.accept(option):
            reader.accept("AS")
            read(reader, values)
            return
    if unsupported := reader.accept_any(
        "SSH", "LZOP", "READRATIO", "SHAPEFILE", "FIXEDWIDTH", "ORC"
    ):
        raise FeatureNotSupportedError(f"COPY with {unsupported}")
    raise reader.error()


def _access(reader: Reader, values: _Values) -> bool:
    if reader.accept("IAM_ROLE"):
        reader.accept("AS")
        values["role"] = "default" if reader.accept("DEFAULT") else reader.string()
        return True
    if reader.accept("WITH"):
        return reader.at("CREDENTIALS") and _access(reader, values)
    if reader.accept("CREDENTIALS"):
        reader.accept("AS")
        values["role"] = _credentials(reader.string())
        return True
    for word in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        if reader.accept(word):
            reader.accept("AS")
            reader.string()
            values.setdefault("role", None)
            return True
    if reader.accept("REGION"):
        reader.accept("AS")
        values["region"] = reader.string()
        return True
    return False


def _credentials(text: str) -> str | None:
    pairs = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if "aws_iam_role" in pairs:
        return pairs["aws_iam_role"]
    if "aws_access_key_id" in pairs and "aws_secret_access_key" in pairs:
        return None
    raise SqlError(
        "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or "
        "'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'"
    )


def _copy_format(reader: Reader, values: _Values) -> bool:
    explicit = reader.accept("FORMAT")
    if explicit:
        reader.accept("AS")
    word = reader.accept_any("CSV", "JSON", "PARQUET", "AVRO", "ORC", "DELIMITED")
    if word is None:
        if explicit:
            raise reader.error()
        return False
    if word == "ORC":
        raise FeatureNotSupportedError("COPY with FORMAT ORC")
    values["format"] = word.lower()
    if word == "CSV" and reader.accept("QUOTE"):
        reader.accept("AS")
        values["quote"] = _one_character(reader, "quote")
    if word in ("JSON", "AVRO"):
        reader.accept("AS")
        values["json"] = reader.accept_string() or "auto"
        if word == "AVRO" and values["json"] != "auto":
            raise FeatureNotSupportedError(f"COPY with FORMAT AVRO '{values['json']}'")
    return True


def _one_character(reader: Reader, option: str) -> str:
    text = reader.string()
    if len(text.encode()) != 1:
        raise SqlError(f"COPY {option} must be a single one-byte character", sqlstate="22023")
    return text


def _delimiter(reader: Reader, values: _Values) -> None:
    text = reader.string()
    if text.startswith("\\") and len(text) == 4 and text[1:].isdecimal():
        text = chr(int(text[1:], 8))
    if not text or len(text.encode()) > 1:
        raise FeatureNotSupportedError(f"the delimiter {text!r} (not one character)")
    values["delimiter"] = text


def _maxerror(reader: Reader, values: _Values) -> None:
    values["maxerror"] = reader.integer()
    if not 0 <= values["maxerror"] <= _MAX_MAXERROR:
        raise SqlError(f"MAXERROR must be between 0 and {_MAX_MAXERROR}", sqlstate="22023")


def _ignoreheader(reader: Reader, values: _Values) -> None:
    values["ignoreheader"] = reader.integer()


def _acceptinvchars(reader: Reader, values: _Values) -> None:
    values["acceptinvchars"] = reader.accept_string() or "?"
    if len(values["acceptinvchars"].encode()) != 1:
        raise SqlError("ACCEPTINVCHARS must be a single one-byte character", sqlstate="22023")


def _encoding(reader: Reader, values: _Values) -> None:
    name = reader.accept_string() or reader.identifier()
    values["encoding"] = name.lower().replace("-", "")
    if values["encoding"] not in ("utf8", "utf16", "utf16le", "utf16be", "iso88591"):
        raise SqlError(f"invalid encoding: {name}", sqlstate="22023")


def _ignored_switch(reader: Reader, _values: _Values) -> None:
    """COMPUPDATE and STATUPDATE steer compression and statistics, which the engine keeps itself."""
    reader.accept_any("ON", "OFF", "TRUE", "FALSE", "PRESET")


def _null(reader: Reader, values: _Values) -> None:
    text = reader.string()
    values["null_as"] = "\0" if text in ("\\0", "\\000") else text


def _string_of(option: str) -> Callable[[Reader, _Values], None]:
    def read(reader: Reader, values: _Values) -> None:
        values[option] = reader.string()

    return read


_COPY_VALUES: dict[str, Callable[[Reader, _Values], None]] = {
    "DELIMITER": _delimiter,
    "IGNOREHEADER": _ignoreheader,
    "NULL": _null,
    "DATEFORMAT": _string_of("dateformat"),
    "TIMEFORMAT": _string_of("timeformat"),
    "ACCEPTINVCHARS": _acceptinvchars,
    "MAXERROR": _maxerror,
    "ENCODING": _encoding,
    "COMPUPDATE": _ignored_switch,
    "STATUPDATE": _ignored_switch,
}


def _checked_copy(values: _Values) -> CopyOptions:
    if "role" not in values:
        raise SqlError(
            "must specify an access method: IAM_ROLE, CREDENTIALS, or ACCESS_KEY_ID with "
            "SECRET_ACCESS_KEY",
            sqlstate="42601",
        )
    form = values.get("format", "text")
    if form == "delimited":
        values["format"] = form = "text"
    if form == "csv":
        values.setdefault("delimiter", ",")
        for option in ("escape", "removequotes"):
            if option in values:
                raise SqlError(f"CSV is not compatible with {option.upper()}", sqlstate="0A000")
    elif form in ("parquet", "avro"):
        allowed = {"format", "role", "region", "manifest", "json", "noload", "fillrecord"}
        if form == "avro":
            allowed |= {"maxerror", "truncatecolumns", "compression", "explicit_ids",
                        "acceptinvchars", "acceptanydate"}  # fmt: skip
        for option in values:
            if option not in allowed:
                raise SqlError(
                    f"{option.upper()} argument is not supported for {form.upper()} based COPY",
                    sqlstate="0A000",
                )
    return CopyOptions(**values)


def parse_unload(reader: Reader) -> Unload:
    """Parse an UNLOAD statement.

    Raises
    ------
    SqlError
        If an option is unknown, contradicts another, or is not supported.
    """
    reader.expect("UNLOAD", "(")
    query = grammar.parse(reader.string())
    if not isinstance(query, exp.Query):
        raise SqlError("UNLOAD takes a SELECT query", sqlstate="42601")
    limit = query.args.get("limit")
    if limit is not None:
        raise SqlError(
            "Limit clause is not supported", sqlstate="0A000",
            detail="UNLOAD's outer SELECT can't have a LIMIT: put it into a nested query.",
        )  # fmt: skip
    reader.expect(")", "TO")
    target = reader.string()
    if not target.startswith("s3://"):
        raise SqlError(f"UNLOAD destination is not supported. (Hint: only S3): {target}")
    values: _Values = {}
    while not reader.done:
        _unload_option(reader, values)
    return Unload(query, target, _checked_unload(values))


def _unload_option(reader: Reader, values: _Values) -> None:
    if _access(reader, values):
        return
    if reader.accept("FORMAT"):
        reader.accept("AS")
        word = reader.accept_any("CSV", "PARQUET", "JSON", "TEXT")
        if word is None:
            raise reader.error()
        values["format"] = word.lower()
    elif word := reader.accept_any("CSV", "PARQUET", "JSON"):
        values["format"] = word.lower()
    elif word := reader.accept_any("HEADER", "ADDQUOTES", "ESCAPE", "ALLOWOVERWRITE", "CLEANPATH"):
        values[word.lower()] = True
    elif codec := reader.accept_any(*_COMPRESSION):
        values["compression"] = _COMPRESSION[codec]
    elif reader.accept("MANIFEST"):
        values["manifest"] = True
        values["verbose"] = reader.accept("VERBOSE")
    elif reader.accept("DELIMITER"):
        reader.accept("AS")
        _delimiter(reader, values)
    elif reader.accept("NULL"):
        reader.accept("AS")
        values["null_as"] = reader.string()
    elif reader.accept("PARALLEL"):
        values["parallel"] = reader.accept_any("OFF", "FALSE") is None
        reader.accept_any("ON", "TRUE")
    elif reader.accept("MAXFILESIZE"):
        reader.accept("AS")
        values["maxfilesize"] = _size(reader)
    elif reader.accept("PARTITION", "BY"):
        values["partition_by"] = reader.names()
        values["include"] = reader.accept("INCLUDE")
    elif word := reader.accept_any("ENCRYPTED", "KMS_KEY_ID", "FIXEDWIDTH", "ROWGROUPSIZE",
                                   "EXTENSION"):  # fmt: skip
        raise FeatureNotSupportedError(f"UNLOAD with {word}")
    else:
        raise reader.error()


def _size(reader: Reader) -> int:
    amount = float(reader.next().text)
    unit = reader.accept_any("MB", "GB") or "MB"
    size = int(amount * 1024 ** (2 if unit == "MB" else 3))
    if not 5 * 1024**2 <= size <= 6.2 * 1024**3:
        raise SqlError("MAXFILESIZE must be between 5 MB and 6.2 GB", sqlstate="22023")
    return size


def _checked_unload(values: _Values) -> UnloadOptions:
    if "role" not in values:
        raise SqlError(
            "must specify an access method: IAM_ROLE, CREDENTIALS, or ACCESS_KEY_ID with "
            "SECRET_ACCESS_KEY",
            sqlstate="42601",
        )
    form = values.get("format", "text")
    if form == "csv":
        values.setdefault("delimiter", ",")
    forbidden = {
        "csv": ("escape", "addquotes"),
        "parquet": ("delimiter", "addquotes", "escape", "null_as", "header", "compression"),
        "json": ("delimiter", "addquotes", "escape", "null_as", "header"),
    }.get(form, ())
    for option in forbidden:
        if option in values:
            name = values[option] if option == "compression" else option
            raise SqlError(
                f"{name.upper()} argument is not supported for UNLOAD to {form.upper()}",
                sqlstate="0A000",
            )
    if values.get("allowoverwrite") and values.get("cleanpath"):
        raise SqlError("CLEANPATH and ALLOWOVERWRITE can not both be specified", sqlstate="42601")
    return UnloadOptions(**values)
