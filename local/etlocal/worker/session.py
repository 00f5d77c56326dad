"""In a job's process: the warm JVM made new for a run, and adopted by the script's SparkContext.

Every run gets a SparkContext of its own, made before the script asks for it. What an earlier run
left in the JVM (contexts, caches, views, listeners, file systems, log levels, system properties) is
taken away first.
"""

from __future__ import annotations

import logging
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import MEMORY_COMMAND_NAME, MEMORY_DEL_SUBCOMMAND_NAME
from pyspark import SparkConf, SparkContext

_LOG = logging.getLogger(__name__)
_BASE_PROPERTIES = "etlocal.base.properties"
_FORGOTTEN = "etlocal.forgotten.objects"
# What differs between two SparkConfs though nobody asked for it.
_UNASKED = frozenset({"spark.app.name", "spark.submit.deployMode", "spark.rdd.compress"})


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
        self._conf.set("spark.rdd.compress", "True")  # as PySpark does in every context
        self._context: Any = self._jvm.JavaSparkContext(self._conf._jconf)
        self._asked: dict[str, str] = dict(self._conf.getAll())
        self.configure(hadoop, self._asked["spark.app.name"])
        self._session: Any = self._jvm.SparkSession(
            self._context.sc(), self._jvm.java.util.HashMap()
        )
        self._jvm.SparkSession.setDefaultSession(self._session)

    @property
    def first(self) -> bool:
        """Whether no process was attached to this JVM before."""
        return self._first

    def configure(self, hadoop: dict[str, str], app_name: str) -> None:
        """Set what only a run knows: where S3 is and as whom, and the application's name."""
        self._hadoop = hadoop
        # The name that a script's own SparkConf starts with.
        self._jvm.java.lang.System.setProperty("spark.app.name", app_name)
        if self._context is not None:
            self._apply(self._context)

    def adopt(self, python_files: list[str]) -> None:
        """Make ``SparkContext()`` and whatever calls it take the context that is ready.

        A script that asks for settings the ready context has not gets a context made with them, as
        on Glue; in a warm JVM that is quick too.

        Parameters
        ----------
        python_files : list of str
            Modules and archives that executors need too.
        """

        def initialize(_self: SparkContext, jconf: JavaObject) -> Any:
            ready, self._context = self._context, None
            asked = dict(SparkConf(_jconf=jconf).getAll())
            if ready is not None and not ready.sc().isStopped():
                if _same(asked, self._asked):
                    self._hand_over(ready, asked, python_files)
                    return ready
                ready.stop()
            context = self._jvm.JavaSparkContext(jconf)
            self._hand_over(context, asked, python_files)
            return context

        SparkContext.PACKAGE_EXTENSIONS = (*SparkContext.PACKAGE_EXTENSIONS, ".whl")
        SparkContext._initialize_context = initialize

    def _hand_over(self, context: Any, asked: dict[str, str], python_files: list[str]) -> None:
        self._apply(context)
        context.sc().conf().set("spark.app.name", asked["spark.app.name"])
        # As spark-submit --py-files does: shipped as files, and named for the Python path.
        for file in python_files:
            context.sc().addFile(f"file://{file}")
        if python_files:
            context.sc().conf().set("spark.submit.pyFiles", ",".join(python_files))

    def warm(self, *, storage: bool) -> None:
        """Have the JVM load and compile what jobs use first.

        Parameters
        ----------
        storage : bool
            Whether the endpoint answers, so that S3A can be warmed too.
        """
        frame = self._session.sql(
            "select id, id % 7 as k, cast(id as string) as s from range(0, 200, 1, 2)"
        )
        frame.createOrReplaceTempView("etlocal_warm_up")
        self._session.sql(
            "select a.k, count(*) as n, max(b.s) as s from etlocal_warm_up a "
            "join etlocal_warm_up b on a.id = b.k group by a.k having count(*) > 1 order by a.k"
        ).write().format("noop").mode("overwrite").save()
        self._session.catalog().dropTempView("etlocal_warm_up")
        if storage:
            self._warm_storage(frame)

    def collect_garbage(self) -> None:
        """Have the JVM give back the memory it does not need."""
        self._forget_objects()
        self._jvm.java.lang.System.gc()

    def _warm_storage(self, frame: Any) -> None:
        """Read and write with S3A, in a bucket that is not there and in a folder of this machine.

        Looking up an object of a bucket that does not exist takes S3A's whole way to the endpoint
        and back, changes nothing there and sends no event.
        """
        path = self._jvm.org.apache.hadoop.fs.Path("s3a://etlocal-warm-up/probe")
        configuration = self._context.hadoopConfiguration()
        system = path.getFileSystem(configuration)
        system.exists(path)
        system.close()
        local = f"file://{self._property('java.io.tmpdir')}/warm-up"
        for form in ("csv", "parquet"):
            frame.write().mode("overwrite").format(form).save(f"{local}/{form}")
        self._session.read().option("header", "true").csv(f"{local}/csv").count()
        self._session.read().parquet(f"{local}/parquet").count()

    def _apply(self, context: Any) -> None:
        configuration = context.hadoopConfiguration()
        for name, value in self._hadoop.items():
            configuration.set(name, value)

    def _take_over(self) -> bool:
        """Take away what earlier runs left; say whether there was none."""
        system = self._jvm.java.lang.System
        properties = system.getProperties()
        self._oldest = int(properties._target_id.removeprefix("o"))
        base = properties.get(_BASE_PROPERTIES)
        if base is None:
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


def _same(asked: dict[str, str], ready: dict[str, str]) -> bool:
    """Say whether a context made for `ready` serves a script that asked for `asked`."""
    names = (asked.keys() | ready.keys()) - _UNASKED
    return all(asked.get(name) == ready.get(name) for name in names)
