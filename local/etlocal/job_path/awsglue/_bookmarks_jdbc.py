"""Which rows of a JDBC or Redshift source a run reads.

AWS Glue Developer Guide: "Tracking processed data using job bookmarks" (JDBC sources). Pure: keys
and their highest values come in, conditions and the next state go out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = int | str | Decimal | float | dt.datetime | dt.date


@dataclass(frozen=True)
class Keys:
    """A source's bookmark keys, which together form one compound key, and their order."""

    names: tuple[str, ...]
    descending: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Keys | None:
        """Read `jobBookmarkKeys` and `jobBookmarkKeysSortOrder`; None when no keys are named.

        Raises
        ------
        ValueError
            When the sort order is neither `asc` nor `desc`.
        """
        named = options.get("jobBookmarkKeys")
        if not named:
            return None
        names = (named,) if isinstance(named, str) else tuple(str(name) for name in named)
        # The developer guide spells the option both ways.
        order = options.get("jobBookmarkKeysSortOrder", options.get("jobBookmarksKeysSortOrder"))
        if str(order or "asc").lower() not in ("asc", "desc"):
            raise ValueError(f"jobBookmarkKeysSortOrder must be asc or desc, not {order!r}")
        return cls(names, str(order or "asc").lower() == "desc")


@dataclass(frozen=True)
class JdbcState:
    """The last compound key read: the greatest, or the least when descending."""

    keys: Keys
    last: tuple[Value, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the state as the bookmark service stores it."""
        return {
            "type": "jdbc",
            "keys": list(self.keys.names),
            "order": "desc" if self.keys.descending else "asc",
            "last": [_encode(value) for value in self.last],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None, keys: Keys) -> JdbcState | None:
        """Read a stored state; None when the source has read nothing by these keys.

        Raises
        ------
        ValueError
            When the state is of other keys or of another kind of source: reading on from it
            would skip or repeat rows.
        """
        if not value:
            return None
        if value.get("type") != "jdbc":
            raise ValueError(
                "The job bookmark of this transformation_ctx belongs to a "
                f"{value.get('type')!r} source, not to a JDBC one: give each source its own "
                "transformation_ctx or reset the bookmark"
            )
        stored = Keys(tuple(value["keys"]), value["order"] == "desc")
        if stored != keys:
            raise ValueError(
                f"The job bookmark was kept by keys {list(stored.names)} ({value['order']}), the "
                f"source now names {list(keys.names)}: reset the job bookmark to change keys"
            )
        return cls(stored, tuple(_decode(item) for item in value["last"]))


def literal(value: Value, backslash_escapes: bool = False) -> str:
    """Return a value as an SQL literal."""
    if isinstance(value, bool):
        raise TypeError("A boolean cannot be a job bookmark key")
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dt.datetime):
        return f"'{value.isoformat(sep=' ')}'"
    if isinstance(value, dt.date):
        return f"'{value.isoformat()}'"
    body = value.replace("\\", "\\\\") if backslash_escapes else value
    quoted = body.replace("'", "''")
    return f"'{quoted}'"


def condition(
    columns: Sequence[str],
    keys: Keys,
    after: Sequence[Value] | None,
    until: Sequence[Value] | None,
    backslash_escapes: bool = False,
) -> str:
    """Return the SQL condition of rows after one compound key, up to and including another.

    `columns` are the keys' names already quoted for the database. An empty text means every row.
    """
    parts = []
    if after is not None:
        operator = "<" if keys.descending else ">"
        parts.append(_compare(columns, operator, after, False, backslash_escapes))
    if until is not None:
        operator = ">" if keys.descending else "<"
        parts.append(_compare(columns, operator, until, True, backslash_escapes))
    return " AND ".join(parts)


def _compare(
    columns: Sequence[str], operator: str, values: Sequence[Value], equal: bool, escapes: bool
) -> str:
    alternatives = []
    last = len(columns) - 1
    for position, column in enumerate(columns):
        prefix = [f"{columns[i]} = {literal(values[i], escapes)}" for i in range(position)]
        final = f"{operator}=" if equal and position == last else operator
        alternatives.append(
            " AND ".join([*prefix, f"{column} {final} {literal(values[position], escapes)}"])
        )
    return "(" + " OR ".join(f"({item})" for item in alternatives) + ")"


def sequential(minimum: Any, maximum: Any, count: int) -> bool:
    """Say whether a numeric primary key runs without gaps, and so is a bookmark key by default."""
    if minimum is None or maximum is None or isinstance(minimum, bool):
        return False
    if not isinstance(minimum, int | Decimal) or not isinstance(maximum, int | Decimal):
        return False
    return int(minimum) == minimum and maximum - minimum + 1 == count


def _encode(value: Value) -> list[str]:
    if isinstance(value, bool):
        raise TypeError("A boolean cannot be a job bookmark key")
    if isinstance(value, dt.datetime):
        return ["timestamp", value.isoformat()]
    if isinstance(value, dt.date):
        return ["date", value.isoformat()]
    for kind, name in ((int, "long"), (Decimal, "decimal"), (float, "double"), (str, "string")):
        if isinstance(value, kind):
            return [name, repr(value) if kind is float else str(value)]
    raise TypeError(f"A {type(value).__name__} cannot be a job bookmark key")


def _decode(item: Sequence[str]) -> Value:
    kind, text = item
    if kind == "long":
        return int(text)
    if kind == "decimal":
        return Decimal(text)
    if kind == "double":
        return float(text)
    if kind == "timestamp":
        return dt.datetime.fromisoformat(text)
    if kind == "date":
        return dt.date.fromisoformat(text)
    return text
