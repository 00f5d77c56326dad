"""The transforms do to records what the AWS Glue Developer Guide says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import awsglue.transforms as transforms
import pytest
from awsglue import DynamicFrame, DynamicFrameCollection
from awsglue.dynamicframe import DynamicFrameError
from awsglue.transforms import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    ErrorsAsDynamicFrame,
    EvaluateDataQuality,
    Filter,
    FlatMap,
    Join,
    Map,
    MapToCollection,
    Relationalize,
    RenameField,
    SelectFields,
    SelectFromCollection,
    Spigot,
    SplitFields,
    SplitRows,
    Union,
    UnnestFrame,
)

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

Make = Callable[..., Any]


@pytest.fixture
def frame(spark: Any, glue_context: Any) -> Make:
    def make(rows: list[Any], schema: str) -> Any:
        return DynamicFrame.fromDF(spark.createDataFrame(rows, schema), glue_context, "f")

    return make


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.toDF().collect()), key=repr)


def plan(frame: Any) -> str:
    return str(frame.toDF()._jdf.queryExecution().toString())


def test_mapping_chooses_renames_and_casts(frame: Make) -> None:
    source = frame([("DL", "7", "x", 1.9)], "carrier string, n string, bad string, d double")
    mapped = ApplyMapping.apply(
        frame=source,
        mappings=[
            ("n", "string", "number", "long"),
            ("bad", "string", "bad", "int"),
            ("carrier", "string", "who.code", "string"),
            ("d", "double", "price", "decimal(5,2)"),
        ],
        transformation_ctx="m",
    )
    assert mapped.toDF().columns == ["number", "bad", "who", "price"]
    assert rows(mapped) == [(7, None, ("DL",), Decimal("1.90"))]
    assert mapped.schema().getField("number").dataType.typeName() == "long"


def test_texts_that_are_no_whole_numbers_become_null(frame: Make) -> None:
    source = frame([("1.5",), (" 7 ",), ("-3",), ("99999999999",)], "t string")
    assert rows(source.apply_mapping([("t", "string", "t", "int")])) == [
        (-3,),
        (7,),
        (None,),
        (None,),
    ]


def test_mapping_reads_nested_and_dotted_names(frame: Make) -> None:
    source = frame([((1, ("x",)), 5)], "a struct<b:int,c:struct<d:string>>, `.id` int")
    mapped = source.apply_mapping(
        [
            ("a.b", "int", "b", "int"),
            ("a.c.d", "string", "`d.d`", "string"),
            ("`.id`", "int", "id", "long"),
        ]
    )
    assert mapped.toDF().columns == ["b", "d.d", "id"]
    assert rows(mapped) == [(1, "x", 5)]


def test_mapping_leaves_out_what_the_frame_lacks(frame: Make) -> None:
    mapped = frame([(1,)], "a int").apply_mapping(
        [("a", "int", "a", "int"), ("zz", "int", "z", "int")]
    )
    assert mapped.toDF().columns == ["a"]


def test_mapping_refuses_what_is_ambiguous(frame: Make) -> None:
    source = frame([(1,)], "a int")
    with pytest.raises(ValueError, match="named twice"):
        source.apply_mapping([("a", "int", "x", "int"), ("a", "int", "x", "int")])
    with pytest.raises(ValueError, match="a mapping is"):
        source.apply_mapping([("a", "int", "x")])


def test_mapping_turns_structures_into_json_text(frame: Make) -> None:
    source = frame([((1, "x"), [1, 2])], "s struct<a:int,b:string>, l array<int>")
    mapped = source.apply_mapping(
        [("s", "struct", "s", "string"), ("l", "array", "l", "string"), ("s", "struct", "i", "int")]
    )
    assert rows(mapped) == [('{"a":1,"b":"x"}', "[1,2]", None)]


def test_join_keeps_both_keys_and_dots_the_right_sides_names(frame: Make) -> None:
    left = frame([(1, "a"), (2, "b"), (None, "c")], "id bigint, v string")
    right = frame([(1, "x"), (1, "y"), (None, "z")], "id bigint, w string")
    joined = Join.apply(left, right, ["id"], ["id"], "j")
    assert joined.toDF().columns == ["id", "v", ".id", "w"]
    assert rows(joined) == [(1, "a", 1, "x"), (1, "a", 1, "y")]


def test_join_meets_the_same_frame_twice(frame: Make) -> None:
    codes = frame([(1, "one"), (2, "two")], "id int, name string")
    pairs = frame([(1, 2)], "a int, b int")
    first = Join.apply(frame1=pairs, frame2=codes, keys1=["a"], keys2=["id"])
    both = Join.apply(frame1=first, frame2=codes, keys1=["b"], keys2=["id"])
    assert both.toDF().columns == ["a", "b", "id", "name", ".id", ".name"]
    assert rows(both) == [(1, 2, 1, "one", 2, "two")]
    itself = codes.join(["id"], ["id"], codes)
    assert rows(itself) == [(1, "one", 1, "one"), (2, "two", 2, "two")]


def test_join_names_a_missing_key(frame: Make) -> None:
    with pytest.raises(ValueError, match="no field 'zz'; the frame has a"):
        frame([(1,)], "a int").join(["zz"], ["a"], frame([(1,)], "a int"))


def test_the_frequent_path_needs_no_python_worker(frame: Make) -> None:
    left = frame([(1, "a")], "id bigint, v string")
    joined = Join.apply(left, left, ["id"], ["id"])
    mapped = ApplyMapping.apply(
        joined, [("`.id`", "long", "i", "int"), ("v", "string", "v", "int")]
    )
    assert "Python" not in plan(
        mapped.drop_fields(["v"]).rename_field("i", "j").select_fields(["j"])
    )


def test_fields_are_selected_dropped_and_renamed(frame: Make) -> None:
    source = frame([((1, 2), 3)], "s struct<a:int,b:int>, c int")
    assert rows(SelectFields.apply(source, ["s.a", "zz"])) == [((1,),)]
    assert rows(DropFields.apply(source, ["s.a", "zz"])) == [((2,), 3)]
    assert rows(DropFields.apply(source, ["s.a", "s.b"])) == [(3,)]
    renamed = RenameField.apply(source, "s.a", "s.z")
    assert renamed.toDF().schema.simpleString() == "struct<s:struct<z:int,b:int>,c:int>"
    moved = source.rename_field("s.a", "top")
    assert sorted(moved.toDF().columns) == ["c", "s", "top"]
    assert source.rename_field("nope", "x").toDF().columns == ["s", "c"]


def test_dotted_names_are_renamed_in_backticks(frame: Make) -> None:
    source = frame([(1,)], "`this.old.name` int")
    assert source.rename_field("`this.old.name`", "thisNewName").toDF().columns == ["thisNewName"]
    assert source.rename_field("this.old.name", "x").toDF().columns == ["this.old.name"]


def test_fields_that_are_null_everywhere_are_dropped(frame: Make) -> None:
    source = frame([(1, None), (None, None)], "a int, `b.b` string")
    assert DropNullFields.apply(source).toDF().columns == ["a"]
    assert DropNullFields.apply(frame([], "a int")).toDF().columns == ["a"]


def test_filter_takes_missing_fields_for_false_and_other_errors_for_records(frame: Make) -> None:
    source = frame([(1,), (0,), (5,)], "a int")
    assert rows(Filter.apply(source, lambda r: r["a"] > 0)) == [(1,), (5,)]
    assert rows(source.filter(lambda r: r["b"] > 0)) == []
    divided = source.filter(lambda r: 10 / r["a"] > 4, info="halves")
    assert rows(divided) == [(1,)]
    assert (divided.stageErrorsCount(), divided.errorsCount()) == (1, 1)
    [error] = ErrorsAsDynamicFrame.apply(divided).toDF().collect()
    assert error["error"]["msg"] == "division by zero"
    assert error["error"]["callsite"] == "halves"
    assert error["error"]["dynamicRecord"] == '{"a": 0}'


def test_map_finds_the_types_of_what_it_makes(frame: Make) -> None:
    source = frame([(1, 2.5, 10**12)], "a int, d double, l bigint")
    made = Map.apply(source, lambda r: {**r, "n": {"x": [1]}, "big": 2**40, "t": True})
    kinds = {field.name: field.dataType.typeName() for field in made.schema()}
    assert kinds == {
        "a": "int", "d": "double", "l": "long", "n": "struct", "big": "long", "t": "boolean",
    }  # fmt: skip
    assert rows(made) == [(1, 2.5, 10**12, ([1],), 2**40, True)]


def test_map_makes_a_choice_of_mixed_types(frame: Make) -> None:
    made = frame([(1,), (2,)], "a int").map(lambda r: {"v": r["a"] if r["a"] == 1 else "two"})
    assert made.schema().getField("v").dataType.typeName() == "choice"
    assert rows(made.resolveChoice(specs=[("v", "cast:string")])) == [("1",), ("two",)]


def test_map_returning_none_makes_error_records_that_thresholds_count(frame: Make) -> None:
    source = frame([(1,), (2,), (3,)], "a int")

    def odd(record: dict[str, int]) -> dict[str, int] | None:
        return record if record["a"] % 2 else None

    made = source.map(odd)
    assert rows(made) == [(1,), (3,)]
    assert made.errorsCount() == 1
    with pytest.raises(DynamicFrameError, match="1 error records"):
        made.assertErrorThreshold()
    with pytest.raises(DynamicFrameError, match="stageThreshold of 1"):
        source.map(odd, stageThreshold=1)
    with pytest.raises(DynamicFrameError, match="totalThreshold of 1"):
        made.filter(lambda r: True, totalThreshold=1)
    assert made.select_fields(["a"]).stageErrorsCount() == 0
    assert made.select_fields(["a"]).errorsCount() == 1


def test_flat_map_of_a_frame_makes_several_records(frame: Make) -> None:
    made = frame([(2,)], "a int").flatMap(lambda r: [{"i": i} for i in range(r["a"])])
    assert rows(made) == [(0,), (1,)]


def test_union_fills_missing_fields_and_makes_choices(frame: Make) -> None:
    one, two = frame([(1, "x")], "a int, b string"), frame([("y", 1.5)], "a string, c double")
    both = Union.apply(one, two)
    assert both.toDF().columns == ["a", "b", "c"]
    assert both.schema().getField("a").dataType.typeName() == "choice"
    assert rows(both.resolveChoice(choice="project:string")) == [("1", "x", None), ("y", None, 1.5)]


def test_merge_takes_the_staged_records_for_equal_keys(frame: Make) -> None:
    base = frame([(1, "old"), (1, "dup"), (2, "kept"), (None, "n")], "id int, v string")
    stage = frame([(1, "new"), (None, "m")], "id int, v string")
    merged = base.mergeDynamicFrame(stage, ["id"])
    assert rows(merged) == [(1, "new"), (2, "kept"), (None, "m")]


def test_frames_are_split(frame: Make) -> None:
    source = frame([(5, "a"), (15, "b"), (None, "c")], "age int, n string")
    by_field = SplitFields.apply(source, ["age"], "left", "right")
    assert by_field["left"].toDF().columns == ["age"]
    assert by_field["right"].toDF().columns == ["n"]
    by_row = SplitRows.apply(source, {"age": {">": 10, "<": 20}}, "in", "out")
    assert rows(by_row["in"]) == [(15, "b")]
    assert rows(by_row["out"]) == [(5, "a"), (None, "c")]
    assert set(by_row.keys()) == {"in", "out"}
    with pytest.raises(ValueError, match="no comparator"):
        source.split_rows({"age": {"~": 1}}, "a", "b")


def test_nested_records_become_tables(frame: Make) -> None:
    source = frame(
        [(1, ("x",), [("p", 1), ("q", 2)]), (2, None, [])],
        "id int, s struct<a:string>, l array<struct<k:string,v:int>>",
    )
    tables = Relationalize.apply(source, "s3://b/tmp/", "root")
    assert set(tables.keys()) == {"root", "root_l"}
    root, child = tables["root"].toDF(), tables["root_l"].toDF()
    assert root.columns == ["id", "s.a", "l"]
    assert child.columns == ["id", "index", "l.val.k", "l.val.v"]
    joined = root.join(child, root["l"] == child["id"]).select("`s.a`", "index", "`l.val.k`")
    assert sorted(map(tuple, joined.collect())) == [("x", 0, "p"), ("x", 1, "q")]
    assert UnnestFrame.apply(source).toDF().columns == ["id", "s.a", "l"]


def test_collections_are_chosen_from_and_mapped(frame: Make, glue_context: Any) -> None:
    one, two = frame([(1, 1)], "a int, b int"), frame([(2, 2)], "a int, c int")
    both = DynamicFrameCollection({"one": one, "two": two}, glue_context)
    assert SelectFromCollection.apply(both, "two") is two
    dropped = FlatMap.apply(both, DropFields, "frame", paths=["a"])
    assert [dropped[name].toDF().columns for name in dropped] == [["b"], ["c"]]
    chosen = MapToCollection.apply(both, lambda f, ctx: f.select_fields(["a"]), "ctx")
    assert [chosen[name].toDF().columns for name in chosen] == [["a"], ["a"]]


def test_a_spigot_writes_samples_on_the_way(frame: Make, tmp_path: Any, spark: Any) -> None:
    source = frame([(1,), (2,), (3,)], "a int")
    same = Spigot.apply(source, f"file://{tmp_path}/s", {"topk": 2})
    assert same.count() == 3
    assert spark.read.json(f"file://{tmp_path}/s").count() == 2


def test_schema_and_records_are_printed_as_glue_prints_them(
    frame: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    source = frame([(1, [("x",)])], "id bigint, l array<struct<a:string>>")
    source.printSchema()
    source.show(1)
    assert capsys.readouterr().out.splitlines() == [
        "root",
        "|-- id: long",
        "|-- l: array",
        "|    |-- element: struct",
        "|    |    |-- a: string",
        '{"id": 1, "l": [{"a": "x"}]}',
    ]


def test_what_is_not_supported_says_so(frame: Make, glue_context: Any) -> None:
    source = frame([(1,)], "a int")
    with pytest.raises(NotImplementedError, match="EvaluateDataQuality"):
        EvaluateDataQuality.apply(frame=source, ruleset="Rules = []")
    with pytest.raises(NotImplementedError, match="forEachBatch"):
        glue_context.forEachBatch(source)
    with pytest.raises(AttributeError, match="no 'begin_transaction'"):
        glue_context.begin_transaction()
    with pytest.raises(TypeError, match="does not take path"):
        source.drop_fields(["a"], path=["a"])


def test_everything_that_is_documented_is_imported_by_star() -> None:
    documented = {
        "ApplyMapping", "DropFields", "DropNullFields", "ErrorsAsDynamicFrame", "Filter", "FlatMap",
        "Join", "Map", "MapToCollection", "Relationalize", "RenameField", "ResolveChoice",
        "SelectFields", "SelectFromCollection", "Spigot", "SplitFields", "SplitRows", "Unbox",
        "UnnestFrame", "EvaluateDataQuality",
    }  # fmt: skip
    assert documented <= set(transforms.__all__)
    assert ApplyMapping.describeArgs()[0]["name"] == "frame"
