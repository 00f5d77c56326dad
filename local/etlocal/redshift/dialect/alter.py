"""ALTER TABLE and its actions.

Source: Amazon Redshift Database Developer Guide, "ALTER TABLE" and "ALTER TABLE APPEND".
"""

from __future__ import annotations

from etlocal.redshift.dialect import grammar, tables
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.rights import principal
from etlocal.redshift.dialect.statements import AlterTable, AppendTable, Column, Name, Statement
from etlocal.redshift.dialect.types import from_tree
from etlocal.redshift.errors import FeatureNotSupportedError


def alter(reader: Reader) -> Statement:
    """Parse an ALTER statement.

    Raises
    ------
    SqlError
        If it is not Redshift's syntax, or alters what is not supported.
    """
    reader.expect("ALTER")
    found = principal(reader, "ALTER")
    if found is not None:
        return found
    if not reader.accept("TABLE"):
        raise FeatureNotSupportedError(f"the statement ALTER {reader.word()}")
    name = Name.of(reader.qualified())
    statement = _action(reader, name)
    reader.end()
    return statement


def _action(reader: Reader, name: Name) -> Statement:
    if reader.accept("APPEND", "FROM"):
        return _append(reader, name)
    if reader.accept("RENAME"):
        return _rename(reader, name)
    if reader.accept("ADD"):
        return _add(reader, name)
    if reader.accept("DROP"):
        return _drop(reader, name)
    if reader.accept("ALTER"):
        return _change(reader, name)
    if reader.accept("OWNER", "TO"):
        return AlterTable(name, "owner to", target=reader.identifier())
    if reader.accept("SET", "SCHEMA"):
        return AlterTable(name, "set schema", target=reader.identifier())
    raise reader.error()


def _append(reader: Reader, target: Name) -> Statement:
    source = Name.of(reader.qualified())
    option = reader.accept_any("IGNOREEXTRA", "FILLTARGET")
    return AppendTable(target, source, option == "IGNOREEXTRA", option == "FILLTARGET")


def _rename(reader: Reader, name: Name) -> Statement:
    if reader.accept("TO"):
        return AlterTable(name, "rename to", target=reader.identifier())
    reader.accept("COLUMN")
    column = reader.identifier()
    reader.expect("TO")
    return AlterTable(name, "rename column", column=column, target=reader.identifier())


def _add(reader: Reader, name: Name) -> Statement:
    if reader.word() in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"):
        return AlterTable(name, "add constraint", target=reader.rest())
    reader.accept("COLUMN")
    definition, _ = tables.column_definition(reader)
    return AlterTable(name, "add column", definition=definition)


def _drop(reader: Reader, name: Name) -> Statement:
    if reader.accept("CONSTRAINT"):
        target = reader.identifier()
        reader.accept_any("CASCADE", "RESTRICT")
        return AlterTable(name, "drop constraint", target=target)
    reader.accept("COLUMN")
    column = reader.identifier()
    reader.accept_any("CASCADE", "RESTRICT")
    return AlterTable(name, "drop column", column=column)


def _change(reader: Reader, name: Name) -> Statement:
    if reader.accept("DISTSTYLE"):
        style = reader.accept_any("ALL", "EVEN", "AUTO", "KEY")
        if style is None:
            raise reader.error()
        if style == "KEY":
            reader.expect("DISTKEY")
            return AlterTable(name, "alter distkey", column=reader.identifier())
        return AlterTable(name, "alter diststyle", target=style)
    if reader.accept("DISTKEY"):
        return AlterTable(name, "alter distkey", column=reader.identifier())
    if reader.word() in ("SORTKEY", "COMPOUND"):
        reader.accept("COMPOUND")
        reader.expect("SORTKEY")
        if word := reader.accept_any("AUTO", "NONE"):
            return AlterTable(name, "alter sortkey", target=word)
        return AlterTable(name, "alter sortkey", target="COMPOUND", names=reader.names())
    if reader.accept("ENCODE", "AUTO"):
        return AlterTable(name, "alter encode", target="auto")
    reader.accept("COLUMN")
    column = reader.identifier()
    if reader.accept("TYPE"):
        kind = from_tree(grammar.parse_type(reader.rest()))
        return AlterTable(name, "alter type", column=column, definition=Column(column, kind))
    if reader.accept("ENCODE"):
        return AlterTable(name, "alter encode", column=column, target=tables.encoding(reader))
    raise reader.error()
