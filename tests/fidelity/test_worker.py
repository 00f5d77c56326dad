"""Glue's worker: scripts from S3 run on real Spark, each as if alone, and end when told to.

One worker serves a whole test run, as one endpoint does; the tests that end it start their own.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import psutil
import pytest

from etlocal.glue.jobs.worker_client import WorkerClient, WorkerError, WorkerUnreachableError
from etlocal.settings import LOOPBACK, Settings
from etlocal.worker.protocol import RunRequest, RunState, RunStatus

pytestmark = pytest.mark.spark

Clients = Callable[[str], Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def launch(folder: Path, endpoint_url: str, parent: int, **more: Any) -> tuple[str, int]:
    """Start a worker that ends with process `parent`; give its URL and process id."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        state_dir=folder / "state",
        port=int(endpoint_url.rpartition(":")[2]),
        worker_port=free_port(),
        driver_memory="1g",
        driver_java_options="-XX:TieredStopAtLevel=1 -Detlocal.asked=yes",
        **more,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "etlocal.worker.main"],
        env=os.environ | settings.environment() | {"ETLOCAL_PARENT_PID": str(parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "worker.log").open("a"),
        start_new_session=True,
    )
    url = settings.worker_endpoint
    client = WorkerClient(url)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            client.health()
            return url, process.pid
        except WorkerUnreachableError:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
    raise AssertionError((folder / "worker.log").read_text())


@pytest.fixture(scope="session")
def worker_url(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, endpoint_url: str
) -> Iterator[str]:
    """The worker of this test run."""
    if worker_id == "master":
        url, pid = launch(
            tmp_path_factory.mktemp("worker"), endpoint_url, os.getpid(), worker_slots=8
        )
        yield url
        os.kill(pid, signal.SIGTERM)
        return
    shared = tmp_path_factory.getbasetemp().parent / "worker"
    shared.mkdir(exist_ok=True)
    with filelock.FileLock(shared / "lock"):
        address = shared / "address.json"
        if not address.exists():
            url, pid = launch(shared, endpoint_url, os.getppid(), worker_slots=8)
            address.write_text(json.dumps(url))
    yield json.loads(address.read_text())


class Bench:
    """Puts scripts into a bucket of one test, runs them and reads what they said."""

    def __init__(self, worker_url: str, endpoint_url: str, client: Clients, bucket: str) -> None:
        self.worker = WorkerClient(worker_url)
        self.bucket = bucket
        self.s3 = client("s3")
        self._logs = client("logs")
        self._endpoint_url = endpoint_url
        self.s3.create_bucket(Bucket=bucket)

    def put(self, key: str, body: str | bytes) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def request(self, script: str, arguments: dict[str, str] | None = None) -> RunRequest:
        return RunRequest(
            run_id=f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}",
            job_name="a job",
            script_location=self.put("scripts/job.py", script),
            arguments=arguments or {},
            region="us-east-1",
            account="000000000000",
            endpoint_url=self._endpoint_url,
        )

    def run(self, script: str, arguments: dict[str, str] | None = None) -> RunStatus:
        request = self.request(script, arguments)
        self.worker.submit(request)
        return self.end(request.run_id)

    def end(self, run_id: str) -> RunStatus:
        return self.until(run_id, lambda status: status.state.ended)

    def until(self, run_id: str, holds: Callable[[RunStatus], bool]) -> RunStatus:
        deadline = time.monotonic() + 180
        status = self.worker.status(run_id, wait=0, seen="")
        while not holds(status):
            assert time.monotonic() < deadline, status
            status = self.worker.status(run_id, wait=10, seen=status.state)
        return status

    def said(self, run_id: str, kind: str = "output") -> list[str]:
        events = self._logs.get_log_events(
            logGroupName=f"/aws-glue/jobs/{kind}", logStreamName=run_id, startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def printed(self, script: str, arguments: dict[str, str] | None = None) -> list[str]:
        """Run a script that must succeed; give what it printed."""
        status = self.run(script, arguments)
        assert status.state is RunState.SUCCEEDED, (status, self.said(status.run_id, "error"))
        return self.said(status.run_id)


@pytest.fixture
def bench(worker_url: str, endpoint_url: str, client: Clients, name: str) -> Bench:
    """A bench with a bucket called as the test's `name`."""
    return Bench(worker_url, endpoint_url, client, name)


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_jvm_has_the_options_that_were_asked_for(bench: Bench) -> None:
    script = """
    from pyspark.context import SparkContext
    print(SparkContext()._jvm.java.lang.System.getProperty("etlocal.asked"))
    """

    assert bench.printed(textwrap.dedent(script)) == ["yes"]


def test_a_script_reads_and_writes_s3_on_spark(bench: Bench) -> None:
    bench.put("in/a.csv", "k,v\n" + "".join(f"{n % 3},{n}\n" for n in range(30)))
    script = """
import sys
from pyspark.context import SparkContext
from pyspark.sql import SparkSession
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
sc = SparkContext()
spark = SparkSession(sc)
rows = spark.read.csv(given["--SOURCE"], header=True, inferSchema=True)
rows.groupBy("k").sum("v").write.parquet(given["--TARGET"])
back = spark.read.parquet(given["--TARGET"].replace("s3:", "s3a:"))
print(sorted(tuple(row) for row in back.collect()))
print(given["--JOB_NAME"], given["--JOB_RUN_ID"], sc.version)
"""
    request = bench.request(
        script, {"--SOURCE": f"s3://{bench.bucket}/in/", "--TARGET": f"s3://{bench.bucket}/out/"}
    )
    bench.worker.submit(request)
    status = bench.end(request.run_id)
    assert status.state is RunState.SUCCEEDED, status
    assert status.error_message is None
    assert status.started_at is not None
    assert status.completed_at is not None
    assert status.started_at < status.completed_at
    assert bench.said(request.run_id) == [
        "[(0, 135), (1, 145), (2, 155)]",
        f"a job {request.run_id} 3.5.6",
    ]
    keys = [o["Key"] for o in bench.s3.list_objects_v2(Bucket=bench.bucket)["Contents"]]
    written = [key for key in keys if key.startswith("out/")]
    assert "out/_SUCCESS" in written
    assert any(key.endswith(".parquet") for key in written)
    assert not any("_temporary" in key or key.endswith("/") for key in keys)


def test_boto3_in_a_script_reaches_the_endpoint_unasked(bench: Bench) -> None:
    (line,) = bench.printed(
        f"import boto3\n"
        f"body = boto3.client('s3').get_object(Bucket={bench.bucket!r}, Key='scripts/job.py')\n"
        "print(len(body['Body'].read()) > 0, boto3.session.Session().region_name)"
    )
    assert line == "True us-east-1"


def test_an_exception_fails_the_run_in_its_own_words(bench: Bench) -> None:
    status = bench.run("print('before')\n\ndef f():\n    raise ValueError('bad thing')\n\nf()\n")
    assert status.state is RunState.FAILED
    assert status.error_message == "ValueError: bad thing"
    assert bench.said(status.run_id) == ["before"]
    error = bench.said(status.run_id, "error")
    assert error[0] == "Traceback (most recent call last):"
    assert error[1].endswith('job.py", line 6, in <module>')
    assert error[-1] == "ValueError: bad thing"


def test_a_missing_path_is_told_in_sparks_words(bench: Bench) -> None:
    status = bench.run(
        "from pyspark.sql import SparkSession\n"
        f"SparkSession.builder.getOrCreate().read.json('s3://{bench.bucket}/none/')"
    )
    assert status.state is RunState.FAILED
    assert status.error_message is not None
    assert status.error_message.startswith("AnalysisException: [PATH_NOT_FOUND]")


def test_a_missing_script_fails_the_run(bench: Bench) -> None:
    request = bench.request("").model_copy(
        update={"script_location": f"s3://{bench.bucket}/absent.py"}
    )
    bench.worker.submit(request)
    status = bench.end(request.run_id)
    assert status.state is RunState.FAILED
    assert status.started_at is None
    assert "NoSuchKey" in str(status.error_message)
    assert f"bucket: {bench.bucket}, key: absent.py" in str(status.error_message)


def test_a_killed_script_fails_the_run(bench: Bench) -> None:
    status = bench.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert status.state is RunState.FAILED
    assert status.error_message == "Command failed with exit code -9 (SIGKILL)"


def test_a_lost_jvm_fails_the_run_and_the_next_one_runs(bench: Bench) -> None:
    status = bench.run(
        "from pyspark.sql import SparkSession\n"
        "SparkSession.builder.getOrCreate()._jvm.java.lang.Runtime.getRuntime().halt(3)"
    )
    assert status.state is RunState.FAILED
    assert "driver has terminated unexpectedly" in str(status.error_message)
    assert bench.printed(
        "from pyspark.sql import SparkSession\n"
        "print(SparkSession.builder.getOrCreate().range(5).count())"
    ) == ["5"]


def test_a_run_leaves_nothing_to_the_next(bench: Bench) -> None:
    bench.printed("""
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
sc = SparkContext(conf=SparkConf().set("spark.serializer", "a.b.C").set("spark.speculation", "true")
                  .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer"))
spark = SparkSession(sc)
spark.conf.set("spark.sql.ansi.enabled", "true")
spark.range(3).createOrReplaceGlobalTempView("left_behind")
spark.range(3).cache().count()
sc._jsc.hadoopConfiguration().set("left.behind", "yes")
sc._jvm.java.lang.System.setProperty("spark.left.behind", "yes")
""")
    said = bench.printed("""
from pyspark.context import SparkContext
from pyspark.sql import SparkSession
sc = SparkContext.getOrCreate()
spark = SparkSession(sc)
conf = sc.getConf()
print(conf.get("spark.serializer"), conf.get("spark.speculation"), conf.get("spark.left.behind"))
print(spark.conf.get("spark.sql.ansi.enabled"), sc._jsc.hadoopConfiguration().get("left.behind"))
print(len(sc._jsc.getPersistentRDDs()), spark.catalog.tableExists("global_temp.left_behind"))
""")
    assert said == ["None None None", "false None", "0 False"]


def test_a_script_that_asks_for_nothing_gets_the_context_that_was_ready(bench: Bench) -> None:
    said = bench.printed("""
import time
began = time.time()
from pyspark.context import SparkContext
sc = SparkContext()
print(sc.startTime / 1000 < began)
""")
    assert said == ["True"]


def test_a_session_has_glues_time_zone_and_the_settings_it_asks_for(bench: Bench) -> None:
    said = bench.printed("""
import time
from pyspark.sql import SparkSession
spark = (SparkSession.builder.appName("mine").config("spark.sql.shuffle.partitions", "3")
         .config("spark.kryo.unsafe", "true").getOrCreate())
print(spark.sparkContext.appName, spark.conf.get("spark.sql.shuffle.partitions"))
print(spark.sparkContext.getConf().get("spark.kryo.unsafe"))
print(spark.conf.get("spark.sql.session.timeZone"), time.tzname[0])
""")
    assert said == ["mine 3", "true", "UTC UTC"]


def test_conf_gives_a_run_a_jvm_of_its_own(bench: Bench) -> None:
    said = bench.printed(
        "from pyspark.sql import SparkSession\n"
        "s = SparkSession.builder.getOrCreate()\n"
        "print(s.conf.get('spark.sql.shuffle.partitions'), s.conf.get('spark.custom'))",
        {"--conf": "spark.sql.shuffle.partitions=7 --conf spark.custom=a=b"},
    )
    assert said == ["7 a=b"]


def test_extra_files_are_there_for_the_script_and_the_executors(bench: Bench) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_module.py", "def add(x):\n    return x + 1000\n")
    said = bench.printed(
        "import plain_module, zipped_module\n"
        "from pyspark.context import SparkContext\n"
        "def work(x):\n"
        "    import plain_module, zipped_module\n"
        "    return zipped_module.add(x) + plain_module.VALUE\n"
        "print(open('data.txt').read())\n"
        "print(SparkContext.getOrCreate().parallelize([1, 2]).map(work).collect())\n",
        {
            "--extra-py-files": ",".join(
                [
                    bench.put("lib/zipped.zip", archive.getvalue()),
                    bench.put("lib/plain_module.py", "VALUE = 5\n"),
                ]
            ),
            "--extra-files": bench.put("lib/data.txt", "some text"),
        },
    )
    assert said == ["some text", "[1006, 1007]"]


def test_additional_modules_are_installed_beside_what_glue_has(bench: Bench) -> None:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as file:
        info = "tiny_module-1.0.dist-info"
        file.writestr("tiny_module.py", "VALUE = 'installed'\n")
        file.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-module\nVersion: 1.0\n"
        )
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    uri = bench.put("wheels/tiny_module-1.0-py3-none-any.whl", wheel.getvalue())
    said = bench.printed(
        "import tiny_module, boto3\n"
        "from pyspark.context import SparkContext\n"
        "value = lambda _: __import__('tiny_module').VALUE\n"
        "print(tiny_module.VALUE, SparkContext.getOrCreate().parallelize([1]).map(value).first())",
        {"--additional-python-modules": uri},
    )
    assert said == ["installed installed"]


def test_what_is_not_emulated_fails_the_run_by_name(bench: Bench) -> None:
    status = bench.run("print(1)", {"--datalake-formats": "hudi"})
    assert status.state is RunState.FAILED
    assert "--datalake-formats is not emulated" in str(status.error_message)


def test_a_stopped_run_has_truly_ended(bench: Bench) -> None:
    request = bench.request(f"""
import os, subprocess
child = subprocess.Popen(["sleep", "600"])
import boto3
boto3.client("s3").put_object(
    Bucket={bench.bucket!r}, Key="pids", Body=f"{{os.getpid()}} {{child.pid}}")
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("working", flush=True)
spark.range(10**13).selectExpr("sum(id * id % 7)").collect()
""")
    bench.worker.submit(request)
    bench.until(request.run_id, lambda status: status.state is RunState.RUNNING)
    deadline = time.monotonic() + 60
    while "Contents" not in bench.s3.list_objects_v2(Bucket=bench.bucket, Prefix="pids"):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    body = bench.s3.get_object(Bucket=bench.bucket, Key="pids")["Body"].read().decode()
    processes = [psutil.Process(int(pid)) for pid in body.split()]
    assert bench.worker.stop(request.run_id).state in (RunState.STOPPING, RunState.STOPPED)
    status = bench.end(request.run_id)
    assert status.state is RunState.STOPPED
    assert status.error_message is None
    assert all(ended(process) for process in processes)
    # An ended run stays as it is.
    assert bench.worker.stop(request.run_id) == status


def test_handing_a_run_over_again_changes_nothing_and_another_of_its_id_is_refused(
    bench: Bench,
) -> None:
    request = bench.request("print('once')")
    bench.worker.submit(request)
    bench.worker.submit(request)
    assert bench.end(request.run_id).state is RunState.SUCCEEDED
    assert bench.said(request.run_id) == ["once"]
    with pytest.raises(WorkerError, match="another request"):
        bench.worker.submit(request.model_copy(update={"job_name": "other"}))


def test_runs_work_at_the_same_time(bench: Bench) -> None:
    """Each waits for the other's file: one after the other they would never end."""
    script = """
import sys, time, boto3
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
s3 = boto3.client("s3")
s3.put_object(Bucket=given["--BUCKET"], Key=given["--MINE"], Body=b"")
deadline = time.time() + 120
while "Contents" not in s3.list_objects_v2(Bucket=given["--BUCKET"], Prefix=given["--OTHER"]):
    assert time.time() < deadline
    time.sleep(0.05)
"""
    pairs = (("a", "b"), ("b", "a"))
    requests = [
        bench.request(script, {"--BUCKET": bench.bucket, "--MINE": mine, "--OTHER": other})
        for mine, other in pairs
    ]
    for request in requests:
        bench.worker.submit(request)
    assert [bench.end(each.run_id).state for each in requests] == [RunState.SUCCEEDED] * 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_worker(tmp_path: Path, endpoint_url: str, how: int) -> None:
    _, pid = launch(tmp_path, endpoint_url, os.getpid())
    worker = psutil.Process(pid)
    deadline = time.monotonic() + 120
    # A JVM and a job process attached to it.
    while len(worker.children(recursive=True)) < 2:
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    children = worker.children(recursive=True)
    os.kill(pid, how)
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert gone
    if how == signal.SIGTERM:
        assert worker.wait(timeout=30) in (0, None)
        assert not list(Path(tempfile.gettempdir()).glob(f"etlocal-worker-{pid}-*"))
    deadline = time.monotonic() + 30
    while not ended(worker):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
