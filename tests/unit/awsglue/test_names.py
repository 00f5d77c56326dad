"""Field paths, type names and glob patterns are read as the documentation writes them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from awsglue import _globs, _paths, _types
from awsglue._listing import ListOptions, list_files, list_folders, split_s3
from pyspark.sql import types as spark_types


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("`a.b`.c", ("a.b", "c")),
        ("`.airport_id`", (".airport_id",)),
        (".airport_id", (".airport_id",)),
        ("myList[].price", ("myList", "[]", "price")),
        ("a[][].b", ("a", "[]", "[]", "b")),
        ("provider id", ("provider id",)),
    ],
)
def test_paths(text: str, path: tuple[str, ...]) -> None:
    assert _paths.parse(text) == path


@pytest.mark.parametrize("text", ["", "a.", "a..b", "`a", "`a`b", "."])
def test_bad_paths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ield path"):
        _paths.parse(text)


@pytest.mark.parametrize(
    ("name", "spark"),
    [
        ("long", "bigint"),
        ("bigint", "bigint"),
        ("int", "int"),
        ("string", "string"),
        ("varchar(20)", "string"),
        ("decimal(12,3)", "decimal(12,3)"),
        ("decimal", "decimal(10,2)"),
        ("array<struct<a:int,b-c:string>>", "array<struct<a:int,b-c:string>>"),
        ("map<string, double>", "map<string,double>"),
    ],
)
def test_type_names(name: str, spark: str) -> None:
    assert _types.parse(name).simpleString() == spark


@pytest.mark.parametrize("name", ["uniontype<int,string>", "struct<a int>", "array<int", "int x"])
def test_unknown_types_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Type"):
        _types.parse(name)


def test_hive_names_and_glue_names() -> None:
    dtype = spark_types.StructType([spark_types.StructField("a", spark_types.LongType())])
    assert _types.hive_name(dtype) == "struct<a:bigint>"
    assert _types.glue_name(spark_types.LongType()) == "long"
    assert _types.to_glue(dtype, frozenset()).jsonValue()["fields"][0]["name"] == "a"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("**.pdf", "a/b/c.pdf", True),
        ("*.pdf", "a/c.pdf", False),
        ("s3://b/2018/**", "s3://b/2018/x/y.csv", True),
        ("{a,b}?.csv", "b1.csv", True),
        ("[a-c]*", "dx", False),
        ("[!a]x", "bx", True),
        ("a.csv", "aXcsv", False),
    ],
)
def test_globs(pattern: str, path: str, matches: bool) -> None:
    assert _globs.matches(pattern, path) is matches


class S3:
    """A bucket's listing in two pages."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.asked: list[dict[str, str]] = []

    def get_paginator(self, name: str) -> S3:
        assert name == "list_objects_v2"
        return self

    def paginate(self, **arguments: str) -> Any:
        self.asked.append(arguments)
        found = [key for key in self.keys if key.startswith(arguments["Prefix"])]
        when = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        for part in (found[:2], found[2:]):
            yield {
                "Contents": [
                    {"Key": k, "LastModified": when, "Size": 3, "ETag": '"e"', **_class(k)}
                    for k in part
                ]
            }


def _class(key: str) -> dict[str, str]:
    return {"StorageClass": "GLACIER"} if "cold" in key else {}


def listed(s3: S3, path: str, **options: Any) -> list[str]:
    return [f.path for f in list_files(path, ListOptions.from_options(options), lambda: s3)]


def test_a_prefix_is_a_folder_not_a_beginning() -> None:
    s3 = S3("raw/a.csv", "rawdata/b.csv", "raw/", "raw/sub/c.csv")
    assert listed(s3, "s3://b/raw") == ["s3://b/raw/a.csv"]
    assert s3.asked == [{"Bucket": "b", "Prefix": "raw"}]


def test_recurse_goes_into_folders_and_skips_what_spark_hides() -> None:
    s3 = S3("raw/a.csv", "raw/x/_temporary/0.csv", "raw/_SUCCESS", "raw/.x.crc", "raw/d=1/b.csv")
    expected = ["s3a://b/raw/a.csv", "s3a://b/raw/d=1/b.csv"]
    assert listed(s3, "s3a://b/raw/", recurse="true") == expected


def test_a_purge_takes_hidden_files_as_well() -> None:
    options = ListOptions(recurse=True, hidden=True)
    s3 = S3("out/_SUCCESS", "out/", "out/a/b.csv")
    found = [file.path for file in list_files("s3://b/out/", options, lambda: s3)]
    assert found == ["s3://b/out/_SUCCESS", "s3://b/out/", "s3://b/out/a/b.csv"]


KEYS = ("raw/d=1/a.csv", "raw/d=10/b.csv", "raw/d=2/_x", "raw/d=2/s/c.csv", "raw/z.csv")


@pytest.mark.parametrize("recurse", [False, True])
def test_the_folders_of_a_table_are_listed_by_one_request_as_each_by_its_own(
    recurse: bool,
) -> None:
    s3 = S3(*KEYS)
    folders = ["s3://b/raw/d=1", "s3://b/raw/d=2/", "s3://b/raw/d=10/"]
    options = ListOptions(recurse=recurse)
    together = list_folders(folders, "s3://b/raw", options, lambda: s3)
    assert s3.asked == [{"Bucket": "b", "Prefix": "raw"}]
    assert together == [list(list_files(folder, options, lambda: s3)) for folder in folders]
    assert [len(files) for files in together] == [1, int(recurse), 1]


def test_folders_elsewhere_are_listed_one_by_one() -> None:
    s3 = S3("raw/d=1/a.csv", "moved/b.csv")
    folders = ["s3://b/raw/d=1", "s3://b/moved"]
    found = list_folders(folders, "s3://b/raw/", ListOptions(), lambda: s3)
    assert [[file.path for file in files] for files in found] == [
        ["s3://b/raw/d=1/a.csv"],
        ["s3://b/moved/b.csv"],
    ]


def test_a_path_may_name_one_file_or_hold_a_pattern() -> None:
    s3 = S3("raw/a.csv", "raw/a.csv.bak", "raw/b=1/c.csv", "raw/b=2/c.csv")
    assert listed(s3, "s3://b/raw/a.csv") == ["s3://b/raw/a.csv"]
    assert listed(s3, "s3://b/raw/b=*/") == ["s3://b/raw/b=1/c.csv", "s3://b/raw/b=2/c.csv"]


def test_exclusions_match_whole_and_relative_paths() -> None:
    s3 = S3("raw/a.csv", "raw/a.pdf", "raw/old/b.csv")
    options = {"recurse": True, "exclusions": '["**.pdf", "old/**"]'}
    assert listed(s3, "s3://b/raw", **options) == ["s3://b/raw/a.csv"]


def test_archived_objects_are_left_out() -> None:
    assert listed(S3("raw/cold.csv", "raw/a.csv"), "s3://b/raw") == ["s3://b/raw/a.csv"]


def test_options_of_the_wrong_form_are_refused() -> None:
    with pytest.raises(ValueError, match="exclusions must be a JSON list"):
        listed(S3(), "s3://b/raw", exclusions="*.pdf")
    with pytest.raises(ValueError, match="recurse must be true or false"):
        listed(S3(), "s3://b/raw", recurse="maybe")
    with pytest.raises(ValueError, match="not an S3 path"):
        split_s3("gs://b/k")


def test_local_folders_are_listed_alike(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "sub" / "b.csv").write_text("y")
    options = ListOptions()
    found = [f.path for f in list_files(f"file://{tmp_path}", options, lambda: None)]
    assert found == [f"file://{tmp_path}/a.csv"]
