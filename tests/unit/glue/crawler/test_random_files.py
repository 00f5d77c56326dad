"""Crawls over files of any bytes under any names: they succeed, and what they write can be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples

SOUND = [b"a,b\n1,2\n3,4\n", b'{"a": 1, "b": [1]}\n' * 2, b"x;y\nu;1\nv;2\n"]
BROKEN = [
    b"",
    b"\x00",
    b"PAR1",
    b"Obj\x01\x02",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"PK\x03\x04",
    b"[" * 2000,
]
FILES = st.sampled_from([*SOUND, *BROKEN]) | st.binary(max_size=40)
PARTS = st.text("ab=%é \U0001f600'\"", min_size=1, max_size=6) | st.sampled_from(
    ["year=2013", "=", "a=", "=b", "part-0.csv", ".hidden", "_SUCCESS"]
)
KEYS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.fixture
def made(glue: Any) -> Any:
    """Glue with the crawler ``c`` over the bucket."""
    glue.create("s3://raw/")
    return glue


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(KEYS, FILES, min_size=1, max_size=6))
def test_a_crawl_over_any_files_succeeds(made: Any, s3: Any, files: dict[str, bytes]) -> None:
    s3.buckets["raw"] = dict(files)
    last = made.crawl()
    assert last["Status"] == "SUCCEEDED", last
    for table in made.tables().values():
        names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
        assert len(names) == len(set(names))
        assert all(
            isinstance(column["Type"], str) for column in table["StorageDescriptor"]["Columns"]
        )
        made.partitions(table["Name"])
