"""Whole crawls of S3: from objects to the catalog's tables and partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FLIGHTS = "Carrier,OriginAirportID,DepDelay\nDL,11433,-3\nAA,13303,\nUA,12478,7\n"


def test_hive_style_folders_become_partitions_of_one_table(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/date=2024-01-02/b.csv", FLIGHTS)
    glue.create()

    last = glue.crawl()

    assert last["Status"] == "SUCCEEDED"
    assert list(glue.tables()) == ["flights"]
    table = glue.tables()["flights"]
    assert table["PartitionKeys"] == [{"Name": "date", "Type": "string"}]
    assert glue.columns("flights") == {
        "carrier": "string",
        "originairportid": "bigint",
        "depdelay": "bigint",
    }
    assert list(glue.partitions("flights")) == [("2024-01-01",), ("2024-01-02",)]
