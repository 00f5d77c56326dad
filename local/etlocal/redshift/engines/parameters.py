"""SET, RESET and SHOW, which mean the same on every engine.

Source: Amazon Redshift Database Developer Guide, "SET", "RESET", "SHOW" and "Modifying the server
configuration".
"""

from __future__ import annotations

from typing import Protocol

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.engines.base import Result, ResultColumn
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

# What a session may set without a difference here: results do not depend on it.
_HARMLESS = {
    "statement_timeout": "0",
    "query_group": "default",
    "application_name": "",
    "client_encoding": "UTF8",
    "extra_float_digits": "0",
    "wlm_query_slot_count": "1",
    "enable_result_cache_for_session": "on",
    "autocommit": "on",
    "analyze_threshold_percent": "10",
    "json_serialization_enable": "off",
    "enable_vacuum_boost": "off",
    "max_cursor_result_set_size": "0",
    "describe_field_name_in_uppercase": "off",
}
_FIXED = {
    "enable_case_sensitive_identifier": "off",
    "datestyle": "ISO, MDY",
    "server_version": "8.0.2",
    "transaction_isolation": "serializable",
    "standard_conforming_strings": "off",
}
# What else a fixed parameter may be set to: other spellings of its value, and levels of isolation,
# which Redshift takes and treats as serializable. Nothing is refused in a READ ONLY transaction.
_ALSO = {
    "enable_case_sensitive_identifier": ("false",),
    "standard_conforming_strings": ("false",),
    "datestyle": ("iso", "iso,mdy", "mdy"),
    "transaction_isolation": (
        "read only",
        "read write",
        *(
            prefix + level
            for prefix in ("", "isolation level ")
            for level in ("serializable", "repeatable read", "read committed", "read uncommitted")
        ),
    ),
}


class Settable(Protocol):
    """What of a session can be set.

    Attributes
    ----------
    search_path : tuple of str
        The schemas in which a name without one is looked for.
    settings : dict
        What SET has set.
    """

    search_path: tuple[str, ...]
    settings: dict[str, str]

    def schemas(self) -> list[str]:
        """List the schemas."""

    def use(self) -> None:
        """Bring the engine's search path to the session's."""

    def set_timezone(self, name: str) -> None:
        """Show moments in another time zone."""


def setting(session: Settable, statement: statements.Setting) -> Result:
    """Carry out SET, RESET or SHOW.

    Raises
    ------
    SqlError
        If there is no such parameter.
    FeatureNotSupportedError
        If the parameter would change results and is not supported.
    """
    name = statement.name.lower()
    if statement.action == "show":
        value = _current(session, name)
        return Result([ResultColumn(name, types.VARCHAR)], iter([[(value,)]]))
    value = _default(name) if statement.action == "reset" else _value(statement.value)
    if name == "search_path":
        _search_path(session, value if statement.action == "reset" else statement.value)
    elif name == "timezone":
        session.set_timezone(value)
        session.settings[name] = value
    elif name in _HARMLESS:
        session.settings[name] = value
    elif name in _FIXED:
        if value.lower() not in (_FIXED[name].lower(), *_ALSO.get(name, ())):
            raise FeatureNotSupportedError(f"SET {name} TO {value}")
    else:
        raise SqlError(f'unrecognized configuration parameter "{name}"', sqlstate="42704")
    return Result()


def _value(text: str) -> str:
    text = text.strip()
    if text[:1] == "'" and text[-1:] == "'":
        return Reader(text).string()
    return text


def _default(name: str) -> str:
    if name == "search_path":
        return "public"
    return "UTC" if name == "timezone" else _HARMLESS.get(name, _FIXED.get(name, ""))


def _current(session: Settable, name: str) -> str:
    if name == "search_path":
        return '"$user", ' + ", ".join(session.search_path)
    if name in session.settings:
        return session.settings[name]
    if name == "timezone" or name in _HARMLESS or name in _FIXED:
        return _default(name)
    raise SqlError(f'unrecognized configuration parameter "{name}"', sqlstate="42704")


def _search_path(session: Settable, text: str) -> None:
    wanted = [part.strip().strip("'\"").lower() for part in text.split(",")]
    known = session.schemas()
    session.search_path = tuple(
        name for name in wanted if name not in ("$user", "pg_catalog") and name in known
    )
    session.use()
