"""Custom classifiers: as resources, and what a crawl makes of files by them."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.aws.errors import AwsError

HEADERLESS = "DL;2024-01-01;'a;b'\nAA;2024-01-02;'c'\n"


def test_classifiers_are_kept_updated_listed_and_deleted(glue: Any) -> None:
    glue("CreateClassifier", CsvClassifier={"Name": "semicolon", "Delimiter": ";"})
    glue("CreateClassifier", JsonClassifier={"Name": "items", "JsonPath": "$.items[*]"})
    glue("UpdateClassifier", CsvClassifier={"Name": "semicolon", "ContainsHeader": "ABSENT"})

    shown = glue("GetClassifier", Name="semicolon")["Classifier"]["CsvClassifier"]
    assert (shown["Delimiter"], shown["ContainsHeader"], shown["Version"]) == (";", "ABSENT", 2)
    assert shown["LastUpdated"] >= shown["CreationTime"]
    first = glue("GetClassifiers", MaxResults=1)
    assert list(first["Classifiers"][0]) == ["JsonClassifier"]
    second = glue("GetClassifiers", MaxResults=1, NextToken=first["NextToken"])
    assert list(second["Classifiers"][0]) == ["CsvClassifier"]
    assert "NextToken" not in second
    glue("DeleteClassifier", Name="semicolon")
    with pytest.raises(AwsError) as caught:
        glue("GetClassifier", Name="semicolon")
    assert caught.value.code == "EntityNotFoundException"


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        ({}, "InvalidInputException", "Exactly one"),
        (
            {"GrokClassifier": {"Name": "g", "Classification": "x", "GrokPattern": "%{WORD}"}},
            "NotImplemented",
            "GrokClassifier",
        ),
        (
            {"XMLClassifier": {"Name": "x", "Classification": "x", "RowTag": "row"}},
            "NotImplemented",
            "XMLClassifier",
        ),
        ({"JsonClassifier": {"Name": "j", "JsonPath": "$..a"}}, "InvalidInputException", "$..a"),
        (
            {"CsvClassifier": {"Name": "c", "Delimiter": ";", "QuoteSymbol": ";"}},
            "InvalidInputException",
            "differ",
        ),
        (
            {"CsvClassifier": {"Name": "c", "CustomDatatypes": ["MONEY"]}},
            "InvalidInputException",
            "MONEY",
        ),
        ({"CsvClassifier": {"Name": "c", "Header": ["a", "A"]}}, "InvalidInputException", "twice"),
    ],
)
def test_classifiers_not_valid_or_not_emulated_are_refused(
    glue: Any, request_: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(AwsError) as caught:
        glue("CreateClassifier", **request_)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_csv_classifier_decides_header_names_types_and_serde(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", HEADERLESS)
    glue(
        "CreateClassifier",
        CsvClassifier={
            "Name": "own",
            "Delimiter": ";",
            "QuoteSymbol": "'",
            "ContainsHeader": "ABSENT",
            "Header": ["Carrier", "Day", "Note"],
            "CustomDatatypeConfigured": True,
            "CustomDatatypes": ["STRING", "DATE", "STRING"],
        },
    )
    glue.create(Classifiers=["own"])
    glue.crawl()

    assert glue.columns("flights") == {"carrier": "string", "day": "date", "note": "string"}
    table = glue.tables()["flights"]
    assert "skip.header.line.count" not in table["Parameters"]
    assert table["Parameters"]["areColumnsQuoted"] == "true"
    assert table["StorageDescriptor"]["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
        "Parameters": {"separatorChar": ";", "quoteChar": "'"},
    }


def test_a_csv_classifier_takes_a_header_over_strings_that_the_built_in_does_not(
    glue: Any, s3: Any
) -> None:
    s3.put("s3://raw/flights/a.csv", "name,city\nx,y\nz,w\n")
    glue.create()
    glue.crawl()
    assert list(glue.columns("flights")) == ["col0", "col1"]

    glue("CreateClassifier", CsvClassifier={"Name": "headed", "ContainsHeader": "PRESENT"})
    glue("UpdateCrawler", Name="c", Classifiers=["headed"])
    glue.crawl()
    assert list(glue.columns("flights")) == ["name", "city"]


def test_a_single_column_is_a_table_when_the_classifier_allows_it(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", "id\n1\n2\n")
    glue("CreateClassifier", CsvClassifier={"Name": "one", "AllowSingleColumn": True})
    glue.create(Classifiers=["one"])
    glue.crawl()

    assert glue.columns("flights") == {"id": "bigint"}


def test_a_json_classifier_reads_the_records_under_its_path(glue: Any, s3: Any) -> None:
    body = '{"batch": 7, "items": [{"id": 1, "name": "a"}, {"id": 2, "tags": ["x"]}]}'
    s3.put("s3://raw/flights/a.json", body)
    glue("CreateClassifier", JsonClassifier={"Name": "items", "JsonPath": "$.items[*]"})
    glue.create(Classifiers=["items"])
    glue.crawl()

    assert glue.columns("flights") == {"id": "int", "name": "string", "tags": "array<string>"}
    table = glue.tables()["flights"]
    assert table["Parameters"]["jsonPath"] == "$.items[*]"
    assert table["Parameters"]["recordCount"] == "2"


def test_the_first_classifier_that_recognises_a_file_wins(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", "a;b\n1;2\n3;4\n")
    for name, header in (("json", None), ("headed", "PRESENT"), ("headless", "ABSENT")):
        if header is None:
            glue("CreateClassifier", JsonClassifier={"Name": name, "JsonPath": "$[*]"})
        else:
            glue("CreateClassifier", CsvClassifier={"Name": name, "ContainsHeader": header})
    glue.create(Classifiers=["json", "headless", "headed"])
    glue.crawl()

    assert list(glue.columns("flights")) == ["col0", "col1"]
