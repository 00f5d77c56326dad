"""The jars that Glue has and the Spark package has not: S3A, Avro, JDBC.

They are named by Maven coordinates and resolved once by Spark's own resolver into the cache; after
that they are plain files on a class path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import filelock

from etlocal.environments import java as java_environment

_AWS_SDK = "1.12.262"  # what hadoop-aws 3.3.4 was built with
COORDINATES = (
    "org.apache.hadoop:hadoop-aws:3.3.4",  # the Hadoop in the Spark package
    # Three modules of the SDK stand for its 280 MB bundle.
    f"com.amazonaws:aws-java-sdk-s3:{_AWS_SDK}",
    f"com.amazonaws:aws-java-sdk-sts:{_AWS_SDK}",
    f"com.amazonaws:aws-java-sdk-dynamodb:{_AWS_SDK}",
    "org.apache.spark:spark-avro_2.12:3.5.6",
    "org.postgresql:postgresql:42.7.5",
)
EXCLUDED = ("com.amazonaws:aws-java-sdk-bundle",)
_COMPLETE = "complete"
_RESOLVE_SECONDS = 900

Progress = Callable[[str], None]


class JarError(Exception):
    """The jars cannot be had; the message says why and what to do."""


def location(cache_dir: Path) -> Path:
    """Give the folder of the jars, resolved or not; its name has a hash of the coordinates."""
    asked = "\n".join((*COORDINATES, *EXCLUDED))
    return cache_dir / "jars" / hashlib.sha256(asked.encode()).hexdigest()[:12]


def ensure_jars(
    cache_dir: Path,
    *,
    python: Path | None = None,
    java: Path | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Resolve the jars when they are not in the cache.

    Parameters
    ----------
    cache_dir : Path
        The cache folder shared by projects.
    python : Path, optional
        A Python that has pyspark, whose resolver is used; the one running by default.
    java : Path, optional
        The Java home to resolve with; by default what `find_java` finds.
    progress : callable, optional
        Is told, in a sentence, what is being done.

    Returns
    -------
    list of Path
        The jars, in the order of their names.

    Raises
    ------
    JarError
        If they cannot be resolved or stored.
    """
    folder = location(cache_dir)
    if not (folder / _COMPLETE).exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(folder.with_name(folder.name + ".lock")):
                if not (folder / _COMPLETE).exists():
                    _resolve(folder, python, java, progress or (lambda _text: None))
        except OSError as error:
            raise JarError(
                f"Spark's jars cannot be put into {folder.parent}: {error}; make the folder "
                "writable or name another one with ETLOCAL_CACHE_DIR"
            ) from error
    return sorted(folder.glob("*.jar"))


def spark_home(python: Path | None = None) -> Path:
    """Give the folder of the pyspark package of a Python.

    Raises
    ------
    JarError
        If that Python has no pyspark.
    """
    # Looked up, not imported: importing pyspark takes longer than the answer is worth.
    code = "import importlib.util as u; s = u.find_spec('pyspark'); print(s.origin if s else '')"
    done = subprocess.run(
        [str(python or sys.executable), "-c", code], capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or not done.stdout.strip():
        raise JarError(f"{python or sys.executable} has no pyspark: {done.stderr.strip()}")
    return Path(done.stdout.strip()).parent


def _resolve(folder: Path, python: Path | None, java: Path | None, progress: Progress) -> None:
    home = java or java_environment.find_java()
    if home is None:
        raise JarError("no Java 17 was found to resolve Spark's jars with")
    spark = spark_home(python)
    progress(f"resolving {len(COORDINATES)} Maven packages for Spark")
    if folder.exists():
        shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(prefix=".resolving-", dir=folder.parent) as scratch:
        _submit(home, spark, Path(scratch))
        resolved = sorted((Path(scratch) / "jars").glob("*.jar"))
        if not resolved:
            raise JarError("Spark's resolver gave no jars")
        folder.mkdir()
        for jar in resolved:
            shutil.move(jar, folder / jar.name)
    (folder / _COMPLETE).touch()
    progress(f"{len(resolved)} jars are ready")


def _submit(home: Path, spark: Path, ivy: Path) -> None:
    """Have Spark resolve: a PySpark gateway starts after that and ends at the end of its input."""
    command = [
        str(home / "bin" / "java"),
        "-Xmx512m",
        "-cp",
        f"{spark / 'jars'}/*",
        "org.apache.spark.deploy.SparkSubmit",
        *("--conf", f"spark.jars.ivy={ivy}"),
        *("--packages", ",".join(COORDINATES)),
        *("--exclude-packages", ",".join(EXCLUDED)),
        "pyspark-shell",
    ]
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark),
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(ivy / "gateway"),
    }
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            timeout=_RESOLVE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise JarError(
            f"Spark's jars were not resolved within {_RESOLVE_SECONDS} s; "
            "is the Maven repository reachable?"
        ) from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "not found" in line.lower()]
        tail = "\n".join(said[-5:] or done.stderr.strip().splitlines()[-5:])
        raise JarError(
            f"Spark's jars could not be resolved; is the Maven repository reachable?\n{tail}"
        )
