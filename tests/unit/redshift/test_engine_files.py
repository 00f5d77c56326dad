"""The files of the warehouse's databases: their format, and those of an older one."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etlocal.redshift.engines.duckdb.instance import Instance


def _format(instance: Instance) -> str:
    row = instance.cursor().execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'dev'"
    )
    return str((row.fetchone() or ("",))[0])


def test_a_new_database_has_the_engines_own_format_and_an_older_one_keeps_its(
    tmp_path: Path,
) -> None:
    new = Instance(tmp_path / "new")
    (tmp_path / "old").mkdir()
    with duckdb.connect(str(tmp_path / "old" / "dev.duckdb")) as made:
        made.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS a")
    old = Instance(tmp_path / "old")
    try:
        assert _format(old) != _format(new)
        assert old.cursor().execute("SELECT a FROM dev.s.t").fetchall() == [(7,)]
        assert duckdb.__version__[:3] in _format(new)
    finally:
        new.close()
        old.close()
