"""What users of Glue stumble over, told through boto3 against a whole stack."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable
from typing import Any

import pytest

from etlocal.testing.harness import Harness
from tests.e2e.roles import make_role

pytestmark = pytest.mark.spark

# How long a story may take: long enough for a busy machine, since the time decides nothing.
SECONDS = 600.0
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")
BOOKMARKS = {"--job-bookmark-option": "job-bookmark-enable"}
CATALOG = {"--enable-glue-datacatalog": "true"}
HEAD = """
import sys, time
import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
glueContext = GlueContext(SparkContext())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
"""
READ = """
source = glueContext.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://lake/in/"], "recurse": True}, "json", transformation_ctx="source")
print(sorted(row["id"] for row in source.toDF().collect()) if source.count() else [])
"""


class Lab:
    """Buckets, jobs, runs and crawls of one test."""

    def __init__(self, etlocal: Harness) -> None:
        self.glue, self.s3 = etlocal.client("glue"), etlocal.client("s3")
        self.states, self.logs = etlocal.client("stepfunctions"), etlocal.client("logs")
        self.s3.create_bucket(Bucket="lake")
        iam = etlocal.client("iam")
        self.job_role = make_role(iam, "glue", "glue", "s3:*", "glue:*", "logs:*")
        jobs = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")
        self.machine_role = make_role(iam, "states", "states", *jobs)

    def put(self, key: str, body: str) -> None:
        self.s3.put_object(Bucket="lake", Key=key, Body=body.encode())

    def job(
        self, name: str, script: str, arguments: dict[str, str] | None = None, **more: Any
    ) -> str:
        self.put(f"scripts/{name}.py", textwrap.dedent(script))
        self.glue.create_job(
            Name=name,
            Role=self.job_role,
            Command={"Name": "glueetl", "ScriptLocation": f"s3://lake/scripts/{name}.py"},
            DefaultArguments=arguments or {},
            GlueVersion="5.1",
            **more,
        )
        return name

    def start(self, job: str, arguments: dict[str, str] | None = None) -> str:
        run: str = self.glue.start_job_run(JobName=job, Arguments=arguments or {})["JobRunId"]
        return run

    def end(self, job: str, run: str, states: tuple[str, ...] = ENDED) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run)["JobRun"]
            return found if found["JobRunState"] in states else None

        return until(look)

    def run(self, job: str, arguments: dict[str, str] | None = None) -> dict[str, Any]:
        return self.end(job, self.start(job, arguments))

    def printed(self, job: str, arguments: dict[str, str] | None = None) -> str:
        """Give the last line of a run that must succeed."""
        run = self.run(job, arguments)
        assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
        return self.said(run["Id"])[-1]

    def said(self, run: str, kind: str = "output") -> list[str]:
        events = self.logs.get_log_events(
            logGroupName=f"/aws-glue/jobs/{kind}", logStreamName=run, startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def crawl(self, name: str) -> dict[str, Any]:
        self.glue.start_crawler(Name=name)

        def look() -> dict[str, Any] | None:
            crawler = self.glue.get_crawler(Name=name)["Crawler"]
            return crawler["LastCrawl"] if crawler["State"] == "READY" else None

        return until(look)

    def machine(self, name: str, state: dict[str, Any]) -> str:
        arn: str = self.states.create_state_machine(
            name=name,
            roleArn=self.machine_role,
            definition=json.dumps({"StartAt": "Run", "States": {"Run": {**state, "End": True}}}),
        )["stateMachineArn"]
        return arn

    def execution(self, arn: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.states.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return until(look)


def until(look: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while (found := look()) is None:
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.05)
    return found


@pytest.fixture
def lab(etlocal: Harness) -> Lab:
    """A lab with the bucket ``lake``."""
    return Lab(etlocal)


def test_a_bookmark_moves_with_a_commit_only_and_goes_back_when_asked(lab: Lab) -> None:
    commit = READ + 'if "--FORGET" not in sys.argv: job.commit()\n'
    lab.job("load", HEAD + commit, BOOKMARKS)
    lab.put("in/a.json", '{"id": 1}')
    first = lab.run("load")
    assert lab.said(first["Id"])[-1] == "[1]"
    lab.put("in/b.json", '{"id": 2}')

    assert lab.printed("load", {"--FORGET": "1"}) == "[2]"
    second = lab.run("load")
    assert lab.said(second["Id"])[-1] == "[2]"
    lab.put("in/a.json", '{"id": 10, "corrected": true}')
    paused = {
        "--job-bookmark-option": "job-bookmark-pause",
        "--job-bookmark-from": first["Id"],
        "--job-bookmark-to": second["Id"],
    }
    assert lab.printed("load", paused) == "[2]"
    lab.glue.reset_job_bookmark(JobName="load", RunId=first["Id"])
    assert lab.printed("load") == "[2, 10]"


def test_a_role_is_known_to_every_thread_that_comes_to_a_file_system_first(lab: Lab) -> None:
    """Spark looks at the paths of one read on many threads, the first calls of all."""
    for number in range(8):
        lab.put(f"in/{number}.json", f'{{"id": {number}}}')
    script = """
    paths = [f"s3://lake/in/{number}.json" for number in range(8)]
    for _ in range(60):
        spark._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
        read = spark.read.text(paths)
    chain = spark._jvm.com.amazonaws.auth.DefaultAWSCredentialsProviderChain()
    print(read.count(), chain.getCredentials().getAWSAccessKeyId()[1:4])
    """
    lab.job("load", HEAD + textwrap.dedent(script))

    assert lab.printed("load") == "8 SIA"


def test_of_two_runs_that_read_the_same_files_the_later_commit_fails(lab: Lab) -> None:
    """MaxConcurrentRuns above 1 with bookmarks: the second one has to be told, not lost."""
    wait = """
    s3 = boto3.client("s3")
    s3.put_object(Bucket="lake", Key=f"read/{sys.argv[sys.argv.index('--WHO') + 1]}")
    while s3.list_objects_v2(Bucket="lake", Prefix="read/")["KeyCount"] < 2:
        time.sleep(0.05)
    job.commit()
    """
    lab.job(
        "load",
        HEAD + READ + textwrap.dedent(wait),
        BOOKMARKS,
        ExecutionProperty={"MaxConcurrentRuns": 2},
    )
    lab.put("in/a.json", '{"id": 1}')
    runs = [lab.start("load", {"--WHO": who}) for who in ("a", "b")]
    ended = sorted((lab.end("load", run) for run in runs), key=lambda run: run["JobRunState"])

    assert [run["JobRunState"] for run in ended] == ["FAILED", "SUCCEEDED"]
    assert "VersionMismatchException" in ended[0]["ErrorMessage"]
    assert [lab.said(run["Id"])[-1] for run in ended] == ["[1]", "[1]"]
    assert lab.printed("load", {"--WHO": "c"}) == "[]"


def test_a_script_that_cannot_go_on_says_why_in_the_run_and_in_its_log(lab: Lab) -> None:
    scripts = {
        "raises": ("print('began')\nraise ValueError('no rows for 2013-01-01')", "ValueError: no"),
        "leaves": ("import sys\nsys.exit('nothing to do')", "SystemExit: nothing to do"),
        "broken": ("x = = 1", "SyntaxError: invalid syntax (broken.py, line 1)"),
        "lacking": ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
    }
    runs = {name: lab.start(lab.job(name, script)) for name, (script, _) in scripts.items()}
    lab.job("gone", "print(1)")
    lab.s3.delete_object(Bucket="lake", Key="scripts/gone.py")

    for name, run in runs.items():
        ended = lab.end(name, run)
        assert ended["JobRunState"] == "FAILED"
        assert ended["ErrorMessage"].startswith(scripts[name][1])
    assert lab.said(runs["raises"]) == ["began"]
    assert "raise ValueError('no rows for 2013-01-01')" in lab.said(runs["raises"], "error")[-2]
    missing = lab.run("gone")
    assert missing["JobRunState"] == "FAILED"
    assert "bucket: lake, key: scripts/gone.py" in missing["ErrorMessage"]


def test_runs_end_by_stop_and_timeout_and_only_failures_are_tried_again(lab: Lab) -> None:
    lab.job("sleep", "import time\nprint('up', flush=True)\ntime.sleep(60)", MaxRetries=1)
    lab.job("hurry", "import time\ntime.sleep(60)", Timeout=1, MaxRetries=1)
    lab.job("fail", "raise OSError('again')", MaxRetries=1)
    late = lab.start("hurry")
    run = lab.start("sleep")
    lab.end("sleep", run, ("RUNNING",))
    with pytest.raises(lab.glue.exceptions.ConcurrentRunsExceededException):
        lab.start("sleep")
    stopped = lab.glue.batch_stop_job_run(JobName="sleep", JobRunIds=[run])
    assert [each["JobRunId"] for each in stopped["SuccessfulSubmissions"]] == [run]
    assert lab.end("sleep", run)["JobRunState"] == "STOPPED"
    assert lab.end("hurry", late)["JobRunState"] == "TIMEOUT"
    failed = lab.start("fail")
    again = f"{failed}_attempt_1"
    assert lab.end("fail", failed)["JobRunState"] == "FAILED"
    assert lab.end("fail", again)["PreviousRunId"] == failed
    history = {
        job: len(lab.glue.get_job_runs(JobName=job)["JobRuns"])
        for job in ("sleep", "hurry", "fail")
    }
    assert history == {"sleep": 1, "hurry": 1, "fail": 2}


def test_step_functions_wait_for_a_busy_job_with_a_retry(lab: Lab) -> None:
    wait = """
    import boto3, time
    s3 = boto3.client("s3")
    s3.put_object(Bucket="lake", Key="busy")
    while "Contents" not in s3.list_objects_v2(Bucket="lake", Prefix="go"):
        time.sleep(0.05)
    """
    lab.job("load", wait)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "load"},
    }
    retry = {
        "ErrorEquals": ["Glue.ConcurrentRunsExceededException"],
        "IntervalSeconds": 10,
        "MaxAttempts": 600,
        "BackoffRate": 1,
    }
    patient = lab.machine("patient", {**task, "Retry": [retry]})
    hasty = lab.machine("hasty", task)

    def start(machine: str) -> str:
        arn: str = lab.states.start_execution(stateMachineArn=machine)["executionArn"]
        return arn

    first = start(patient)
    until(lambda: lab.s3.list_objects_v2(Bucket="lake", Prefix="busy").get("Contents") and {})
    second, third = start(patient), start(hasty)
    refused = lab.execution(third)
    lab.put("go", "")

    assert refused["error"] == "Glue.ConcurrentRunsExceededException"
    outputs = [json.loads(lab.execution(each)["output"]) for each in (first, second)]
    assert [output["JobRunState"] for output in outputs] == ["SUCCEEDED", "SUCCEEDED"]
    assert outputs[0]["Id"] != outputs[1]["Id"]


def test_a_studio_script_makes_a_table_that_the_next_job_queries(lab: Lab) -> None:
    lab.glue.create_database(DatabaseInput={"Name": "lake", "LocationUri": "s3://lake/tables/"})
    lab.put("orders/a.csv", "id,city,amount,note,day\n1,Bonn,10.5,,01\n2,Ulm,1,,01\n3,Bonn,7,,02\n")
    lab.job(
        "studio",
        HEAD
        + """
AmazonS3_node1 = glueContext.create_dynamic_frame.from_options(
    format_options={"quoteChar": "\\"", "withHeader": True, "separator": ","},
    connection_type="s3", format="csv",
    connection_options={"paths": ["s3://lake/orders/"], "recurse": True},
    transformation_ctx="AmazonS3_node1")
ChangeSchema_node2 = ApplyMapping.apply(frame=AmazonS3_node1, mappings=[
    ("id", "string", "id", "bigint"), ("city", "string", "city", "string"),
    ("amount", "string", "amount", "double"), ("day", "string", "day", "string")],
    transformation_ctx="ChangeSchema_node2")
Filter_node3 = Filter.apply(frame=ChangeSchema_node2,
    f=lambda row: row["city"] == "Bonn", transformation_ctx="Filter_node3")
SelectFields_node4 = SelectFields.apply(
    frame=Filter_node3, paths=["id", "amount", "day"], transformation_ctx="SelectFields_node4")
DropNullFields_node5 = DropNullFields.apply(
    frame=SelectFields_node4, transformation_ctx="DropNullFields_node5")
AmazonS3_node6 = glueContext.getSink(
    path="s3://lake/bonn/", connection_type="s3", updateBehavior="UPDATE_IN_DATABASE",
    partitionKeys=["day"], enableUpdateCatalog=True, transformation_ctx="AmazonS3_node6")
AmazonS3_node6.setCatalogInfo(catalogDatabase="lake", catalogTableName="bonn")
AmazonS3_node6.setFormat("glueparquet", compression="snappy")
AmazonS3_node6.writeFrame(DropNullFields_node5)
job.commit()
""",
        {**BOOKMARKS, **CATALOG, "--enable-metrics": "true"},
    )
    ask = """
spark.sql("create table lake.days stored as parquet as "
          "select day, sum(amount) as amount from lake.bonn group by day")
print([tuple(row) for row in spark.sql("select * from lake.days order by day").collect()])
"""
    lab.job("ask", HEAD + ask, CATALOG)

    assert lab.run("studio")["JobRunState"] == "SUCCEEDED"
    table = lab.glue.get_table(DatabaseName="lake", Name="bonn")["Table"]
    assert [(each["Name"], each["Type"]) for each in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("amount", "double"),
    ]
    found = lab.glue.get_partitions(DatabaseName="lake", TableName="bonn")["Partitions"]
    assert sorted(each["Values"] for each in found) == [["01"], ["02"]]
    assert lab.printed("ask") == "[('01', 10.5), ('02', 7.0)]"
    days = lab.glue.get_table(DatabaseName="lake", Name="days")["Table"]
    assert days["StorageDescriptor"]["Location"] == "s3://lake/tables/days"


def test_a_crawler_follows_a_folder_through_its_changes(lab: Lab) -> None:
    lab.glue.create_database(DatabaseInput={"Name": "raw"})
    lab.glue.create_crawler(
        Name="raw",
        Role="glue",
        DatabaseName="raw",
        Targets={"S3Targets": [{"Path": "s3://lake/flights/"}]},
    )
    lab.put("flights/day=1/a.csv", '\ufeffid|note\n1|"two\nlines"\n2|x\n')
    assert lab.crawl("raw")["Status"] == "SUCCEEDED"
    lab.put("flights/day=2/a.csv", "id|note|delay\n3|x|1.5\n4|y|2\n")
    lab.s3.delete_object(Bucket="lake", Key="flights/day=1/a.csv")
    assert lab.crawl("raw")["Status"] == "SUCCEEDED"

    table = lab.glue.get_table(DatabaseName="raw", Name="flights")["Table"]
    assert [(each["Name"], each["Type"]) for each in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("note", "string"),
        ("delay", "double"),
    ]
    pages = lab.glue.get_partitions(DatabaseName="raw", TableName="flights")["Partitions"]
    gone = {each["Values"][0]: "DEPRECATED_BY_CRAWLER" in each["Parameters"] for each in pages}
    assert gone == {"1": True, "2": False}
    lab.glue.update_crawler(Name="raw", Targets={"S3Targets": [{"Path": "s3://no-lake/flights/"}]})
    failed = lab.crawl("raw")
    assert failed["Status"] == "FAILED"
    assert failed["ErrorMessage"].startswith("S3 target s3://no-lake/flights/ cannot be read")
