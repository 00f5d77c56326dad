"""In a job's process: the warm JVM made new for a run, and adopted by the script's SparkContext.

Every run gets a SparkContext of its own, made before the script asks for it. What an earlier run
left in the JVM (contexts, caches, views, listeners, file systems, log levels, system properties) is
taken away first.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import MEMORY_COMMAND_NAME, MEMORY_DEL_SUBCOMMAND_NAME
from pyspark import SparkConf, SparkContext
from pyspark.context import DEFAULT_CONFIGS
from pyspark.sql import SparkSession

from etlocal.worker import jvm_guard
from etlocal.worker.spark_conf import FIXED_CONF
from etlocal.worker.warming import warming_bucket

_BASE_PROPERTIES = "etlocal.base.properties"
_FORGOTTEN = "etlocal.forgotten.objects"
# What differs between two SparkConfs though nobody asked for it.
_UNASKED = frozenset({"spark.app.name", "spark.submit.deployMode"})


class WarmSession:
    """The JVM that this process is attached to, with a context ready in it.

    Parameters
    ----------
    hadoop : dict
        Hadoop settings of the context, e.g. S3A's.
    """

    def __init__(self, hadoop: dict[str, str]) -> None:
        SparkContext._ensure_initialized()
        self._jvm: Any = SparkContext._jvm
        self._first = self._take_over()
        self._conf = SparkConf(_jvm=self._jvm).setMaster(self._property("spark.master"))
        for name, value in DEFAULT_CONFIGS.items():
            # As PySpark does in every context: else no script's conf would be the ready one's.
            self._conf.set(name, str(value))
        self._context: Any = self._jvm.JavaSparkContext(self._conf._jconf)
        self._asked = _settings(self._conf._jconf)
        self.configure(hadoop, {}, "etlocal")
        self._session: Any = self._jvm.SparkSession(
            self._context.sc(), self._jvm.java.util.HashMap()
        )
        self._jvm.SparkSession.setDefaultSession(self._session)

    @property
    def first(self) -> bool:
        """Whether no process was attached to this JVM before."""
        return self._first

    def configure(self, hadoop: dict[str, str], properties: dict[str, str], app_name: str) -> None:
        """Set what only a run knows: where S3 is and as whom, and the application's name.

        Parameters
        ----------
        hadoop : dict
            Hadoop settings of the context.
        properties : dict
            System properties of the JVM, until the next process takes it over.
        app_name : str
        """
        self._hadoop = hadoop
        # The name that a script's own SparkConf starts with.
        for name, value in {**properties, "spark.app.name": app_name}.items():
            self._jvm.java.lang.System.setProperty(name, value)
        if self._context is not None:
            self._set_hadoop(self._context, hadoop)

    def adopt(self, python_files: list[str], executors: dict[str, str]) -> None:
        """Make ``SparkContext()`` and whatever calls it take the context that is ready.

        A script that asks for settings the ready context has not gets a context made with them, as
        on Glue; in a warm JVM that is quick too.

        Parameters
        ----------
        python_files : list of str
            Modules and archives that executors need too.
        executors : dict
            Environment variables of Python on executors. With a local master too that is another
            process than this, started by the JVM, which knows no run.
        """

        def initialize(made: SparkContext, jconf: JavaObject) -> Any:
            for name, text in executors.items():
                made.environment.setdefault(name, text)
            context, self._context = self._context, None
            for name, text in FIXED_CONF.items():
                jconf.set(name, text)
            asked = _settings(jconf)
            if context is not None and asked != self._asked:
                context.stop()
                context = None
            context = context or self._jvm.JavaSparkContext(jconf)
            self._hand_over(context, str(jconf.get("spark.app.name")), python_files)
            return context

        # The Data Catalog is mirrored in Spark's in-memory catalog. Hive's own would keep its
        # tables in files that outlive the run, and be one process's at a time.
        SparkSession.Builder.enableHiveSupport = lambda builder: builder
        SparkContext.PACKAGE_EXTENSIONS = (*SparkContext.PACKAGE_EXTENSIONS, ".whl")
        SparkContext._initialize_context = initialize

    def _hand_over(self, context: Any, app_name: str, python_files: list[str]) -> None:
        self._set_hadoop(context, self._hadoop)
        context.sc().conf().set("spark.app.name", app_name)
        # As spark-submit --py-files does: shipped as files, and named for the Python path.
        for file in python_files:
            context.sc().addFile(f"file://{file}")
        if python_files:
            context.sc().conf().set("spark.submit.pyFiles", ",".join(python_files))

    def warm(self) -> Iterator[None]:
        """Have the JVM load and compile what jobs use first, on this machine's disk, in steps."""
        yield from self._exercise(f"file://{self._property('java.io.tmpdir')}/warm-up")

    def warm_storage(self) -> Iterator[None]:
        """Have S3A loaded and compiled too, in steps; the endpoint must answer."""
        with warming_bucket(self._hadoop) as (bucket, hadoop):
            self._set_hadoop(self._context, hadoop)
            try:
                yield from self._exercise(f"s3://{bucket}/{uuid.uuid4().hex}")
            finally:
                self._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
                self._set_hadoop(self._context, self._hadoop)

    def _exercise(self, folder: str) -> Iterator[None]:
        """Write, read, join, group and sort a few rows under `folder`."""
        rows = self._session.sql(
            "select id, id % 7 as k, cast(id / 3 as double) as v, cast(id as string) as s "
            "from range(0, 200, 1, 2)"
        )
        rows.write().mode("overwrite").option("header", "true").csv(f"{folder}/csv")
        yield
        read = self._session.read().option("header", "true").option("inferSchema", "true")
        read.csv(f"{folder}/csv").createOrReplaceTempView("etlocal_warm_up")
        try:
            yield
            joined = self._session.sql(
                "select a.k, count(*) as n, avg(b.v) as v, max(b.s) as s from etlocal_warm_up a "
                "left join etlocal_warm_up b on a.id = b.k where a.v > 0.5 "
                "group by a.k having count(*) > 1 order by a.k"
            )
            joined.write().mode("overwrite").parquet(f"{folder}/parquet")
            yield
            self._session.read().parquet(f"{folder}/parquet").count()
        finally:
            self._session.catalog().dropTempView("etlocal_warm_up")

    def collect_garbage(self) -> None:
        """Have the JVM give back the memory it does not need."""
        self._forget_objects()
        self._jvm.java.lang.System.gc()

    def _set_hadoop(self, context: Any, hadoop: dict[str, str]) -> None:
        configuration = context.hadoopConfiguration()
        for name, value in hadoop.items():
            configuration.set(name, value)

    def _take_over(self) -> bool:
        """Take away what earlier runs left; say whether there was none."""
        system = self._jvm.java.lang.System
        properties = system.getProperties()
        self._oldest = int(properties._target_id.removeprefix("o"))
        base = properties.get(_BASE_PROPERTIES)
        if base is None:
            jvm_guard.install(self._jvm)
            properties.put(_BASE_PROPERTIES, properties.clone())
            return True
        active = (
            getattr(self._jvm.org.apache.spark, "SparkContext$").__getattr__("MODULE$").getActive()
        )
        if active.isDefined():
            active.get().stop()
        self._jvm.SparkSession.clearActiveSession()
        self._jvm.SparkSession.clearDefaultSession()
        self._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
        system.setProperties(base.clone())
        system.getProperties().put(_BASE_PROPERTIES, base)
        self._jvm.java.util.TimeZone.setDefault(None)
        self._jvm.org.apache.logging.log4j.LogManager.getContext(False).reconfigure()
        return False

    def _forget_objects(self) -> None:
        """Drop the JVM's references to objects of processes that have ended.

        A process that ends without saying so leaves its objects held for good; their names are
        numbered, so all but our own can be told.
        """
        properties = self._jvm.java.lang.System.getProperties()
        ours = self._oldest
        first = int(properties.get(_FORGOTTEN) or 0)
        assert SparkContext._gateway is not None
        client = SparkContext._gateway._gateway_client
        for number in range(first, ours):
            client.send_command(f"{MEMORY_COMMAND_NAME}{MEMORY_DEL_SUBCOMMAND_NAME}o{number}\ne\n")
        properties.put(_FORGOTTEN, str(ours))

    def _property(self, name: str) -> str:
        return str(self._jvm.java.lang.System.getProperty(name))


def _settings(jconf: JavaObject) -> frozenset[str]:
    """Give what a SparkConf asks for, in one call, without what differs unasked."""
    said = str(jconf.toDebugString()).splitlines()
    return frozenset(line for line in said if line.partition("=")[0] not in _UNASKED)
