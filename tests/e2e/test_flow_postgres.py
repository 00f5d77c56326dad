"""The story with its warehouse on a PostgreSQL server, which asks for a password over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import Stack
from etlocal.target import Target
from etlocal.testing.harness import Harness
from tests.e2e.conftest import PATIENT
from tests.e2e.expected import expected
from tests.e2e.test_flow import FACT, days, loaded

pytestmark = [
    pytest.mark.spark,
    pytest.mark.embedded_only("keeps the warehouse of a stack of its own on a PostgreSQL server"),
]

# Two stacks may be up while it runs.
_LONG = 600


@pytest.fixture(scope="module")
def etlocal_stack(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Target]:
    """A stack whose warehouse is on the server, in place of the session's."""
    stack = Stack(
        Settings(
            state_dir=tmp_path_factory.mktemp("postgres") / "state",
            port=free_port(),
            worker_port=free_port(),
            redshift_port=0,
            time_scale=0.01,
            enforce_iam=True,
            warehouse_url=SecretStr(postgres_url),
        )
    )
    record = stack.start(lambda _text: None, tied=True)
    yield Target.of(record)
    stack.stop()
    stack.reset()


def on_the_server(url: str) -> list[int]:
    """How many flights each database on the server holds that has the table of them."""
    found = []
    with psycopg.connect(url) as server:
        names = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'dev\\_%'")
        for (name,) in names.fetchall():
            with psycopg.connect(url, dbname=name) as database:
                there = database.execute("SELECT to_regclass(%s)", (FACT,)).fetchone()
                if there is not None and there[0] is not None:
                    rows = database.execute(f"SELECT count(*) FROM {FACT}").fetchall()
                    found.append(int(rows[0][0]))
    return found


def test_uploaded_days_become_rows_on_the_server(
    etlocal: Harness, project: Path, postgres_url: str
) -> None:
    pipeline = etlocal.deploy(project / "template.yaml", parameters=PATIENT)
    files = days(project, 2)

    first, second = (pipeline.run(file, seconds=_LONG) for file in files)

    assert first.status == second.status == "SUCCEEDED", first.cause or second.cause
    total = expected(files, project / "seed_data" / "airports.csv")
    assert loaded(pipeline) == total
    assert [m["Status"] for m in pipeline.notifications(2)] == ["Success"] * 2
    assert on_the_server(postgres_url) == [total.rows]
    answer = pipeline.query((project / "warehouse/queries/delay_by_city.sql").read_text())
    by_hand = pipeline.query(
        f"SELECT dep_city, dep_state, COUNT(*) FROM {FACT} GROUP BY dep_city, dep_state"
    )
    assert len(answer.rows) == len(by_hand.rows) > 0
