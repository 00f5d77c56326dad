"""Resources of the control planes as JSON documents in the store, and their tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from etlocal.aws.call import Call

_TABLES = {
    "namespace": "redshift_namespaces",
    "workgroup": "redshift_workgroups",
    "cluster": "redshift_clusters",
    "usage limit": "redshift_usage_limits",
}
_KEYS = {"usage limit": "id"}
_TIME = "$time"


def find(call: Call, kind: str, name: str) -> dict[str, Any] | None:
    """Read a document; None if there is none."""
    key = _KEYS.get(kind, "name")
    with call.store.transaction() as tx:
        row = tx.execute(
            f"SELECT document FROM {_TABLES[kind]} "  # noqa: S608
            f"WHERE account = ? AND region = ? AND {key} = ?",
            (call.account, call.region, name),
        ).fetchone()
    return None if row is None else _load(row["document"])


def list_all(call: Call, kind: str) -> list[dict[str, Any]]:
    """Read every document of a kind, by name."""
    key = _KEYS.get(kind, "name")
    with call.store.transaction() as tx:
        rows = tx.execute(
            f"SELECT document FROM {_TABLES[kind]} "  # noqa: S608
            f"WHERE account = ? AND region = ? ORDER BY {key}",
            (call.account, call.region),
        ).fetchall()
    return [_load(row["document"]) for row in rows]


def put(call: Call, kind: str, values: Mapping[str, str], document: Mapping[str, Any]) -> None:
    """Write a document under its key columns."""
    columns = {
        "account": call.account,
        "region": call.region,
        **values,
        "document": _dump(document),
    }
    with call.store.transaction() as tx:
        tx.execute(
            f"INSERT OR REPLACE INTO {_TABLES[kind]} ({', '.join(columns)}) "  # noqa: S608
            f"VALUES ({', '.join('?' * len(columns))})",
            tuple(columns.values()),
        )


def delete(call: Call, kind: str, name: str) -> None:
    """Delete a document."""
    key = _KEYS.get(kind, "name")
    with call.store.transaction() as tx:
        tx.execute(
            f"DELETE FROM {_TABLES[kind]} "  # noqa: S608
            f"WHERE account = ? AND region = ? AND {key} = ?",
            (call.account, call.region, name),
        )


def put_tags(call: Call, arn: str, tags: Mapping[str, str]) -> None:
    """Add tags, or change their values."""
    with call.store.transaction() as tx:
        for key, value in tags.items():
            tx.execute("INSERT OR REPLACE INTO redshift_tags VALUES (?, ?, ?)", (arn, key, value))


def drop_tags(call: Call, arn: str, keys: list[str] | None = None) -> None:
    """Remove some tags, or all of a resource's."""
    with call.store.transaction() as tx:
        if keys is None:
            tx.execute("DELETE FROM redshift_tags WHERE arn = ?", (arn,))
        for key in keys or []:
            tx.execute("DELETE FROM redshift_tags WHERE arn = ? AND key = ?", (arn, key))


def tags(call: Call, arn: str) -> dict[str, str]:
    """Read a resource's tags."""
    with call.store.transaction() as tx:
        rows = tx.execute(
            "SELECT key, value FROM redshift_tags WHERE arn = ? ORDER BY key", (arn,)
        ).fetchall()
    return {row["key"]: row["value"] for row in rows}


def _dump(document: Mapping[str, Any]) -> str:
    def encode(value: object) -> object:
        if isinstance(value, datetime):
            return {_TIME: value.timestamp()}
        raise TypeError(f"no JSON form: {value!r}")

    return json.dumps(document, default=encode)


def _load(text: str) -> dict[str, Any]:
    def decode(value: dict[str, Any]) -> Any:
        if set(value) == {_TIME}:
            return datetime.fromtimestamp(value[_TIME], UTC)
        return value

    document: dict[str, Any] = json.loads(text, object_hook=decode)
    return document
