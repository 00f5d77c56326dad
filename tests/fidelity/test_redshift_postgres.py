"""A warehouse on a PostgreSQL server: what survives, what is deleted, who waits for whom."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from etlocal.settings import Settings
from etlocal.stack import Stack, StackError
from etlocal.waiting import await_answer

from .conftest import Endpoint, start

pytestmark = pytest.mark.xdist_group("postgres")


@contextmanager
def endpoint_on(folder: Path, url: str) -> Iterator[Endpoint]:
    """An endpoint on a state folder, killed at the block's end."""
    running = start(folder, os.getpid(), ETLOCAL_WAREHOUSE_URL=url)
    try:
        yield running
    finally:
        os.kill(running.pid, signal.SIGKILL)


class Sql:
    """Statements of a workgroup through the Data API."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.data = endpoint.client("redshift-data")
        self.endpoint = endpoint

    def make(self, name: str) -> None:
        """Make the workgroup."""
        serverless = self.endpoint.client("redshift-serverless")
        serverless.create_namespace(namespaceName=name)
        serverless.create_workgroup(workgroupName=name, namespaceName=name)

    def begin(self, name: str, sql: str) -> str:
        """Start a statement; gives its id."""
        asked = self.data.execute_statement(WorkgroupName=name, Database="dev", Sql=sql)
        return str(asked["Id"])

    def run(self, name: str, sql: str, seconds: float = 60) -> list[list[dict[str, Any]]]:
        """Run a statement to its end, and give its rows."""
        statement = self.begin(name, sql)

        def ended() -> dict[str, Any] | None:
            described: dict[str, Any] = self.data.describe_statement(Id=statement)
            return described if described["Status"] in ("FINISHED", "FAILED") else None

        described = await_answer(ended, seconds=seconds, what="the end of the statement")
        assert described["Status"] == "FINISHED", described
        if not described["HasResultSet"]:
            return []
        rows: list[list[dict[str, Any]]] = self.data.get_statement_result(Id=statement)["Records"]
        return rows


def databases(url: str) -> set[str]:
    """The databases of etlocal's on the server."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database "
            "WHERE shobj_description(oid, 'pg_database') LIKE '{\"etlocal\":%'"
        ).fetchall()
    return {name for (name,) in found}


def working(url: str, words: str) -> list[int]:
    """The server's processes that work on a statement with these words in it."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
            "AND position(%s in query) > 0",
            (words,),
        ).fetchall()
    return [pid for (pid,) in found]


def test_what_was_acknowledged_survives_kill_9_and_a_writer_that_was_killed_is_in_nobodys_way(
    tmp_path: Path, postgres_url: str, name: str
) -> None:
    before = databases(postgres_url)
    ten = ", ".join(f"({n})" for n in range(10))
    many = ", ".join(f"t t{n}" for n in range(12))
    with endpoint_on(tmp_path, postgres_url) as endpoint:
        sql = Sql(endpoint)
        sql.make(name)
        sql.run(name, "create table t (killed_writer int)")
        sql.run(name, f"insert into t values {ten}")
        sql.begin(name, f"insert into t select count(t1.killed_writer) from {many}")
        await_answer(
            lambda: working(postgres_url, "killed_writer") or None, seconds=60, what="the writer"
        )
    with endpoint_on(tmp_path, postgres_url) as endpoint:
        sql = Sql(endpoint)
        assert sql.run(name, "select count(*) from t") == [[{"longValue": 10}]]
        # The server notices that the writer's client has gone, and gives its lock back.
        sql.run(name, "insert into t values (11)")
        assert sql.run(name, "select max(killed_writer) from t") == [[{"longValue": 11}]]
        assert not working(postgres_url, "killed_writer")
        assert databases(postgres_url) > before
        assert endpoint.call("POST", "/_etlocal/reset")[0] == 200
    assert databases(postgres_url) == before


def test_etlocal_reset_deletes_the_databases_or_nothing(
    tmp_path: Path, postgres_url: str, name: str
) -> None:
    before = databases(postgres_url)
    with endpoint_on(tmp_path, postgres_url) as endpoint:
        sql = Sql(endpoint)
        sql.make(name)
        sql.run(name, "create table t (a int)")
    assert databases(postgres_url) > before
    state = tmp_path / "state"
    (state / "README").write_text("of a test")

    def stack(url: str) -> Stack:
        return Stack(Settings(state_dir=state, warehouse_url=SecretStr(url)))

    with pytest.raises(StackError, match="could not be deleted") as caught:
        stack("postgresql://ann:hidden@127.0.0.1:1/db").reset()
    assert "hidden" not in str(caught.value)
    assert state.exists()
    stack(postgres_url).reset()
    assert not state.exists()
    assert databases(postgres_url) == before
