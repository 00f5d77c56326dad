"""CREATE TABLE: columns with Redshift's attributes, and the table's own.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE" and "CREATE TABLE AS".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from etlocal.redshift.dialect import grammar
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.statements import Column, CreateTable, CreateTableAs, Name, Table
from etlocal.redshift.dialect.types import SqlType, from_tree
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_COLUMN_WORDS = (
    "DEFAULT", "IDENTITY", "GENERATED", "ENCODE", "DISTKEY", "SORTKEY", "COLLATE", "NOT", "NULL",
    "UNIQUE", "PRIMARY", "REFERENCES", ",", ")",
)  # fmt: skip
_ENCODINGS = (
    "auto", "raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16",
    "mostly32", "runlength", "text255", "text32k", "zstd",
)  # fmt: skip
_UNSORTED = ("bool", "float4", "float8", "date", "timestamp", "timestamptz")


@dataclass
class _Parts:
    columns: list[Column] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    like: Name | None = None
    like_defaults: bool = False


@dataclass
class _Attributes:
    diststyle: str | None = None
    distkey: str | None = None
    sortstyle: str = "AUTO"
    sortkeys: tuple[str, ...] = ()
    backup: bool = True


def create_table(reader: Reader) -> CreateTable | CreateTableAs:
    """Parse what follows ``CREATE``, from ``[TEMP] TABLE`` on.

    Raises
    ------
    SqlError
        If it is not Redshift's syntax.
    """
    reader.accept("LOCAL")
    temporary = reader.accept_any("TEMP", "TEMPORARY") is not None
    reader.expect("TABLE")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = Name.of(reader.qualified())
    temporary = temporary or name.relation.startswith("#")
    if temporary and name.schema:
        raise SqlError("cannot create temporary relation in non-temporary schema", sqlstate="42P16")
    names: tuple[str, ...] = ()
    parts = _Parts()
    if reader.at("("):
        if _is_names_only(reader):
            names = reader.names()
        else:
            parts = _elements(reader)
    attributes = _attributes(reader)
    if reader.accept("AS"):
        query = grammar.parse(reader.rest())
        table = _table(name, parts, attributes, temporary=temporary, check=False)
        return CreateTableAs(
            table, query, names, if_not_exists, attributes.distkey, attributes.sortkeys
        )
    reader.end()
    if names:
        raise reader.error()
    table = _table(name, parts, attributes, temporary=temporary, check=parts.like is None)
    return CreateTable(table, if_not_exists, parts.like, parts.like_defaults)


def column_definition(reader: Reader) -> tuple[Column, list[str]]:
    """Parse ``name type [attributes]``; gives the column and its keys as constraints."""
    name = reader.identifier()
    kind = from_tree(grammar.parse_type(reader.until(*_COLUMN_WORDS)))
    column = Column(name, kind, encoding=default_encoding(kind))
    constraints: list[str] = []
    while not reader.done and not reader.at(",") and not reader.at(")"):
        column = _attribute(reader, column, constraints)
    return column, constraints


def default_encoding(kind: SqlType) -> str:
    """Give the compression that Redshift chooses for a new column of this type."""
    if kind.is_integer or kind.name in ("numeric", "date", "timestamp", "timestamptz"):
        return "az64"
    return "none" if kind.name in _UNSORTED else "lzo"


def encoding(reader: Reader) -> str:
    """Read the name of a compression encoding."""
    name = reader.identifier()
    if name not in _ENCODINGS:
        raise SqlError(f'invalid encoding type specified: "{name}"', sqlstate="42601")
    return "none" if name == "raw" else name


def _attribute(reader: Reader, column: Column, constraints: list[str]) -> Column:
    if reader.accept("NOT", "NULL"):
        return replace(column, nullable=False)
    if reader.accept("NULL"):
        return replace(column, nullable=True)
    if reader.accept("DEFAULT"):
        text = reader.until(*_COLUMN_WORDS[1:])
        grammar.parse_expression(text)
        return replace(column, default=text)
    if reader.accept("IDENTITY"):
        return _identity(reader, column, by_default=False)
    if reader.accept("GENERATED", "BY", "DEFAULT", "AS", "IDENTITY"):
        return _identity(reader, column, by_default=True)
    if reader.accept("ENCODE"):
        return replace(column, encoding=encoding(reader))
    if reader.accept("DISTKEY"):
        return replace(column, distkey=True)
    if reader.accept("SORTKEY"):
        return replace(column, sortkey=1)
    if reader.accept("COLLATE"):
        if reader.accept_any("CASE_SENSITIVE", "CS"):
            return column
        raise FeatureNotSupportedError("COLLATE CASE_INSENSITIVE")
    if reader.accept("UNIQUE"):
        constraints.append(f"UNIQUE ({column.name})")
        return column
    if reader.accept("PRIMARY", "KEY"):
        constraints.append(f"PRIMARY KEY ({column.name})")
        return replace(column, nullable=False)
    if reader.accept("REFERENCES"):
        constraints.append(f"FOREIGN KEY ({column.name}) REFERENCES {_references(reader)}")
        return column
    raise reader.error()


def _identity(reader: Reader, column: Column, *, by_default: bool) -> Column:
    if column.type.name not in ("int4", "int8"):
        raise SqlError(
            f'identity column "{column.name}" must be of type INT or BIGINT', sqlstate="42611"
        )
    reader.expect("(")
    seed = reader.integer()
    reader.expect(",")
    step = reader.integer()
    reader.expect(")")
    if step == 0:
        raise SqlError("identity column step must not be zero", sqlstate="22023")
    return replace(column, identity=(seed, step), identity_by_default=by_default, nullable=False)


def _references(reader: Reader) -> str:
    target = ".".join(reader.qualified())
    return f"{target}({', '.join(reader.names())})" if reader.at("(") else target


def _is_names_only(reader: Reader) -> bool:
    """Whether the parentheses hold names without types (CREATE TABLE x (a, b) AS …)."""
    return reader.word(2) in (",", ")")


def _elements(reader: Reader) -> _Parts:
    parts = _Parts()
    reader.expect("(")
    while True:
        _element(reader, parts)
        if not reader.accept(","):
            break
    reader.expect(")")
    return parts


def _element(reader: Reader, parts: _Parts) -> None:
    if reader.accept("LIKE"):
        parts.like = Name.of(reader.qualified())
        if word := reader.accept_any("INCLUDING", "EXCLUDING"):
            reader.expect("DEFAULTS")
            parts.like_defaults = word == "INCLUDING"
        return
    if reader.accept("CONSTRAINT"):
        reader.identifier()
    if reader.accept("UNIQUE"):
        parts.constraints.append(f"UNIQUE ({', '.join(reader.names())})")
    elif reader.accept("PRIMARY", "KEY"):
        parts.primary.extend(reader.names())
        parts.constraints.append(f"PRIMARY KEY ({', '.join(parts.primary)})")
    elif reader.accept("FOREIGN", "KEY"):
        keys = ", ".join(reader.names())
        reader.expect("REFERENCES")
        parts.constraints.append(f"FOREIGN KEY ({keys}) REFERENCES {_references(reader)}")
    else:
        column, constraints = column_definition(reader)
        parts.columns.append(column)
        parts.constraints.extend(constraints)


def _attributes(reader: Reader) -> _Attributes:
    found = _Attributes()
    while not reader.done and not reader.at("AS"):
        if reader.accept("BACKUP"):
            found.backup = reader.accept_any("YES", "NO") == "YES"
        elif reader.accept("DISTSTYLE"):
            found.diststyle = reader.accept_any("AUTO", "EVEN", "KEY", "ALL")
            if found.diststyle is None:
                raise reader.error()
        elif reader.accept("DISTKEY"):
            (found.distkey,) = reader.names()
        elif reader.at("SORTKEY") or reader.at("COMPOUND") or reader.at("INTERLEAVED"):
            _sortkey(reader, found)
        elif reader.accept("ENCODE", "AUTO"):
            continue
        else:
            raise reader.error()
    return found


def _sortkey(reader: Reader, found: _Attributes) -> None:
    style = reader.accept_any("COMPOUND", "INTERLEAVED") or "COMPOUND"
    reader.expect("SORTKEY")
    if reader.accept("AUTO"):
        return
    found.sortstyle = style
    found.sortkeys = reader.names()


def _table(name: Name, parts: _Parts, found: _Attributes, *, temporary: bool, check: bool) -> Table:
    columns = []
    for column in parts.columns:
        place = found.sortkeys.index(column.name) + 1 if column.name in found.sortkeys else 0
        columns.append(
            replace(
                column,
                distkey=column.distkey or column.name == found.distkey,
                sortkey=place or column.sortkey,
                nullable=column.nullable and column.name not in parts.primary,
            )
        )
    names = [column.name for column in columns]
    for column_name in names:
        if names.count(column_name) > 1:
            raise SqlError(f'column "{column_name}" specified more than once', sqlstate="42701")
    wanted = [*found.sortkeys, *parts.primary, *([found.distkey] if found.distkey else [])]
    for column_name in wanted if check else []:
        if column_name not in names:
            raise SqlError(f'column "{column_name}" named in key does not exist', sqlstate="42703")
    keys = [column.name for column in columns if column.distkey]
    if len(keys) > 1:
        raise SqlError("multiple DISTKEY columns are not supported", sqlstate="42601")
    has_sortkey = bool(found.sortkeys) or any(column.sortkey for column in columns)
    style = found.sortstyle if found.sortstyle != "AUTO" else "COMPOUND"
    diststyle = "KEY" if keys or found.distkey else found.diststyle or "AUTO"
    if found.diststyle == "KEY" and not (keys or found.distkey):
        raise SqlError("DISTSTYLE KEY requires a DISTKEY column", sqlstate="42601")
    return Table(
        name,
        tuple(columns),
        diststyle=diststyle,
        sortstyle=style if has_sortkey else "AUTO",
        backup=found.backup,
        temporary=temporary,
        constraints=tuple(parts.constraints),
    )
