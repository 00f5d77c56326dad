"""UNLOAD's rows into files: out of PostgreSQL by COPY … TO STDOUT, written by DuckDB's writers.

The files are those that the other engine writes: the rows come in one form that leaves nothing to
guess and are written from there.

Source: PostgreSQL's documentation, "COPY".
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text`
from __future__ import annotations

import duckdb

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import CANONICAL_NULL, Export, ExportedFile
from etlocal.redshift.engines.duckdb import exporting as writing
from etlocal.redshift.engines.duckdb.build import duck_type
from etlocal.redshift.engines.duckdb.errors import translate
from etlocal.redshift.engines.duckdb.instance import without_databases
from etlocal.redshift.engines.postgres.build import quote_text, sql
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.loading import FORM
from etlocal.redshift.engines.postgres.pg_types import aligned, refine, type_from_pg
from etlocal.redshift.errors import FeatureNotSupportedError

# No row is longer. DuckDB would take sixteen times as much at once, which small machines have not.
_LONGEST = 64 * 1024 * 1024


def run(session: SessionContext, export: Export) -> list[ExportedFile]:
    """Write a query's rows; gives the files in the order of their names.

    Raises
    ------
    SqlError
        If a column to partition by is not among the query's.
    """
    tree, columns = session.prepared(export.query)
    query = sql(tree)
    described = session.described(query)
    columns = aligned(columns, len(described)) or [(row[0], None) for row in described]
    names = [name for name, _ in columns]
    writing.check(names, export)
    kinds = []
    for (name, inferred), (_, oid, modifier) in zip(columns, described, strict=True):
        kind = refine(type_from_pg(oid, modifier) or SqlType("varchar"), inferred)
        if kind.name == "varbyte":
            raise FeatureNotSupportedError("UNLOAD of VARBYTE on PostgreSQL")
        if kind.name == "numeric" and not kind.precision:
            raise FeatureNotSupportedError(
                f"UNLOAD: the scale of {name} is not known on PostgreSQL; add a cast: it"
            )
        kinds.append(kind)
    path = export.folder / "rows.out"
    session.connection.copy_out(f"COPY ({query}) TO STDOUT ({FORM}, FORCE_QUOTE *)", path)
    connection = without_databases(ordered=True)
    try:
        return writing.write(connection, _rows(str(path), kinds), names, export)
    except duckdb.Error as error:
        raise translate(error) from error
    finally:
        connection.close()
        path.unlink(missing_ok=True)


def _rows(path: str, kinds: list[SqlType]) -> str:
    types = ", ".join(f"'c{i}': {quote_text(duck_type(kind))}" for i, kind in enumerate(kinds))
    return (
        f"SELECT * FROM read_csv({quote_text(path)}, auto_detect = false, header = false, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {{{types}}}, "
        f"nullstr = '{CANONICAL_NULL}', allow_quoted_nulls = false, new_line = '\\n', "
        f"max_line_size = {_LONGEST}, buffer_size = {_LONGEST}, parallel = false)"
    )
