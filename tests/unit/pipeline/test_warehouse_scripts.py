"""The warehouse's scripts: run again and again, and agreeing with what the job writes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from pathlib import Path


def _statements(path: Path) -> list[str]:
    bare = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    return [part.strip() for part in bare.split(";") if part.strip()]


@pytest.fixture(scope="module")
def scripts(root: Path) -> list[Path]:
    found = sorted((root / "warehouse" / "ddl").glob("*.sql"))
    assert found
    return found


@pytest.fixture(scope="module")
def tables(scripts: list[Path]) -> dict[str, dict[str, str]]:
    """Columns and their types, by table."""
    found = {}
    for path in scripts:
        for statement in _statements(path):
            if statement.startswith("CREATE TABLE"):
                create = sqlglot.parse_one(statement, dialect="redshift")
                schema = create.this
                found[schema.this.sql(dialect="redshift")] = {
                    column.name: column.args["kind"].sql(dialect="redshift")
                    for column in schema.find_all(exp.ColumnDef)
                }
    return found


@pytest.fixture(scope="module")
def job_script(root: Path) -> str:
    return (root / "glue_job" / "flights_job.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def load_statements(job_script: str) -> dict[str, list[str]]:
    """The statements that the job has run before and after its COPY."""
    found = {}
    for node in ast.parse(job_script).body:
        if isinstance(node, ast.Assign):
            [target] = node.targets
            if isinstance(target, ast.Name) and target.id in ("PREACTIONS", "POSTACTIONS"):
                found[target.id] = ast.literal_eval(node.value)
    assert len(found) == 2
    return found


def test_scripts_can_be_run_again(scripts: list[Path]) -> None:
    for path in scripts:
        for statement in _statements(path):
            assert re.match(
                r"CREATE (SCHEMA|TABLE) IF NOT EXISTS |DELETE FROM |COPY ", statement
            ), f"{path.name}: {statement}"


def test_the_dimension_is_emptied_in_the_transaction_that_loads_it(scripts: list[Path]) -> None:
    [loading] = [p for p in scripts if "COPY " in " ".join(_statements(p))]
    assert [s.split()[0] for s in _statements(loading)] == ["DELETE", "COPY"]


def test_tables_of_the_contract_are_as_agreed(tables: dict[str, dict[str, str]]) -> None:
    assert tables["airlines.dim_airport_codes"] == {
        "airport_id": "BIGINT",
        "city": "VARCHAR(100)",
        "state": "VARCHAR(100)",
        "name": "VARCHAR(200)",
    }
    assert tables["airlines.daily_flights_processed"] == {
        "carrier": "VARCHAR(10)",
        "dep_airport": "VARCHAR(200)",
        "arr_airport": "VARCHAR(200)",
        "dep_city": "VARCHAR(100)",
        "arr_city": "VARCHAR(100)",
        "dep_state": "VARCHAR(100)",
        "arr_state": "VARCHAR(100)",
        "dep_delay": "BIGINT",
        "arr_delay": "BIGINT",
    }


def test_the_dimension_has_no_primary_key(scripts: list[Path]) -> None:
    # Glue would take it as a bookmark key, and read the dimension once only.
    for path in scripts:
        assert "PRIMARY KEY" not in " ".join(_statements(path)).upper(), path.name


def test_glue_gets_the_loads_statements_in_one_line(
    load_statements: dict[str, list[str]],
) -> None:
    # Glue separates them by semicolons, and takes no line breaks.
    for statement in (*load_statements["PREACTIONS"], *load_statements["POSTACTIONS"]):
        assert ";" not in statement
        assert "\n" not in statement


def test_the_load_stays_in_one_transaction(load_statements: dict[str, list[str]]) -> None:
    # BEGIN and COMMIT would end the transaction that the COPY is in; TRUNCATE commits it.
    for statement in (*load_statements["PREACTIONS"], *load_statements["POSTACTIONS"]):
        assert statement.split()[0] in ("DELETE", "INSERT", "UPDATE"), statement


def test_the_loads_statements_name_columns_that_exist(
    load_statements: dict[str, list[str]], tables: dict[str, dict[str, str]]
) -> None:
    inserted = 0
    for statement in load_statements["POSTACTIONS"]:
        parsed = sqlglot.parse_one(statement, dialect="redshift")
        if not isinstance(parsed, exp.Insert):
            continue
        inserted += 1
        target = parsed.this.this.sql(dialect="redshift")
        columns = [column.name for column in parsed.this.expressions]
        select = parsed.expression
        source = select.find(exp.Table).sql(dialect="redshift")
        assert set(columns) <= set(tables[target])
        assert len(columns) == len(select.expressions)
        assert {c.name for c in select.find_all(exp.Column)} <= set(tables[source])
        if target == "airlines.daily_flights_processed":
            assert columns == list(tables[target])
            assert [e.name for e in select.expressions] == columns
    assert inserted == 4


def test_the_job_writes_the_staging_tables_columns_in_order(
    job_script: str, tables: dict[str, dict[str, str]]
) -> None:
    [staged] = [
        node
        for node in ast.parse(job_script).body
        if isinstance(node, ast.FunctionDef) and node.name == "staged"
    ]
    returned = staged.body[-1]
    assert isinstance(returned, ast.Return)
    assert isinstance(returned.value, ast.Call)
    names = [
        argument.value if isinstance(argument, ast.Constant) else argument.args[0].value  # type: ignore[attr-defined]
        for argument in returned.value.args
    ]
    assert names == list(tables["airlines.flights_staging"])


def test_every_node_of_the_job_has_a_context_of_its_own(job_script: str) -> None:
    tree = ast.parse(job_script)
    contexts = []
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr in ("from_catalog", "from_jdbc_conf", "apply"):
            given = {k.arg: k.value for k in call.keywords}
            assert "transformation_ctx" in given, ast.unparse(call)[:60]
            contexts.append(ast.literal_eval(given["transformation_ctx"]))
    assert len(contexts) == len(set(contexts)) == 6


def test_the_job_commits_its_bookmark_last(job_script: str) -> None:
    assert ast.unparse(ast.parse(job_script).body[-1]) == "job.commit()"
    assert job_script.count("job.commit()") == 2  # the docstring names it


def test_queries_are_redshift_sql_over_tables_that_exist(
    root: Path, tables: dict[str, dict[str, str]]
) -> None:
    queries = sorted((root / "warehouse" / "queries").glob("*.sql"))
    assert {path.stem for path in queries} >= {"delay_by_city", "delay_by_carrier"}
    for path in queries:
        parsed = sqlglot.parse_one(path.read_text(encoding="utf-8"), dialect="redshift")
        for table in parsed.find_all(exp.Table):
            assert table.sql(dialect="redshift") in tables, path.name
