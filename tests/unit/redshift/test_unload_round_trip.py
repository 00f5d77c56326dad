"""What UNLOAD writes, COPY loads: random tables come back as they were, whatever the options."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from etlocal.redshift.dialect import parser
from tests.hypothesis_profiles import examples

from .test_copy_by_model import ROLE, House

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
OPTIONS = [
    ("csv null as 'NIL'", "csv null as 'NIL'"),
    ("csv header delimiter '|' null as 'NIL'", "csv delimiter '|' ignoreheader 1 null as 'NIL'"),
    ("csv gzip manifest null as 'NIL'", "csv gzip manifest null as 'NIL'"),
    ("escape null as '\\\\N'", "escape"),
    ("escape delimiter ',' header null as 'NIL'", "escape delimiter ',' ignoreheader 1 null 'NIL'"),
    ("addquotes escape null as 'NIL'", "removequotes escape null as 'NIL'"),
    ("addquotes escape bzip2 null as ''", "removequotes escape bzip2 null as ''"),
    ("parquet", "parquet"),
    ("json", "json 'auto'"),
]
KINDS = {
    "int": st.integers(-(2**31), 2**31 - 1).map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "numeric(18,4)": st.decimals(
        Decimal("-99999999999999.9999"), Decimal("99999999999999.9999"), places=4
    ).map(lambda value: f"{value:f}"),
    "float8": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "bool": st.sampled_from(["true", "false"]),
    "date": st.dates(dt.date(1, 1, 1)).map(str),
    "timestamp": st.datetimes().map(lambda time: time.isoformat(sep=" ")),
    "varchar(80)": st.text(
        st.one_of(
            st.sampled_from("ab\"'\\|,\r\n\t N"),
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        ),
        max_size=16,
    ).filter(lambda text: text != "NIL"),
    "char(9)": st.text(st.sampled_from("ab\"'\\|,\r\nN"), max_size=9),
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An engine and an S3 of the test's own."""
    made = House(tmp_path)
    yield made
    made.session.close()
    made.engine.close()


@examples(25, suppress_health_check=SHARED)
@given(
    table=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4).flatmap(
        lambda kinds: st.tuples(
            st.just(kinds),
            st.lists(st.tuples(*(st.one_of(st.none(), KINDS[k]) for k in kinds)), max_size=5),
        )
    ),
    options=st.sampled_from(OPTIONS),
)
def test_what_is_unloaded_comes_back(
    house: House,
    table: tuple[list[str], list[tuple[str | None, ...]]],
    options: tuple[str, str],
) -> None:
    kinds, values = table
    unloading, loading = options
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(kinds))
    for name in ("t", "u"):
        house.execute(f"drop table if exists {name}")
        house.execute(f"create table {name} ({columns})")
    for row in values:
        given_ = {f"p{i}": value for i, value in enumerate(row) if value is not None}
        marks = [f":p{i}" if value is not None else "null" for i, value in enumerate(row)]
        house.session.execute(parser.parse(f"insert into t values ({', '.join(marks)})", given_))
    house.s3.objects.clear()
    house.execute(f"unload ('select * from t') to 's3://b/out/' {ROLE} {unloading}")
    source = "s3://b/out/manifest" if "manifest" in loading else "s3://b/out/"
    house.execute(f"copy u from '{source}' {ROLE} {loading}")
    assert Counter(house.execute("select * from u")) == Counter(house.execute("select * from t"))
