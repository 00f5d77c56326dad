"""Grouping of files to tables, as properties of every tree of files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etlocal.formats.hive_types import Column
from etlocal.formats.recognised import Recognised, unknown
from etlocal.glue.crawler.found import SeenFile
from etlocal.glue.crawler.grouping import Grouping, group

FLIGHTS = tuple(Column(name, "bigint") for name in "abcde")
OTHERS = tuple(Column(name, "string") for name in "vwxyz")
CSV = {"delimiter": ",", "serde": "LazySimpleSerDe", "quoted": "false", "header": "true"}
SHAPES = {
    "flights": Recognised("csv", FLIGHTS, records=3, record_size=10, details=CSV),
    "wider": Recognised("csv", (*FLIGHTS, Column("f", "date")), records=3, details=CSV),
    "others": Recognised("csv", OTHERS, records=3, record_size=10, details=CSV),
    "gzip": Recognised("csv", FLIGHTS, "gzip", records=3, record_size=10, details=CSV),
    "json": Recognised("json", FLIGHTS, records=3, record_size=10, details={"paths": "a"}),
    "header": Recognised("csv", FLIGHTS, certain=False, details=CSV, reason="too few rows"),
    "unknown": unknown("prose"),
    "empty": unknown("the file is empty"),
    "unread": None,
}
NAMES = st.sampled_from(["date=1", "date=2", "year=1", "x", "y"])
FILES = st.dictionaries(
    st.lists(NAMES, max_size=3).flatmap(
        lambda folders: st.sampled_from("pqrs").map(lambda name: (*folders, f"{name}.csv"))
    ),
    st.sampled_from(sorted(SHAPES)),
    min_size=1,
    max_size=14,
)


def files_of(found: Grouping, names: list[tuple[str, ...]]) -> int:
    """Count the files in tables, and check that each table is sound."""
    for table in found.tables:
        values = [tuple(table.values(folder)) for folder in table.folders if table.keys]
        assert len(set(values)) == len(values)
        assert len(set(table.keys)) == len(table.keys)
        for folder in table.folders:
            if not table.is_file:
                assert folder.path[: len(table.path)] == table.path
                assert len(folder.path) == len(table.path) + len(table.keys)
        if table.is_file:
            assert table.path in names
    return sum(folder.objects for table in found.tables for folder in table.folders)


@given(FILES, st.booleans(), st.none() | st.integers(0, 3))
def test_every_file_is_in_one_table_or_left_out_with_a_reason(
    files: dict[tuple[str, ...], str], combine: bool, level: int | None
) -> None:
    names = sorted(files)
    seen = [SeenFile(name, 30, SHAPES[files[name]]) for name in names]
    found = group(seen, combine=combine, table_level=level)

    left_out = [path for path, reason in found.left_out if reason]
    assert len(left_out) == len(found.left_out)
    assert len(set(left_out)) == len(left_out)
    assert set(left_out) <= set(names)
    assert files_of(found, names) + len(left_out) == len(names)
    roots = [(table.path, table.is_file) for table in found.tables]
    assert len(set(roots)) == len(roots)


@given(st.lists(NAMES, max_size=3, unique=True), st.integers(1, 5))
def test_files_of_one_schema_in_folders_of_one_depth_are_one_table(
    folders: list[str], count: int
) -> None:
    seen = [
        SeenFile((*folders, f"day={number}", "a.csv"), 30, SHAPES["flights"])
        for number in range(count)
    ]
    found = group(seen)

    assert len(found.tables) == 1
    assert found.left_out == []
    assert found.tables[0].path == ()
    assert len(found.tables[0].keys) == len(folders) + 1


@given(st.integers(1, 20), st.integers(0, 20))
def test_a_majority_of_more_than_seven_in_ten_makes_a_folder_one_table(many: int, few: int) -> None:
    seen = [
        SeenFile((f"{index:02}.csv",), 30, SHAPES["flights" if index < many else "others"])
        for index in range(many + few)
    ]
    tables = group(seen).tables
    one = max(many, few) > 0.7 * (many + few)

    assert len(tables) == (1 if one else many + few)
    assert all(table.is_file is not one for table in tables)


def test_columns_of_the_similar_folders_are_united_in_order() -> None:
    seen = [
        SeenFile(("date=1", "a.csv"), 30, SHAPES["flights"]),
        SeenFile(("date=2", "a.csv"), 30, SHAPES["wider"]),
    ]
    (table,) = group(seen).tables

    assert [column.name for column in table.shape.columns] == list("abcdef")
    assert [len(folder.shape.columns) for folder in table.folders] == [5, 6]
