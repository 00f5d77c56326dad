"""Catalog tables and files are read as the catalog and the options describe them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from awsglue import _run
from awsglue.job import Job

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

COLUMNS = [("carrier", "string"), ("code", "bigint"), ("delay", "double")]
HEADER = {"skip.header.line.count": "1"}


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.toDF().collect()), key=repr)


def put(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return f"file://{path}"


def table(glue_context: Any, name: str = "t", **options: Any) -> Any:
    return glue_context.create_dynamic_frame.from_catalog(database="db", table_name=name, **options)


def test_csv_comes_in_the_catalogs_names_and_types(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    text = '\ufeffCarrier,Code,Delay\nDL,11,-3.5\n"A, ""B""",x,\n,3\n\\N,4,1,extra\n'
    put(tmp_path / "a.csv", text)
    catalog.add("t", f"file://{tmp_path}/", COLUMNS, parameters=HEADER)
    frame = table(glue_context)
    assert frame.toDF().dtypes[1] == ("code", "struct<long:bigint,string:string>")
    mapped = frame.apply_mapping([(n, t, n, t) for n, t in COLUMNS])
    assert rows(mapped) == sorted(
        [("DL", 11, -3.5), ('A, "B"', None, None), ("", 3, None), (None, 4, 1.0)], key=repr
    )
    assert glue_context.create_data_frame.from_catalog(database="db", table_name="t").dtypes == [
        ("carrier", "string"),
        ("code", "bigint"),
        ("delay", "double"),
    ]


def test_a_value_of_another_type_is_kept_as_a_choice(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    put(tmp_path / "a.csv", "DL,11,1\nAA,1.5,2\nUA,x,\n,,\n")
    catalog.add("t", f"file://{tmp_path}", COLUMNS)
    frame = table(glue_context)
    assert list(frame.schema().getField("code").dataType.choices) == ["long", "string"]
    assert frame.schema().getField("delay").dataType.typeName() == "double"
    as_text = table(glue_context).resolveChoice(specs=[("code", "cast:string")])
    # No pass over the data was needed for that.
    assert as_text._undecided == {"delay": as_text._undecided["delay"]}
    assert [row["code"] for row in as_text.toDF().collect()] == ["11", "1.5", "x", None]
    after = frame.resolveChoice(specs=[("code", "cast:string")])
    assert [row["code"] for row in after.toDF().collect()] == ["11", "1.5", "x", None]
    numbers = frame.resolveChoice(specs=[("code", "project:long")])
    assert [row["code"] for row in numbers.toDF().collect()] == [11, None, None, None]
    bare = frame.filter(lambda r: r["code"] == "x" or r["code"] == 11)
    assert bare.count() == 2


def test_undecided_columns_pass_through_transforms(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    put(tmp_path / "a.csv", "DL,011,1\nAA,bad,2\n")
    catalog.add("t", f"file://{tmp_path}", COLUMNS)
    frame = table(glue_context)
    renamed = frame.rename_field("code", "key").drop_fields(["delay"])
    joined = renamed.join(["key"], ["code"], table(glue_context))
    # Keys meet as numbers, and a value that is none meets nothing.
    assert joined.toDF().columns == ["carrier", "key", ".carrier", "code", "delay"]
    assert rows(joined) == [("DL", 11, "DL", 11, 1.0)]
    assert frame._undecided.keys() == {"code", "delay"}
    mapped = frame.apply_mapping([("code", "long", "t", "string"), ("code", "long", "n", "int")])
    assert rows(mapped) == [("11", 11), ("bad", None)]


def test_csv_follows_its_serde(glue_context: Any, catalog: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "DL|11|-|\nAA|'1|2'|5\n")
    serde = {"field.delim": "|", "quoteChar": "'", "serialization.null.format": "-"}
    catalog.add("t", f"file://{tmp_path}", [(n, "string") for n, _ in COLUMNS], serde=serde)
    assert rows(table(glue_context)) == [("AA", "1|2", "5"), ("DL", "11", None)]
    open_csv = {"separatorChar": "|", "quoteChar": "'"}
    library = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    catalog.add("t", f"file://{tmp_path}", COLUMNS, serde=open_csv, library=library)
    texts = table(glue_context).resolveChoice(specs=[(n, "cast:string") for n, _ in COLUMNS])
    assert rows(texts) == [("AA", "1|2", "5.0"), ("DL", "11", "-")]


def test_partition_columns_have_the_catalogs_values_and_types(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    keys = [("day", "string"), ("hour", "int")]
    catalog.add("t", f"file://{tmp_path}", COLUMNS, keys)
    for day, hour in (("007", "1"), ("2024-01-02", "23")):
        folder = tmp_path / f"day={day}" / f"hour={hour}"
        put(folder / "a.csv", f"{day},1,1\n")
        catalog.add_partition("t", [day, hour], f"file://{folder}/")
    frame = table(glue_context)
    assert frame.toDF().dtypes[-2:] == [("day", "string"), ("hour", "int")]
    assert [row[3:] for row in rows(frame)] == [("007", 1), ("2024-01-02", 23)]


def test_partitions_may_lie_anywhere(glue_context: Any, catalog: Any, tmp_path: Path) -> None:
    catalog.add("t", f"file://{tmp_path}", COLUMNS, [("partition_0", "string")])
    for name in ("x", "y"):
        put(tmp_path / f"else {name}" / "a.csv", f"{name},1,1\n")
        catalog.add_partition("t", [name.upper()], f"file://{tmp_path}/else {name}")
    assert rows(table(glue_context)) == [("x", 1, 1.0, "X"), ("y", 1, 1.0, "Y")]


def test_predicates_choose_partitions(glue_context: Any, catalog: Any, tmp_path: Path) -> None:
    catalog.add("t", f"file://{tmp_path}", COLUMNS, [("day", "date"), ("n", "int")])
    for day, n in (("2024-01-01", "9"), ("2024-01-02", "10"), ("2024-01-03", "2")):
        put(tmp_path / day / "a.csv", f"{day},{n},1\n")
        catalog.add_partition("t", [day, n], f"file://{tmp_path}/{day}")
    # Compared as numbers and dates, not as texts.
    frame = table(glue_context, push_down_predicate="n > 8 and day > to_date('2024-01-01')")
    assert [row[0] for row in rows(frame)] == ["2024-01-02"]
    chosen = {"catalogPartitionPredicate": "n > 1"}
    table(glue_context, additional_options=chosen)
    assert catalog.expressions == ["", "n > 1"]
    assert rows(table(glue_context, push_down_predicate="n = 99")) == []


def test_a_frame_of_no_files_has_no_fields_and_a_dataframe_the_tables(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    catalog.add("t", f"file://{tmp_path}", COLUMNS, [("day", "string")])
    frame = table(glue_context)
    assert frame.toDF().columns == []
    assert frame.count() == 0
    as_text = frame.resolveChoice(specs=[("carrier", "cast:string"), ("code", "cast:string")])
    assert as_text.toDF().columns == []
    df = glue_context.create_data_frame.from_catalog(database="db", table_name="t")
    assert df.columns == ["carrier", "code", "delay", "day"]
    assert df.isEmpty()


def test_the_text_of_a_null_is_taken_as_it_is(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    null = "' OR \\'1"
    put(tmp_path / "a.csv", f"{null}|{null}|1\nx|2|{null}\n")
    serde = {"field.delim": "|", "serialization.null.format": null}
    catalog.add("t", f"file://{tmp_path}", COLUMNS, serde=serde)
    assert rows(table(glue_context)) == [("x", 2, None), (None, None, 1.0)]


def test_an_empty_file_and_one_of_a_header_have_no_rows(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    catalog.add("t", f"file://{tmp_path}", COLUMNS, parameters=HEADER)
    put(tmp_path / "empty.csv", "")
    put(tmp_path / "header.csv", "Carrier,Code,Delay\n")
    assert rows(table(glue_context)) == []


def test_json_fields_meet_columns_whatever_their_case(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    columns = [("carrierid", "string"), ("n", "bigint"), ("s", "struct<a:int,b:array<double>>")]
    catalog.add("t", f"file://{tmp_path}", columns, classification="json")
    put(tmp_path / "a.json", '{"CarrierId": "DL", "n": "7", "s": {"a": 1, "b": [1, 2.5]}}\n{}\n')
    found = rows(table(glue_context))
    assert found[0] == ("DL", 7, (1, [1.0, 2.5]))
    assert found[1] == (None, None, None)


def test_parquet_is_cast_to_the_catalogs_types(
    glue_context: Any, catalog: Any, tmp_path: Path, spark: Any
) -> None:
    df = spark.createDataFrame([("5", 1)], "Code string, other int")
    df.write.parquet(f"file://{tmp_path}/t")
    catalog.add("t", f"file://{tmp_path}/t", COLUMNS, classification="parquet")
    assert rows(table(glue_context)) == [(None, 5, None)]


def test_the_second_run_reads_only_new_files(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    catalog.add("t", f"file://{tmp_path}", COLUMNS)
    seen = []
    for name in ("a", "b", None):
        if name:
            put(tmp_path / f"{name}.csv", f"{name},1,1\n")
        frame = table(glue_context, transformation_ctx="src")
        seen.append([row[0] for row in rows(frame)])
        run.states.update(run.pending)
    assert seen == [["a"], ["b"], []]
    assert table(glue_context, transformation_ctx="src").toDF().columns == []


def test_bounded_runs_read_the_oldest_files(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    catalog.add("t", f"file://{tmp_path}", COLUMNS)
    for when, name in enumerate(("c", "b", "a")):
        put(tmp_path / f"{name}.csv", f"{name},1,1\n")
        os.utime(tmp_path / f"{name}.csv", (1_000_000 + when, 1_000_000 + when))
    frame = table(glue_context, additional_options={"boundedFiles": "2"})
    assert [row[0] for row in rows(frame)] == ["b", "c"]


def test_attach_filename_names_each_records_file(
    glue_context: Any, catalog: Any, tmp_path: Path
) -> None:
    path = put(tmp_path / "a b.csv", "x,1,1\n")
    catalog.add("t", f"file://{tmp_path}", COLUMNS)
    frame = table(glue_context, additional_options={"attachFilename": "origin"})
    assert rows(frame)[0][-1] == path


def options_read(glue_context: Any, path: Path, format: str | None, **options: Any) -> Any:  # noqa: A002
    connection = options.pop("connection", {})
    return glue_context.create_dynamic_frame.from_options(
        connection_type="file",
        connection_options={"paths": [f"file://{path}"], **connection},
        format=format,
        format_options=options,
    )


def test_csv_without_catalog_is_all_strings(glue_context: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.csv", 'n;t\n1;"a ""q"""\n2;\n')
    frame = options_read(glue_context, tmp_path, "csv", withHeader=True, separator=";")
    assert frame.toDF().dtypes == [("n", "string"), ("t", "string")]
    assert rows(frame) == [("1", 'a "q"'), ("2", "")]
    bare = options_read(glue_context, tmp_path, "csv", separator=";", skipFirst="true")
    assert bare.toDF().columns == ["col0", "col1"]
    assert bare.count() == 2


def test_csv_quoting_and_escaping_are_options(glue_context: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "'a\\'b','x\ny'\n")
    options = {"quoteChar": "'", "escaper": "\\", "multiLine": True}
    assert rows(options_read(glue_context, tmp_path, "csv", **options)) == [("a'b", "x\ny")]
    put(tmp_path / "a.csv", '"a,b"\n')
    assert rows(options_read(glue_context, tmp_path, "csv", quoteChar=-1)) == [('"a', 'b"')]


def test_folders_are_entered_when_asked(glue_context: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "1\n")
    put(tmp_path / "sub" / "b.csv", "2\n")
    assert rows(options_read(glue_context, tmp_path, "csv")) == [("1",)]
    deep = {"recurse": True, "exclusions": '["**/a.csv"]', "groupFiles": "inPartition"}
    assert rows(options_read(glue_context, tmp_path, "csv", connection=deep)) == [("2",)]


def test_the_documented_source_object_reads(glue_context: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.json", '{"a": 1}\n')
    source = glue_context.getSource("file", paths=[f"file://{tmp_path}"])
    source.setFormat("json")
    assert rows(source.getFrame()) == [(1,)]
    empty = glue_context.create_data_frame.from_options(
        "file", {"paths": [f"file://{tmp_path}/none"]}, format="json"
    )
    assert empty.count() == 0


def test_rdds_become_frames(glue_context: Any, spark: Any) -> None:
    records = spark.sparkContext.parallelize([{"a": 1}, {"a": "x"}], 1)
    frame = glue_context.create_dynamic_frame.from_rdd(records, "r")
    assert frame.schema().getField("a").dataType.typeName() == "choice"
    pairs = spark.sparkContext.parallelize([(1, "x")], 1)
    assert rows(glue_context.create_dynamic_frame.from_rdd(pairs, "p", "a int, b string")) == [
        (1, "x")
    ]


def test_what_would_be_ignored_is_refused(glue_context: Any, catalog: Any, tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "1\n")
    with pytest.raises(NotImplementedError, match="'xml' is not supported"):
        options_read(glue_context, tmp_path, "xml")
    with pytest.raises(NotImplementedError, match="rowTag"):
        options_read(glue_context, tmp_path, "csv", rowTag="x")
    with pytest.raises(NotImplementedError, match="oddity"):
        options_read(glue_context, tmp_path, "csv", connection={"oddity": 1})
    with pytest.raises(NotImplementedError, match="'kinesis' is not supported"):
        glue_context.create_dynamic_frame.from_options("kinesis", {})
    catalog.add("t", f"file://{tmp_path}", COLUMNS, parameters={"skip.header.line.count": "3"})
    with pytest.raises(NotImplementedError, match=r"skip\.header\.line\.count 3"):
        table(glue_context)
    with pytest.raises(ValueError, match="groupFiles"):
        options_read(glue_context, tmp_path, "csv", connection={"groupFiles": "yes"})


def test_a_missing_table_is_told_in_glues_words(glue_context: Any, catalog: Any) -> None:
    with pytest.raises(Exception, match="EntityNotFoundException"):
        table(glue_context, "absent")


def test_a_generated_script_runs_from_catalog_to_files(
    glue_context: Any, catalog: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "in" / "a.csv", "DL,1,2.5\n")
    catalog.add("t", f"file://{tmp_path}/in", COLUMNS)
    script = f"""
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.dynamicframe import DynamicFrame
from awsglue import DynamicFrame

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
src = glueContext.create_dynamic_frame.from_catalog(
    database="db", table_name="t", transformation_ctx="src")
mapped = ApplyMapping.apply(frame=src, mappings=[
    ("carrier", "string", "who", "string"), ("code", "long", "code", "int")],
    transformation_ctx="mapped")
glueContext.write_dynamic_frame.from_options(
    frame=mapped, connection_type="file",
    connection_options={{"path": "file://{tmp_path}/out", "partitionKeys": []}},
    format="json", transformation_ctx="sink")
job.commit()
"""
    monkeypatch.setattr("sys.argv", ["script.py", "--JOB_NAME", "load"])
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    exec(compile(script, "script.py", "exec"), {})
    assert Job.is_initialized()
    [part] = (tmp_path / "out").glob("*.json")
    assert part.read_text() == '{"who":"DL","code":1}\n'
