"""One small local Spark a test process, and stand-ins for the AWS clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    home = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[1]")
        .appName("awsglue-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.sql.warehouse.dir", str(home / "warehouse"))
        .config("spark.local.dir", str(home / "local"))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "768m")
        # What is compiled runs once: the first compiler is the faster one here.
        .config(
            "spark.driver.extraJavaOptions",
            f"-Dderby.stream.error.file={home}/derby.log -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        )
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def glue_context(spark: Any) -> Any:
    from awsglue.context import GlueContext

    return GlueContext(spark.sparkContext)


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    from awsglue import _aws, _run

    yield
    _run.end()
    for service in ("s3", "glue", "redshift-data", "secretsmanager"):
        _aws.use_client(service, None)


@pytest.fixture
def catalog() -> Any:
    from awsglue import _aws

    from .fakes import Catalog

    made = Catalog()
    _aws.use_client("glue", made)
    return made
