"""Spark alone, to compare with: the pipeline's transform in one session, on files of this machine.

This module is both ends: `SparkSession` in the benchmark starts it as a script in the worker's own
environment, where it starts a JVM exactly as the worker does (the same settings, options, jars and
archive of classes), and does what it is told by lines on its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = ("OriginAirportID", "DestAirportID", "DepDelay", "ArrDelay")
WHOLE_NUMBER = "^[+-]?[0-9]{1,18}$"
COLUMNS = ("outcome", "Carrier", "dep_name", "arr_name", "dep_city", "arr_city", "dep_state",
           "arr_state", "DepDelay", "ArrDelay")  # fmt: skip


class SparkSession:
    """A session in a process of its own.

    Parameters
    ----------
    settings : etlocal.settings.Settings
        The worker's.
    """

    def __init__(self, settings: Any) -> None:
        from etlocal import environments
        from etlocal.environments import java

        python = environments.ensure(environments.glue_environment("5.1"), settings)
        self._process = subprocess.Popen(
            [str(python), "-P", str(Path(__file__).resolve())],
            env={
                **os.environ,
                **settings.environment(),
                "PYTHONPATH": str(ROOT / "local"),
                "JAVA_HOME": str(java.ensure_java(settings.cache_dir)),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def transform(self, files: list[Path], airports: Path) -> tuple[float, dict[str, int]]:
        """Read, join twice and write.

        Returns
        -------
        tuple
            The seconds it took, and how many rows there were of each outcome.

        Raises
        ------
        RuntimeError
            If Spark ended.
        """
        told = {"files": [str(file) for file in files], "airports": str(airports)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Spark ended with exit code {self._process.wait()}")
        said = json.loads(line)
        return float(said["seconds"]), dict(said["outcomes"])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def _serve() -> None:
    from etlocal.environments import java
    from etlocal.settings import Settings
    from etlocal.worker import jars
    from etlocal.worker.launcher import Launcher, Needs

    settings = Settings()
    home = java.ensure_java(settings.cache_dir)
    resolved = jars.ensure_jars(settings.cache_dir, java=home)
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-spark-") as folder:
        launcher = Launcher(settings, home, jars.spark_home(), resolved, Path(folder))
        try:
            jvm = launcher.start(Needs())
            os.environ["PYSPARK_GATEWAY_PORT"] = str(jvm.port)
            os.environ["PYSPARK_GATEWAY_SECRET"] = jvm.secret
            import pyspark.sql

            spark = pyspark.sql.SparkSession.builder.getOrCreate()
            for number, line in enumerate(sys.stdin):
                told = json.loads(line)
                out = f"{folder}/out-{number}"
                began = time.perf_counter()
                _transform(spark, told["files"], told["airports"], out)
                took = time.perf_counter() - began
                outcomes = spark.read.csv(out).groupBy("_c0").count().collect()
                said = {"seconds": took, "outcomes": {row[0]: row[1] for row in outcomes}}
                sys.stdout.write(json.dumps(said) + "\n")
                sys.stdout.flush()
        finally:
            launcher.close()


def _transform(spark: Any, files: list[str], airports: str, out: str) -> None:
    """Do what the pipeline's job does to its rows, in plain Spark."""
    from pyspark.sql import functions as sf

    text = spark.read.schema("Carrier string, " + ", ".join(f"{name} string" for name in NUMBERS))
    flights = text.option("header", "true").csv(files)
    bad = (sf.coalesce(sf.col("Carrier"), sf.lit("")) == "") | (sf.octet_length("Carrier") > 10)
    for name in NUMBERS[:2]:
        bad |= sf.coalesce(sf.col(name), sf.lit("")) == ""
    for name in NUMBERS:
        bad |= sf.coalesce(~sf.col(name).rlike(WHOLE_NUMBER), sf.lit(False))
    flights = flights.select(
        "Carrier", bad.alias("bad"), *[sf.col(name).cast("long").alias(name) for name in NUMBERS]
    )
    kinds = "id long, city string, state string, name string"
    dimension = spark.read.schema(kinds).option("header", "true").csv(airports).cache()
    for side, key in (("dep", "OriginAirportID"), ("arr", "DestAirportID")):
        named = dimension.select(
            *[sf.col(name).alias(f"{side}_{name}") for name in ("id", "city", "state", "name")]
        )
        flights = flights.join(sf.broadcast(named), sf.col(key) == sf.col(f"{side}_id"), "left")
    unknown = sf.col("dep_id").isNull() | sf.col("arr_id").isNull()
    outcome = sf.when(sf.col("bad"), "REJECTED").when(unknown, "UNMATCHED").otherwise("LOADED")
    rows = flights.withColumn("outcome", outcome).select(*COLUMNS)
    rows.write.option("nullValue", "@NULL@").csv(out)
    dimension.unpersist()


if __name__ == "__main__":
    _serve()
