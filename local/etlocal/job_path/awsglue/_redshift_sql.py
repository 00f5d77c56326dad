"""The statements that move a frame into Redshift and a table out of it. Pure.

Amazon Redshift Database Developer Guide: "COPY", "UNLOAD", "CREATE TABLE".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Stands for NULL in the files, so that an empty string stays one.
NULL = "@NULL@"
_TRANSACTION = re.compile(
    r"(begin|start\s+transaction|commit|end)(\s+(work|transaction))?", re.IGNORECASE
)
_PART = r'"(?:[^"]|"")+"|[^".]+'
_NAME = re.compile(rf"(?:{_PART})(?:\.(?:{_PART})){{0,2}}")
_TYPES = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "smallint": "SMALLINT",
    "tinyint": "SMALLINT",
    "double": "DOUBLE PRECISION",
    "float": "REAL",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
    "string": "VARCHAR(65535)",
    "void": "VARCHAR(65535)",
}


def identifier(name: str) -> str:
    """Return a name as a quoted identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def text(value: str) -> str:
    """Return a text as an SQL literal."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def table_name(name: str) -> str:
    """Return `table`, `schema.table` or `database.schema.table` quoted; the schema is `public`.

    Raises
    ------
    ValueError
        When the name has an empty part, more than three, or a stray quote.
    """
    if not _NAME.fullmatch(name.strip()):
        raise ValueError(f"{name!r} is not the name of a table, schema.table")
    parts = re.findall(_PART, name.strip())
    plain = [p[1:-1].replace('""', '"') if p.startswith('"') else p.strip() for p in parts]
    if len(plain) == 1:
        plain.insert(0, "public")
    return ".".join(identifier(part) for part in plain)


def column_type(name: str, kind: str) -> str:
    """Return the Redshift type for a column of a Spark type, given by its simple name.

    Raises
    ------
    ValueError
        When Redshift has no column for it.
    """
    if kind.startswith("decimal"):
        return kind.upper()
    if kind not in _TYPES:
        raise ValueError(
            f"The field {name!r} is of type {kind}, which cannot be loaded into Redshift: "
            "cast it, or flatten it with relationalize"
        )
    return _TYPES[kind]


def create(table: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return the statement that makes the table when it is absent."""
    body = ", ".join(f"{identifier(name)} {column_type(name, kind)}" for name, kind in columns)
    return f"CREATE TABLE IF NOT EXISTS {table} ({body})"


def role(arn: str) -> str:
    """Return the clause that says as whom Redshift reads and writes S3."""
    return f"IAM_ROLE {text(arn)}" if arn else "IAM_ROLE DEFAULT"


def copy(table: str, columns: Sequence[str], prefix: str, arn: str, form: str, extra: str) -> str:
    """Return the COPY of the files under a prefix; `form` is CSV, CSV GZIP or PARQUET."""
    names = ", ".join(identifier(name) for name in columns)
    parts = [f"COPY {table} ({names}) FROM {text(prefix)}", role(arn)]
    if form == "PARQUET":
        parts.append("FORMAT AS PARQUET")
    else:
        parts.append(f"FORMAT AS CSV NULL AS {text(NULL)} DATEFORMAT 'auto' TIMEFORMAT 'auto'")
        if form == "CSV GZIP":
            parts.append("GZIP")
    if extra.strip():
        parts.append(extra.strip())
    return " ".join(parts)


def unload(query: str, prefix: str, arn: str) -> str:
    """Return the UNLOAD of a query's rows as Parquet files under a prefix."""
    return f"UNLOAD ({text(query)}) TO {text(prefix)} {role(arn)} FORMAT AS PARQUET"


def actions(script: str) -> list[str]:
    """Return the statements of preactions or postactions.

    BEGIN and END are left out: everything runs in one transaction already.
    """
    return [s for s in split(script) if not _TRANSACTION.fullmatch(s)]


_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*'            # a text
    | "(?:[^"]|"")*"            # an identifier
    | (\$\w*\$).*?\1            # a body between dollars
    | --[^\n]*                  # a comment
    | /\*.*?\*/                 # a comment over lines
    | ;
    """,
    re.VERBOSE | re.DOTALL,
)


def split(script: str) -> list[str]:
    """Split a script at its semicolons, those in texts and comments excepted."""
    statements, start = [], 0
    for token in _TOKEN.finditer(script):
        if token.group() == ";":
            statements.append(script[start : token.start()])
            start = token.end()
    statements.append(script[start:])
    return [s.strip() for s in statements if _code(s)]


def _code(statement: str) -> bool:
    def kept(match: re.Match[str]) -> str:
        return "" if match.group().startswith(("--", "/*")) else match.group()

    return bool(_TOKEN.sub(kept, statement).strip())


def result_type(metadata: dict[str, Any]) -> str:
    """Return the catalog's type for a result column that the Data API describes."""
    name = str(metadata.get("typeName", "varchar")).lower()
    if name in ("numeric", "decimal"):
        return f"decimal({metadata.get('precision', 38)},{metadata.get('scale', 0)})"
    return {
        "int2": "smallint",
        "smallint": "smallint",
        "int4": "int",
        "integer": "int",
        "int8": "bigint",
        "bigint": "bigint",
        "float4": "float",
        "real": "float",
        "float8": "double",
        "double precision": "double",
        "bool": "boolean",
        "boolean": "boolean",
        "date": "date",
        "timestamp": "timestamp",
        "timestamptz": "timestamp",
    }.get(name, "string")
