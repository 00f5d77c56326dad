"""Schema-less data keeps its types, and choices are resolved as asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from awsglue.gluetypes import ChoiceType
from awsglue.transforms import ResolveChoice, Unbox

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

LINES = """\
{"id": 1, "price": 5, "s": {"c": 1.5}, "l": [{"p": 1}], "t": "x"}
{"id": "two", "price": 2.5, "s": {"c": 2}, "t": null}
{"id": {"z": 1}, "price": 7}
not json

{"id": [1, 2], "price": null, "t": "2024-01-01"}
"""


@pytest.fixture(scope="module")
def mixed(glue_context: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "a.json").write_text(LINES)
    return read(glue_context, folder)


def read(glue_context: Any, path: Path, **options: Any) -> Any:
    return glue_context.create_dynamic_frame.from_options(
        connection_type="file",
        connection_options={"paths": [f"file://{path}"]},
        format="json",
        format_options=options,
    )


def values(frame: Any, name: str) -> list[Any]:
    return [row[name] for row in frame.toDF().collect()]


def test_mixed_json_fields_are_choices(mixed: Any) -> None:
    kinds = {field.name: field.dataType for field in mixed.schema()}
    assert isinstance(kinds["id"], ChoiceType)
    assert list(kinds["id"].choices) == ["int", "struct", "array", "string"]
    assert list(kinds["price"].choices) == ["int", "double"]
    assert list(kinds["s"].getField("c").dataType.choices) == ["int", "double"]
    assert kinds["t"].typeName() == "string"


def test_lines_that_are_no_record_become_errors(mixed: Any) -> None:
    assert mixed.count() == 4
    assert mixed.errorsCount() == 1
    assert values(mixed.errorsAsDynamicFrame(), "error")[0]["input"] == "not json"


def test_an_unresolved_choice_is_a_struct_in_a_dataframe(mixed: Any) -> None:
    price = mixed.toDF().schema["price"].dataType.simpleString()
    assert price == "struct<int:int,double:double>"
    found = [tuple(value) if value else None for value in values(mixed, "price")]
    assert found == [(5, None), (None, 2.5), (7, None), None]


def test_choices_are_cast_and_projected(mixed: Any) -> None:
    cast = mixed.resolveChoice(specs=[("price", "cast:int"), ("id", "cast:string")])
    assert values(cast, "price") == [5, 2, 7, None]
    assert values(cast, "id") == ["1", "two", '{"z":1}', "[1,2]"]
    projected = mixed.resolveChoice(specs=[("price", "project:double"), ("s.c", "cast:string")])
    assert values(projected, "price") == [5.0, 2.5, 7.0, None]
    assert [s and s["c"] for s in values(projected, "s")] == ["1.5", "2", None, None]


def test_choices_become_columns_or_structs(mixed: Any) -> None:
    columns = ResolveChoice.apply(mixed, specs=[("price", "make_cols")])
    assert "price_int" in columns.toDF().columns
    assert values(columns, "price_double") == [None, 2.5, None, None]
    every = mixed.resolveChoice(choice="make_cols").toDF()
    assert {"id_int", "id_string", "price_int"} <= set(every.columns)
    structs = mixed.resolveChoice(choice="make_struct")
    assert structs.schema().getField("price").dataType.typeName() == "struct"


def test_a_cast_is_good_for_single_types_too(mixed: Any) -> None:
    assert values(mixed.resolveChoice(specs=[("t", "cast:date")]), "t")[0] is None
    assert str(values(mixed.resolveChoice(specs=[("t", "cast:date")]), "t")[3]) == "2024-01-01"


def test_the_catalog_decides_types(mixed: Any, catalog: Any) -> None:
    catalog.add("t", "", [("id", "string"), ("price", "decimal(6,2)")])
    chosen = mixed.resolveChoice(choice="match_catalog", database="db", table_name="t")
    assert [str(value) for value in values(chosen, "price")] == ["5.00", "2.50", "7.00", "None"]
    assert chosen.schema().getField("id").dataType.typeName() == "string"
    with pytest.raises(ValueError, match="needs database and table_name"):
        mixed.resolveChoice(choice="match_catalog")


def test_elements_of_arrays_are_cast(glue_context: Any, spark: Any) -> None:
    from awsglue import DynamicFrame

    df = spark.createDataFrame([([("$1",), ("2.5",)],)], "myList array<struct<price:string>>")
    frame = DynamicFrame.fromDF(df, glue_context, "f")
    cast = frame.resolveChoice(specs=[("myList[].price", "cast:double")])
    assert [item["price"] for item in values(cast, "myList")[0]] == [None, 2.5]


def test_wrong_resolutions_are_refused(mixed: Any) -> None:
    with pytest.raises(ValueError, match="either specs or choice"):
        mixed.resolveChoice()
    with pytest.raises(ValueError, match="either specs or choice"):
        mixed.resolveChoice(specs=[("id", "cast:int")], choice="make_cols")
    with pytest.raises(ValueError, match="action 'mk_cols' is unknown"):
        mixed.resolveChoice(specs=[("id", "mk_cols")])
    with pytest.raises(ValueError, match="cannot be projected to 'date'"):
        mixed.resolveChoice(specs=[("id", "project:date")])


def test_mapping_reads_a_choice_whichever_type_it_has(mixed: Any) -> None:
    mapped = mixed.apply_mapping([("price", "double", "p", "double"), ("id", "int", "i", "long")])
    assert values(mapped, "p") == [5.0, 2.5, 7.0, None]
    assert values(mapped, "i") == [1, None, None, None]


def test_functions_see_the_bare_value_of_a_choice(mixed: Any) -> None:
    kept = mixed.filter(lambda r: isinstance(r["id"], str) or r["id"] == 1)
    assert kept.count() == 2


def test_whole_numbers_are_int_until_one_is_long(glue_context: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"i": 1, "l": 1}\n{"i": 2, "l": 5000000000}\n')
    kinds = {f.name: f.dataType.typeName() for f in read(glue_context, tmp_path).schema()}
    assert kinds == {"i": "int", "l": "long"}


def test_arrays_of_records_and_documents_over_lines(glue_context: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": 1},\n {"a": 2}]')
    (tmp_path / "b.json").write_text('{\n "a": 3\n}\n{"a":\n4}')
    frame = read(glue_context, tmp_path, multiline=True)
    assert sorted(values(frame, "a")) == [1, 2, 3, 4]


def test_a_json_path_finds_records_inside(glue_context: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"records": [{"a": 1}, {"a": 2}]}\n{"records": [{"a": 3}]}\n')
    frame = read(glue_context, tmp_path, jsonPath="$.records[*]")
    assert values(frame, "a") == [1, 2, 3]
    with pytest.raises(NotImplementedError, match="wildcard"):
        read(glue_context, tmp_path, jsonPath="$.*.a")


def test_text_is_unboxed(glue_context: Any, spark: Any) -> None:
    from awsglue import DynamicFrame

    df = spark.createDataFrame([('{"a": 1}',), (None,)], "t string")
    frame = DynamicFrame.fromDF(df, glue_context, "f")
    assert [t and t["a"] for t in values(Unbox.apply(frame, "t", "json"), "t")] == [1, None]
    with pytest.raises(NotImplementedError, match="csv"):
        frame.unbox("t", "csv", separator="|")
