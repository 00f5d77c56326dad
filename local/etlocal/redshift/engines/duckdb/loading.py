"""COPY's rows into a table: vectorised where all is well, and exact about what is not.

A load that allows no error is one ``INSERT … SELECT`` over DuckDB's readers that fails at the
first bad field; only then are the files read again to say what was bad and where. With MAXERROR
the bad lines are found first and left out.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.engines.base import Load, LoadFile, LoadProblem, LoadResult
from etlocal.redshift.engines.duckdb import fields, parquet, sources
from etlocal.redshift.engines.duckdb.build import quote
from etlocal.redshift.engines.duckdb.catalog import INTERNAL
from etlocal.redshift.engines.duckdb.context import SessionContext
from etlocal.redshift.engines.duckdb.errors import translate
from etlocal.redshift.errors import LoadFailedError

_STRUCTURE = {
    "MISSING COLUMNS": (1214, "Delimiter not found"),
    "TOO MANY COLUMNS": (1202, "Extra column(s) found"),
    "UNQUOTED VALUE": (1214, "Delimited value missing end quote"),
    "LINE SIZE OVER MAXIMUM": (1216, "Line size is over the maximum of 4194304 bytes"),
    "INVALID ENCODING": (1220, "String contains invalid or unsupported UTF8 codepoints"),
    "INVALID STATE": (1216, "Invalid input line"),
}
_RAW_LINE = 1024


@dataclass(frozen=True)
class Sink:
    """What reads files, and where their rows go.

    Attributes
    ----------
    connection : DuckDBPyConnection
        Reads the files.
    cursor : callable
        Gives another connection, outside of any transaction of the first one.
    insert : callable
        Takes columns of the table and DuckDB's query of their values; gives the number of rows.
    """

    connection: duckdb.DuckDBPyConnection
    cursor: Callable[[], duckdb.DuckDBPyConnection]
    insert: Callable[[Sequence[Column], str], int]


def run(session: SessionContext, load: Load) -> LoadResult:
    """Load files into a table of the session's; see `read`."""

    def insert(columns: Sequence[Column], query: str) -> int:
        names = ", ".join(quote(column.name) for column in columns)
        target = session.full_name(load.table)
        row = session.connection.execute(f"INSERT INTO {target} ({names}) {query}").fetchone()
        return int(row[0]) if row else 0

    return read(Sink(session.connection, session.instance.cursor, insert), load)


def read(sink: Sink, load: Load) -> LoadResult:
    """Read files for a table; all rows, or those that MAXERROR leaves, or none.

    Raises
    ------
    LoadFailedError
        With the problems, if there are more than MAXERROR allows.
    """
    allowed = max(1, load.options.maxerror)
    if load.options.format == "parquet":
        return LoadResult(parquet.load(sink.connection, sink.insert, load))
    problems: list[LoadProblem] = []
    if load.options.maxerror > 0:
        problems = find_problems(sink, load, allowed)
        if len(problems) >= allowed:
            raise LoadFailedError(problems)
    try:
        rows = _insert(sink, load, lenient=bool(problems))
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        found = find_problems(sink, load, allowed)
        if not found:
            raise translate(error) from error
        raise LoadFailedError(found) from error
    return LoadResult(rows, problems)


def _columns(load: Load) -> list[Column]:
    return [column for name in load.columns if (column := load.table.column(name)) is not None]


def _insert(sink: Sink, load: Load, *, lenient: bool) -> int:
    columns = _columns(load)
    readings = [fields.reading(f"f{i}", c, load.options) for i, c in enumerate(columns)]
    rejects = "load_rejects" if lenient else None
    texts = ", ".join(f"{reading.text} AS t{i}" for i, reading in enumerate(readings))
    values = ", ".join(
        f"t{i}, {reading.value.format(f't{i}')} AS v{i}" for i, reading in enumerate(readings)
    )
    source = sources.relation(load, load.files, rejects)
    inner = f"SELECT {values} FROM (SELECT {texts} FROM {source})"
    bad = [_bad(i, column, readings[i], load) for i, column in enumerate(columns)]
    if lenient:
        shown = ", ".join(f"v{i}" for i in range(len(columns)))
        query = f"SELECT {shown} FROM ({inner}) WHERE NOT ({' OR '.join(bad)})"
    else:
        guarded = ", ".join(
            f"CASE WHEN {condition} THEN error('load') ELSE v{i} END"
            for i, condition in enumerate(bad)
        )
        query = f"SELECT {guarded} FROM ({inner})"
    if load.options.noload:
        connection = sink.connection.execute(f"SELECT count(*) FROM ({query}) q")
        connection.fetchone()
        return 0
    try:
        return sink.insert(columns, query)
    finally:
        if rejects:
            _drop_rejects(sink.connection, rejects)


def _bad(index: int, column: Column, reading: fields.Reading, load: Load) -> str:
    conditions = []
    unread_allowed = load.options.acceptanydate and column.type.name in (
        "date", "timestamp", "timestamptz",
    )  # fmt: skip
    if reading.value != "{0}" and not unread_allowed:
        # Blanks are NULL for every type but strings.
        conditions.append(f"(v{index} IS NULL AND trim(t{index}) <> '')")
    if reading.too_long != "false":
        conditions.append(f"({reading.too_long.format(f't{index}')})")
    if not column.nullable:
        conditions.append(f"v{index} IS NULL")
    return f"coalesce({' OR '.join(conditions)}, false)" if conditions else "false"


def find_problems(sink: Sink, load: Load, limit: int) -> list[LoadProblem]:
    """Read the files for what cannot be loaded, the first `limit` of it."""
    cursor = sink.cursor()
    try:
        problems: list[LoadProblem] = []
        for file in load.files:
            problems += itertools.islice(
                _problems_of(cursor, load, file), max(0, limit - len(problems))
            )
            if len(problems) >= limit:
                break
        return problems
    finally:
        cursor.close()


def _problems_of(
    cursor: duckdb.DuckDBPyConnection, load: Load, file: LoadFile
) -> Iterator[LoadProblem]:
    columns = _columns(load)
    is_text = load.options.format in ("csv", "text")
    rejects = "problem_rejects" if is_text else None
    rows = _bad_rows(cursor, load, file, columns, rejects)
    structure = _structure(cursor, file, columns, rejects) if rejects else []
    rejected = [problem.line_number for problem in structure]
    found = list(structure)
    for number, raw, bad in rows:
        line = _line_of(number, rejected, load.options.ignoreheader if is_text else 0)
        for index, column in enumerate(columns):
            if bad[index]:
                code, reason = fields.problem(column, raw[index], load.options)
                found.append(_problem(file, column, line, code, reason, raw[index] or ""))
                break
    found.sort(key=lambda problem: problem.line_number)
    lines = _lines(file, {problem.line_number for problem in found})
    for problem in found:
        yield LoadProblem(**{**vars(problem), "raw_line": lines.get(problem.line_number, "")})


def _problem(
    file: LoadFile, column: Column | None, line: int, code: int, reason: str, value: str
) -> LoadProblem:
    if column is None:
        return LoadProblem(file.uri, line, code, reason)
    kind = column.type
    length = str(kind.length or (f"{kind.precision},{kind.scale}" if kind.precision else 0))
    shown = {"bpchar": "char", "numeric": "numeric"}.get(kind.name, kind.name)
    return LoadProblem(
        file.uri, line, code, reason, column.name, shown, length, 0, "", value[:_RAW_LINE]
    )


def _bad_rows(
    cursor: duckdb.DuckDBPyConnection,
    load: Load,
    file: LoadFile,
    columns: Sequence[Column],
    rejects: str | None,
) -> list[tuple[int, list[str | None], list[bool]]]:
    readings = [fields.reading(f"f{i}", c, load.options) for i, c in enumerate(columns)]
    numbered = f"SELECT row_number() OVER () AS n, * FROM {sources.relation(load, [file], rejects)}"
    texts = ", ".join(f"f{i}, {reading.text} AS t{i}" for i, reading in enumerate(readings))
    values = ", ".join(
        f"f{i}, t{i}, {reading.value.format(f't{i}')} AS v{i}" for i, reading in enumerate(readings)
    )
    flags = ", ".join(
        f"{_bad(i, column, readings[i], load)} AS b{i}" for i, column in enumerate(columns)
    )
    raw = ", ".join(f"t{i}" for i in range(len(columns)))
    some = " OR ".join(f"b{i}" for i in range(len(columns)))
    limit = max(1, load.options.maxerror)
    query = (
        f"SELECT n, {raw}, {', '.join(f'b{i}' for i in range(len(columns)))} FROM "
        f"(SELECT *, {flags} FROM (SELECT n, {values} FROM (SELECT n, {texts} FROM ({numbered})))) "
        f"WHERE {some} ORDER BY n LIMIT {limit}"
    )
    width = len(columns)
    return [
        (row[0], list(row[1 : width + 1]), [bool(flag) for flag in row[width + 1 :]])
        for row in cursor.execute(query).fetchall()
    ]


def _structure(
    cursor: duckdb.DuckDBPyConnection,
    file: LoadFile,
    columns: Sequence[Column],
    rejects: str,
) -> list[LoadProblem]:
    rows = cursor.execute(
        f"SELECT DISTINCT ON (line) line, error_type, column_name FROM {quote(rejects)} "
        "ORDER BY line, column_idx"
    ).fetchall()
    _drop_rejects(cursor, rejects)
    found = []
    for line, kind, place in rows:
        code, reason = _STRUCTURE.get(kind, (1216, "Invalid input line"))
        index = int(place[1:]) if place else len(columns)
        column = columns[index] if index < len(columns) else None
        found.append(_problem(file, column, line, code, reason, ""))
    return found


def _drop_rejects(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    for table in (name, f"{name}_scan"):
        connection.execute(f"DROP TABLE IF EXISTS temp.main.{quote(table)}")


def _line_of(number: int, rejected: Sequence[int], header: int) -> int:
    """Give the line of the n-th row that was read, the rejected lines between counted."""
    line = header + number
    for reject in sorted(rejected):
        if reject <= line:
            line += 1
    return line


def _lines(file: LoadFile, numbers: set[int]) -> dict[int, str]:
    if not numbers:
        return {}
    found = {}
    with (file.raw or file.path).open("rb") as stream:
        for number, line in enumerate(itertools.islice(stream, max(numbers)), start=1):
            if number in numbers:
                text = line.rstrip(b"\r\n")[:_RAW_LINE]
                found[number] = text.decode("utf-8", errors="replace")
    return found


def record(
    session: SessionContext, load: Load, problems: Sequence[LoadProblem], query: int
) -> None:
    """Keep problems for ``stl_load_errors``, in a transaction of their own."""
    cursor = session.instance.cursor()
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
    table = load.table.name
    try:
        row = cursor.execute(
            "SELECT table_oid FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
            "AND table_name = ?",
            [session.database, table.schema, table.relation],
        ).fetchone()
        for problem in problems:
            cursor.execute(
                f"INSERT INTO {quote(session.database)}.{INTERNAL}.load_errors "
                f"VALUES ({', '.join('?' * 16)})",
                [query, session.pid, session.user, now, 100_000 + (row[0] if row else 0),
                 table.relation, problem.filename, problem.line_number, problem.column,
                 problem.type, problem.length, problem.position, problem.raw_line,
                 problem.raw_value, problem.code, problem.reason],
            )  # fmt: skip
    finally:
        cursor.close()
