"""A Glue to drive with random requests: a real store, and nothing that works in the background.

What runs in the background (crawls, job runs) would change the store between two looks at it. Here
a crawl that begins stays RUNNING, and a run stays STARTING, so that every state is met.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from botocore.validate import ParamValidator

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.aws.store import Store
from etlocal.glue import SERVICES, catalog
from etlocal.glue.bookmarks import rows as bookmark_rows
from etlocal.glue.bookmarks.schema import SCHEMA as BOOKMARKS_SCHEMA
from etlocal.glue.crawler import rows as crawler_rows
from etlocal.glue.crawler.pool import CrawlPool
from etlocal.glue.jobs.driver import RunDriver
from etlocal.glue.jobs.schema import SCHEMA as JOBS_SCHEMA
from etlocal.glue.operations import OPERATIONS
from etlocal.settings import Settings
from tests.requests_from_models import Names

T = TypeVar("T")
ACCOUNT, REGION = "000000000000", "us-east-1"
READING = ("Get", "List", "Search", "BatchGet")
# What a service may answer to any operation, beside what its model declares.
COMMON = ("ValidationException", "AccessDeniedException", "NotImplemented")
RUN_IDS = [f"jr_{digit * 64}" for digit in "abc"]
COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
CRON = "cron(0/15 * * * ? *)"


class _Quiet:
    """Stands for what works in the background, and does nothing."""

    def submit(self, *arguments: Any) -> None:
        """Run no crawl."""

    def cancel(self, crawl_id: str) -> None:
        """Cancel none."""

    def follow(self, seqs: Any) -> None:
        """Follow no run."""

    def stop_run(self, run: Any) -> None:
        """Stop none."""

    def announce(self, seq: int) -> None:
        """Send no event."""


class _QuietRuntime(Runtime):
    def component(self, cls: type[T]) -> T:
        if cls in (CrawlPool, RunDriver):
            return _Quiet()  # type: ignore[return-value]
        return super().component(cls)


def _no_clients(service: str, **_: Any) -> Any:
    raise AssertionError(f"unexpected AWS client: {service}")


class RandomGlue:
    """Answers requests, and checks what holds for every answer.

    Parameters
    ----------
    folder : Path
        Where the store is.
    """

    def __init__(self, folder: Path) -> None:
        settings = Settings(state_dir=folder / "state", cache_dir=folder / "cache")
        runtime = _QuietRuntime(settings, Store(folder / "state.sqlite"), _no_clients)
        assert SERVICES  # every room has entered its operations
        catalog.start(runtime)
        for schema in (crawler_rows.SCHEMA, JOBS_SCHEMA, BOOKMARKS_SCHEMA):
            runtime.store.ensure(schema)
        self.call = Call(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "id", runtime)
        self.store = runtime.store

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """Carry out an operation that must succeed."""
        return OPERATIONS.handle(operation, request, self.call)

    def reset(self) -> None:
        """Empty the store and fill it with one of everything."""
        self.clear()
        self._fill()

    def clear(self) -> None:
        """Empty the store."""
        with self.store.transaction() as tx:
            for table in _tables(tx):
                tx.execute(f'DELETE FROM "{table}"')

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give everything that the store holds."""
        with self.store.transaction() as tx:
            return {
                table: sorted(
                    (tuple(row) for row in tx.execute(f'SELECT * FROM "{table}"')), key=repr
                )
                for table in _tables(tx)
            }

    def check(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any] | AwsError:
        """Carry out an operation, and check what holds whatever it is.

        Returns
        -------
        dict or AwsError
            The response, which fits the model; or the error, which is one that the operation may
            answer and has left the store as it was.
        """
        before = self.dump()
        try:
            response = OPERATIONS.handle(operation, request, self.call)
        except AwsError as error:
            assert self.dump() == before, f"{operation} was refused and changed the store"
            self._check_error(operation, error)
            return error
        if operation.startswith(READING):
            assert self.dump() == before, f"{operation} changed the store"
        self._check_response(operation, response)
        return response

    def _check_error(self, operation: str, error: AwsError) -> None:
        model = _model(operation)
        declared = {shape.name for shape in model.error_shapes}
        if "CatalogId" in model.input_shape.members:
            # A catalog that does not exist is told whatever the operation.
            declared.add("EntityNotFoundException")
        assert error.code in {*declared, *COMMON}, f"{operation}: {error.code}: {error}"
        assert error.status == (501 if error.code == "NotImplemented" else 400)
        assert error.message.encode()

    def _check_response(self, operation: str, response: dict[str, Any]) -> None:
        shape = _model(operation).output_shape
        if shape is None:
            assert response == {}
            return
        report = ParamValidator().validate(response, shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        # It is sent as UTF-8, and a time as a number.
        json.dumps(response, default=lambda moment: moment.timestamp(), ensure_ascii=False).encode()

    def _fill(self) -> None:
        self.ask("CreateDatabase", DatabaseInput={"Name": "shop"}, Tags={"team": "a"})
        self.ask("CreateDatabase", DatabaseInput={"Name": "empty"})
        for table in ("sales", "plain"):
            keys = [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}]
            given: dict[str, Any] = {"Name": table}
            if table == "sales":
                given["PartitionKeys"] = keys
                given["StorageDescriptor"] = {"Columns": [{"Name": "amount", "Type": "bigint"}]}
            self.ask("CreateTable", DatabaseName="shop", TableInput=given)
            self.ask("UpdateTable", DatabaseName="shop", TableInput=given)
        of_sales = {"DatabaseName": "shop", "TableName": "sales"}
        for values in (["2013", "eu"], ["2014", "us"], ["2014", "__HIVE_DEFAULT_PARTITION__"]):
            self.ask("CreatePartition", **of_sales, PartitionInput={"Values": values})
        index = {"IndexName": "by_year", "Keys": ["year"]}
        self.ask("CreatePartitionIndex", **of_sales, PartitionIndex=index)
        self.ask(
            "CreateUserDefinedFunction",
            DatabaseName="shop",
            FunctionInput={"FunctionName": "twice", "ClassName": "x.Twice"},
        )
        network = {"Name": "vpc", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
        self.ask("CreateConnection", ConnectionInput=network)
        self.ask("CreateClassifier", CsvClassifier={"Name": "pipes", "Delimiter": "|"})
        self.ask("CreateClassifier", JsonClassifier={"Name": "rows", "JsonPath": "$.rows[*]"})
        targets = {"S3Targets": [{"Path": "s3://raw/flights/"}]}
        common = {"Role": "r", "DatabaseName": "shop", "Targets": targets}
        self.ask("CreateCrawler", Name="idle", **common)
        self.ask("CreateCrawler", Name="timed", Schedule=CRON, Classifiers=["pipes"], **common)
        self.ask("CreateCrawler", Name="busy", **common)
        self.ask("StartCrawler", Name="busy")
        self.ask("CreateJob", Name="etl", Role="r", Command=COMMAND, Tags={"team": "a"})
        queued = {"ExecutionProperty": {"MaxConcurrentRuns": 2}, "JobRunQueuingEnabled": True}
        self.ask("CreateJob", Name="queued", Role="r", Command=COMMAND, **queued)
        for run_id in RUN_IDS:
            self._begin_run("queued", run_id)
        job = bookmark_rows.Job(ACCOUNT, REGION, "queued")
        left = bookmark_rows.Bookmark(1, 1, 0, RUN_IDS[0], None, {"ctx": {"high": 1}})
        with self.store.transaction() as tx:
            bookmark_rows.put_current(tx, job, left)
            bookmark_rows.put_history(tx, job, left)

    def _begin_run(self, job: str, run_id: str) -> None:
        """Start a run, whose id is always the same, so that a series of requests is too."""
        made = self.ask("StartJobRun", JobName=job)["JobRunId"]
        with self.store.transaction() as tx:
            tx.execute("UPDATE jobs_run SET run_id = ? WHERE run_id = ?", (run_id, made))

    def known(self) -> Names:
        """Give names of what `reset` made, and of some that it did not."""
        databases = ["shop", "SHOP", "empty", "absent"]
        tables = ["sales", "plain", "Sales", "absent"]
        crawlers = ["idle", "timed", "busy", "absent"]
        job_names = ["etl", "queued", "absent"]
        classifiers = ["pipes", "rows", "absent"]
        functions = ["twice", "thrice"]
        connections = ["vpc", "absent"]
        values = [["2013", "eu"], ["2014", "us"], ["2015", "eu"], ["x", "y"], ["2013"]]
        targets = [
            {"S3Targets": [{"Path": "s3://raw/flights/", "Exclusions": ["**.tmp", "{a,b}*"]}]},
            {"JdbcTargets": [{"ConnectionName": "vpc", "Path": "dev/public/%"}]},
        ]
        expressions = [
            "year = 2014",
            "region in ('eu', 'us') and year > 2013",
            "year between 1 and 3000 or not region like 'e%'",
            "region is null",
            "year = 'x'",
        ]
        resources = [
            *(f"database/{name}" for name in databases),
            *(f"table/shop/{name}" for name in tables),
            *(f"crawler/{name}" for name in crawlers),
            *(f"job/{name}" for name in job_names),
            "connection/vpc",
            "trigger/x",
        ]
        arns = [f"arn:aws:glue:{REGION}:{ACCOUNT}:{resource}" for resource in resources]
        known = Names(
            {
                "CatalogId": [ACCOUNT, ACCOUNT, ACCOUNT, "111111111111"],
                "DatabaseName": databases,
                "DatabaseInput.Name": [*databases, "other"],
                "TableName": tables,
                "TableInput.Name": [*tables, "other"],
                "TablesToDelete": tables,
                "VersionId": ["0", "1", "7"],
                "VersionIds": ["0", "1", "7"],
                "PartitionValues": values,
                "PartitionValueList": values,
                "Values": values,
                "PartitionsToGet.Values": values,
                "PartitionsToDelete.Values": values,
                "Expression": [*expressions, "s.*", "*"],
                "PartitionKeys": [[{"Name": "year", "Type": "int"}]],
                "IndexName": ["by_year", "by_region"],
                "Keys": [["year"], ["region"], ["region", "year"], ["absent"]],
                "FunctionName": functions,
                "Pattern": ["*", "t.*", "("],
                "ConnectionName": connections,
                "ConnectionNameList": connections,
                "ConnectionInput.Name": [*connections, "other"],
                "ConnectionType": ["NETWORK", "JDBC"],
                "CrawlerName": crawlers,
                "CrawlerNames": crawlers,
                "CrawlerNameList": crawlers,
                "Classifiers": [["pipes"], ["rows", "pipes"], []],
                "CsvClassifier.Name": [*classifiers, "other"],
                "JsonClassifier.Name": [*classifiers, "other"],
                "JsonPath": ["$.a[*]", "$", "$['a']"],
                "Targets": targets,
                "Schedule": [CRON, "", "cron(0 12 ? * MON *)", "rate(1 minute)"],
                "Configuration": [
                    '{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}',
                    '{"Version": 1.0, "CrawlerOutput": {"Tables": {"TableThreshold": 3}}}',
                    "{",
                ],
                "JobName": job_names,
                "JobNames": job_names,
                "Command": [COMMAND, COMMAND | {"Name": "pythonshell"}],
                "GlueVersion": ["5.0", "5.1", "4.0"],
                "RunId": [*RUN_IDS, "jr_0"],
                "JobRunId": [*RUN_IDS, "jr_0"],
                "JobRunIds": [*RUN_IDS, "jr_0"],
                "ResourceArn": arns,
                "Filters.Key": ["DatabaseName", "Name", "Description", "CreateTime", "team"],
                "Filters.Value": ["shop", "2020-01-01T00:00:00", "0"],
                "FieldName": ["Name", "DatabaseName", "CreateTime", "x"],
                "NextToken": ["b2Zmc2V0OjE=", "b2Zmc2V0OjA=", "wrong", ""],
                "ListCrawls.Filters.FieldName": ["STATE", "CRAWL_ID", "START_TIME", "DPU_HOUR"],
                "FieldValue": ["RUNNING", "1600000000000", "2020-01-01", "x"],
            }
        )
        for names, operations in (
            (databases, ("GetDatabase", "UpdateDatabase", "DeleteDatabase")),
            (tables, ("GetTable", "DeleteTable")),
            (crawlers, ("GetCrawler", "DeleteCrawler", "StartCrawler", "StopCrawler")),
            ([*crawlers, "other"], ("CreateCrawler", "UpdateCrawler")),
            ([*job_names, "other"], ("CreateJob",)),
            (classifiers, ("GetClassifier", "DeleteClassifier")),
            (connections, ("GetConnection", "UpdateConnection")),
        ):
            known.update({f"{operation}.Name": names for operation in operations})
        return known


def _tables(tx: sqlite3.Connection) -> list[str]:
    found = tx.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [row["name"] for row in found]


def _model(operation: str) -> Any:
    return OPERATIONS.model.operation_model(operation)
