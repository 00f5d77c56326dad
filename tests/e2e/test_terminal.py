"""The terminal on a running stack: what it prints, and how it says that something is wrong."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from etlocal.processes import free_port
from etlocal.target import Target
from etlocal.testing.harness import Harness
from tests.e2e.commands import etlocal_command, run

pytestmark = pytest.mark.spark

WAREHOUSE = """
Metadata:
  etlocal:
    Warehouse: {Workgroup: Workgroup, Database: Database, Scripts: sql}
Resources:
  Namespace:
    Type: AWS::RedshiftServerless::Namespace
    Properties: {NamespaceName: shop, DbName: dev}
  Group:
    Type: AWS::RedshiftServerless::Workgroup
    Properties: {WorkgroupName: shop, NamespaceName: !Ref Namespace}
Outputs:
  Workgroup: {Value: !Ref Group}
  Database: {Value: dev}
"""


@pytest.fixture
def warehouse(etlocal: Harness, etlocal_stack: Target, tmp_path: Path) -> Path:
    """A stack with a warehouse, deployed by the terminal."""
    (tmp_path / "template.yaml").write_text(WAREHOUSE)
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "010.sql").write_text(
        "CREATE TABLE IF NOT EXISTS fruit (name VARCHAR(20), weight INTEGER);\n"
        "DELETE FROM fruit;\n"
        "INSERT INTO fruit VALUES ('plum', 3), ('pear', NULL);"
    )
    done = etlocal_command("deploy", on=etlocal_stack, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_query_prints_rows_in_each_format(warehouse: Path, etlocal_stack: Target) -> None:
    sql = "SELECT name, weight FROM fruit ORDER BY name"

    as_csv = etlocal_command("query", sql, "--format", "csv", on=etlocal_stack)
    as_json = etlocal_command("query", sql, "--format", "json", on=etlocal_stack)
    as_table = etlocal_command("query", sql, on=etlocal_stack)

    assert as_csv.stdout == "name,weight\npear,\nplum,3\n"
    assert json.loads(as_json.stdout) == [
        {"name": "pear", "weight": None},
        {"name": "plum", "weight": 3},
    ]
    assert "plum" in as_table.stdout
    assert "\x1b" not in as_table.stdout, "without a terminal the output is plain"


def test_missing_table_is_told_in_redshifts_words(warehouse: Path, etlocal_stack: Target) -> None:
    done = etlocal_command("query", "SELECT * FROM nowhere", on=etlocal_stack)

    assert done.returncode == 1
    assert 'relation "nowhere" does not exist' in done.stderr
    assert "Traceback" not in done.stderr


def test_script_that_fails_is_rolled_back_and_named(warehouse: Path, etlocal_stack: Target) -> None:
    (warehouse / "sql" / "020.sql").write_text("DELETE FROM fruit; INSERT INTO nowhere VALUES (1);")

    failed = etlocal_command("deploy", on=etlocal_stack, cwd=warehouse)
    count = etlocal_command(
        "query", "SELECT COUNT(*) AS n FROM fruit", "--format", "csv", on=etlocal_stack
    )

    assert failed.returncode == 1
    assert "020.sql failed and was rolled back" in failed.stderr
    assert count.stdout == "n\n2\n"


def test_resource_type_that_nobody_emulates_fails_the_stack_by_name(
    etlocal: Harness, etlocal_stack: Target, tmp_path: Path
) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources: {Fleet: {Type: 'AWS::GameLift::Fleet', Properties: {Name: f}}}"
    )

    done = etlocal_command("deploy", "--stack", "games", on=etlocal_stack, cwd=tmp_path)

    assert done.returncode == 1
    assert "AWS::GameLift::Fleet" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upload", "no-such-file.csv"], "not a file: no-such-file.csv"),
        (["deploy", "--template", "none.yaml"], "there is no template none.yaml"),
        (["deploy", "--parameter", "novalue"], "there is no template"),
        (["logs", "jr_none"], "no log of a run jr_none"),
        (["query", "@none.sql", "--workgroup", "w"], "none.sql cannot be read"),
    ],
)
def test_wrong_input_is_named_and_exits_with_1(
    etlocal: Harness, etlocal_stack: Target, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = etlocal_command(*arguments, on=etlocal_stack, cwd=tmp_path)

    assert done.returncode == 1, done.stdout
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_status_says_that_it_runs_and_where(etlocal_stack: Target) -> None:
    done = etlocal_command("status", "--json", on=etlocal_stack)

    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert said["running"] is True
    urls = {part["name"]: part["url"] for part in said["parts"]}
    assert urls["endpoint"] == etlocal_stack.endpoint_url


@pytest.mark.embedded_only("looks at the processes of this machine")
def test_status_tells_of_each_process(etlocal_stack: Target) -> None:
    done = etlocal_command("status", "--json", on=etlocal_stack)

    said = json.loads(done.stdout)
    assert {part["name"] for part in said["parts"]} == {"endpoint", "worker"}
    assert all(part["memory_mb"] > 0 for part in said["parts"])


def test_commands_without_a_stack_say_how_to_start_one_and_exit_with_3(tmp_path: Path) -> None:
    for command in (["status"], ["upload", __file__], ["query", "SELECT 1"], ["watch"]):
        done = etlocal_command(*command, "--state-dir", str(tmp_path / "none"))
        assert done.returncode == 3, command
        assert "etlocal up" in done.stdout + done.stderr


@pytest.mark.embedded_only("starts a stack at the terminal")
def test_second_stack_on_a_taken_port_is_refused_and_the_first_goes_on(
    etlocal_stack: Target, tmp_path: Path
) -> None:
    port = str(urlsplit(etlocal_stack.endpoint_url).port)

    done = etlocal_command(
        *("up", "--detach", "--port", port, "--worker-port", str(free_port())),
        *("--state-dir", str(tmp_path / "second")),
    )

    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        pass


def test_setting_outside_its_rule_is_named(tmp_path: Path) -> None:
    done = run([*_etlocal(), "status"], cwd=tmp_path, ETLOCAL_TIME_SCALE="fast")

    assert done.returncode == 2
    assert "ETLOCAL_TIME_SCALE" in done.stderr


def test_doctor_says_what_there_is(tmp_path: Path) -> None:
    done = etlocal_command(
        *("doctor", "--state-dir", str(tmp_path / "s")),
        *("--port", str(free_port()), "--worker-port", str(free_port())),
    )

    assert done.returncode == 0, done.stdout
    assert "environment endpoint" in done.stdout
    assert "Java 17" in done.stdout


def _etlocal() -> list[str]:
    import sys

    return [sys.executable, "-m", "etlocal"]
