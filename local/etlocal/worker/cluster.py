"""``python -m etlocal.worker.cluster``: a Spark standalone cluster, from the classes in pyspark.

``… master`` is the master, ``… executor spark://host:7077`` offers this machine to one. Jobs go
there by the worker's setting ``ETLOCAL_SPARK_MASTER=spark://host:7077``.

Source: Spark 3.5.6 documentation, "Spark Standalone Mode".
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from etlocal.addresses import is_loopback
from etlocal.environments import java
from etlocal.settings import Settings
from etlocal.worker import jars
from etlocal.worker.spark_conf import is_misleading

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_DAEMON_HEAP = "256m"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Become Spark's master or worker; exits with 1 when that cannot be started.

    Parameters
    ----------
    arguments : sequence of str or None
        The command line; None for the process's own.
    """
    asked = parse(arguments)
    settings = Settings()
    try:
        home = java.ensure_java(settings.cache_dir)
        spark = jars.spark_home()
    except (java.JavaError, jars.JarError) as error:
        sys.exit(f"etlocal: {error}")
    command = command_line(home, spark, asked)
    os.execve(command[0], command, environment(home, spark, asked.host))  # noqa: S606 - it becomes Java


def command_line(home: Path, spark: Path, asked: argparse.Namespace) -> list[str]:
    """Give the command line of the daemon that was asked for.

    Parameters
    ----------
    home : Path
        The Java home.
    spark : Path
        The folder of the pyspark package.
    asked : argparse.Namespace
        From `main`'s command line.
    """
    command = [
        str(home / "bin" / "java"),
        f"-Xmx{_DAEMON_HEAP}",
        "-Djava.net.preferIPv4Stack=true",
        "-XX:+ExitOnOutOfMemoryError",
        *("-cp", f"{spark / 'jars'}/*"),
    ]
    host = ["--host", asked.host] if asked.host else []
    if asked.daemon == "master":
        return [*command, _MASTER, *host, "--port", str(asked.port), "--webui-port", "8080"]
    work = asked.work_dir or tempfile.mkdtemp(prefix="etlocal-executors-")
    return [
        *(*command, _WORKER, *host),
        *("--cores", str(asked.cores), "--memory", asked.memory),
        *("--work-dir", str(work), "--webui-port", "8081", asked.master),
    ]


def environment(home: Path, spark: Path, host: str) -> dict[str, str]:
    """Give the daemon's environment, which executors inherit: a job's modules are on their path.

    Parameters
    ----------
    home, spark : Path
        As for `command_line`.
    host : str
        What the daemon listens on: its web page too, when that is the loopback interface.
    """
    job_path = Path(__file__).resolve().parent.parent / "job_path"
    inherited = {name: value for name, value in os.environ.items() if not is_misleading(name)}
    python_path = [str(job_path), *filter(None, [inherited.get("PYTHONPATH")])]
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(python_path),
        "JAVA_HOME": str(home),
        "SPARK_HOME": str(spark),
        # What Spark's shell scripts set; without it executors are looked for in a source tree.
        "SPARK_SCALA_VERSION": "2.12",
        "PYSPARK_PYTHON": sys.executable,
        # As on Glue's machines.
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        **({"SPARK_LOCAL_IP": host} if is_loopback(host) else {}),
    }


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; None for the process's own."""
    parser = argparse.ArgumentParser(prog="python -m etlocal.worker.cluster")
    daemons = parser.add_subparsers(dest="daemon", required=True)
    master = daemons.add_parser("master", help="Spark's standalone master")
    master.add_argument("--port", type=int, default=7077)
    executor = daemons.add_parser("executor", help="a Spark worker, which starts executors")
    executor.add_argument("master", help="spark://host:port")
    executor.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    executor.add_argument("--memory", default="2g", help="for executors, e.g. 2g")
    executor.add_argument("--work-dir", type=Path, help="where executors log and work")
    for each in (master, executor):
        # Loopback by default: whoever reaches the master runs code here.
        each.add_argument("--host", default="127.0.0.1", help="what it listens on; '' is any")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
