"""GRANT, REVOKE, and statements about users, groups and roles.

They are checked and kept (the system view ``pg_etlocal_rights`` shows them); nothing is refused
for want of a right: every statement runs with all rights.

Source: Amazon Redshift Database Developer Guide, "GRANT", "REVOKE", "CREATE USER".
"""

from __future__ import annotations

from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.statements import Name, Right

_PRINCIPALS = ("USER", "GROUP", "ROLE")


def right(reader: Reader) -> Right:
    """Parse GRANT or REVOKE.

    Raises
    ------
    SqlSyntaxError
        If it has no receiver.
    """
    action = reader.next().text.upper()
    reader.until("ON", "TO", "FROM")
    names: list[Name] = []
    kind = ""
    if reader.accept("ON"):
        kind = reader.accept_any("TABLE", "SCHEMA", "DATABASE", "LANGUAGE", "FUNCTION") or "TABLE"
        if reader.accept("ALL", "TABLES", "IN", "SCHEMA"):
            kind = "SCHEMA"
        if kind == "FUNCTION":
            reader.until("TO", "FROM")
        else:
            names.append(Name.of(reader.qualified()))
            while reader.accept(","):
                names.append(Name.of(reader.qualified()))
    if not (reader.accept("TO") or reader.accept("FROM")):
        raise reader.error()
    reader.accept_any(*_PRINCIPALS)
    reader.identifier()
    reader.rest()
    return Right(action, kind, tuple(names), reader.text)


def principal(reader: Reader, action: str) -> Right | None:
    """Parse what follows CREATE, ALTER or DROP if it is about a user, group, role or default."""
    if action == "ALTER" and reader.at("DEFAULT", "PRIVILEGES"):
        return Right("ALTER DEFAULT PRIVILEGES", "", (), reader.text)
    kind = reader.accept_any(*_PRINCIPALS)
    if kind is None:
        return None
    reader.accept("IF", "EXISTS")
    name = Name(reader.identifier())
    # What follows may hold a password, which is not kept.
    return Right(f"{action} {kind}", kind, (name,), f"{action} {kind} {name}")
