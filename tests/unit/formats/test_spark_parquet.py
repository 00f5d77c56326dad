"""Parquet as Spark writes it: the crawler's types are the types that Spark says it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etlocal.formats.hive_types import render
from etlocal.formats.recognise import recognise

pytestmark = pytest.mark.spark

SELECT = """
SELECT 1 AS a, 2L AS b, 'x' AS c, TIMESTAMP '2024-01-01' AS t, DATE '2024-01-01' AS d,
       array(1, 2) AS l, array(named_struct('q', 1)) AS ls, map('k', array(1.5D)) AS m,
       CAST(1.5 AS DECIMAL(9, 2)) AS p, CAST(1.5 AS DECIMAL(30, 2)) AS wide,
       named_struct('x', 1, 'Y', array('a')) AS st, CAST(1 AS TINYINT) AS ti,
       CAST(1 AS SMALLINT) AS si, CAST(1.5 AS FLOAT) AS f, true AS bo,
       CAST('a' AS BINARY) AS bi, array(array(1)) AS aa
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of its own in the process's Spark, which is left to the test that started it."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    others = SparkContext._active_spark_context is not None
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    yield session.newSession()
    if not others:
        session.stop()


@pytest.mark.parametrize("legacy", ["false", "true"])
@pytest.mark.parametrize("timestamps", ["INT96", "TIMESTAMP_MICROS"])
def test_types_are_those_that_spark_wrote(
    spark: Any, tmp_path: Path, legacy: str, timestamps: str
) -> None:
    spark.conf.set("spark.sql.parquet.writeLegacyFormat", legacy)
    spark.conf.set("spark.sql.parquet.outputTimestampType", timestamps)
    frame = spark.sql(SELECT)
    frame.write.parquet(str(tmp_path / "out"))
    (file,) = (tmp_path / "out").glob("*.parquet")
    data = file.read_bytes()

    found = recognise(data, len(data))

    assert {column.name: render(column.type) for column in found.columns} == {
        field.name: field.dataType.simpleString() for field in frame.schema.fields
    }
