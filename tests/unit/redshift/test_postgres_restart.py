"""A PostgreSQL server that goes away and comes back while the endpoint runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from pydantic import SecretStr

from etlocal.aws.call import Call
from etlocal.redshift.data.errors import InvalidRequestError
from etlocal.redshift.data.operations import OPERATIONS as DATA
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.engines.postgres.connection import Address
from etlocal.redshift.engines.postgres.instance import Instance
from etlocal.settings import Settings
from etlocal.waiting import await_answer
from tests.postgres_server import NoServerError, Server, own

from .conftest import Connect, Rows, Run

# Longer than any test waits.
_ENDLESS = "select count(*) from {tables} where {sum} > 3"
FAILED = "connection to the warehouse's server failed"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server of this module's own; tests leave it running."""
    try:
        with own() as made:
            yield made
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture
def settings(settings: Settings, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose warehouse is that server, which has no database but its own."""
    monkeypatch.setattr(Instance, "template", "template0")
    return settings.model_copy(
        update={"warehouse_url": SecretStr(postgres.url), "redshift_port": 0}
    )


def endless() -> str:
    tables = ", ".join(f"t t{n}" for n in range(12))
    return _ENDLESS.format(tables=tables, sum=" + ".join(f"t{n}.a" for n in range(12)))


def until_active(server: Server) -> None:
    """Wait until the server works on a query."""
    watcher = Address(server.url).connect()
    try:
        await_answer(
            lambda: (
                watcher.rows(
                    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'FETCH%'"
                )
                or None
            ),
            seconds=30,
            what="the query",
        )
    finally:
        watcher.close()


@pytest.fixture
def filled(ok: Callable[..., None]) -> None:
    """A table with ten rows."""
    ok("create table t (a int)", "insert into t values (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)")


@pytest.mark.usefixtures("filled")
def test_a_statement_in_flight_fails_and_the_next_one_works(
    postgres: Server, call: Call, run: Run, rows: Rows
) -> None:
    request = {"WorkgroupName": "group", "Database": "dev", "Sql": endless()}
    started = DATA.handle("ExecuteStatement", request, call)["Id"]
    until_active(postgres)
    postgres.stop()
    try:
        call.runtime.component(Worker).wait(started, 60)
        described = DATA.handle("DescribeStatement", {"Id": started}, call)
        assert described["Status"] == "FAILED"
        assert FAILED in described["Error"]
        while_down = run("select 1")
        assert while_down["Status"] == "FAILED"
        assert FAILED in while_down["Error"]
        with pytest.raises(InvalidRequestError, match=FAILED):
            DATA.handle("ListDatabases", {"WorkgroupName": "group", "Database": "dev"}, call)
    finally:
        postgres.start()
    # What was acknowledged is there: the server's log has it.
    assert rows("select count(*) from t") == [[10]]
    assert run("insert into t values (11)")["Status"] == "FINISHED"


@pytest.mark.usefixtures("filled")
def test_a_session_that_was_kept_has_ended(postgres: Server, run: Run) -> None:
    kept = run("create temp table mine (a int)", SessionKeepAliveSeconds=3600)["SessionId"]
    assert run("insert into mine values (1)", SessionId=kept)["Status"] == "FINISHED"
    postgres.stop()
    postgres.start()
    lost = run("insert into mine values (2)", SessionId=kept)
    assert lost["Status"] == "FAILED"
    assert FAILED in lost["Error"]
    with pytest.raises(InvalidRequestError, match="not available"):
        run("select 1", SessionId=kept)


@pytest.mark.usefixtures("filled")
def test_a_transaction_is_undone_and_the_client_connects_anew(
    postgres: Server, connect: Connect
) -> None:
    one, other = connect(autocommit=False), connect()
    one.execute("insert into t values (11)")
    postgres.stop()
    try:
        with pytest.raises(psycopg.OperationalError, match=FAILED):
            one.execute("insert into t values (12)")
        assert one.closed
        with pytest.raises(psycopg.OperationalError, match=FAILED):
            connect()
    finally:
        postgres.start()
    with pytest.raises(psycopg.OperationalError, match=FAILED):
        other.execute("select 1")
    again = connect()
    assert again.execute("select count(*) from t").fetchone() == (10,)
    again.execute("insert into t values (11)")
