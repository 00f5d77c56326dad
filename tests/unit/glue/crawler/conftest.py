"""A Glue of one's own for each test: an in-memory S3, logs and warehouse, real crawls."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from etlocal.aws.call import Acting, Call, Runtime
from etlocal.aws.store import Store
from etlocal.glue import catalog, crawler
from etlocal.glue.operations import OPERATIONS
from etlocal.settings import Settings

DATABASE = "db"


def client_error(code: str, message: str, operation: str) -> ClientError:
    """Make an error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Pages:
    """A paginator over pages made beforehand."""

    def __init__(self, make: Callable[..., list[dict[str, Any]]]) -> None:
        self._make = make

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        yield from self._make(**arguments)


class FakeS3:
    """Buckets in memory, listed in pages of 1,000 as S3 does."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.reads: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.at_gate = threading.Event()

    def put(self, url: str, body: bytes | str) -> None:
        """Put an object at ``s3://bucket/key``."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        data = body.encode() if isinstance(body, str) else body
        self.buckets.setdefault(bucket, {})[key] = data

    def delete(self, url: str) -> None:
        """Delete an object."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        del self.buckets[bucket][key]

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_objects_v2"
        return Pages(self._list)

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        contents = [item for page in self._list(Bucket, Prefix) for item in page["Contents"]]
        return {"Contents": contents[:MaxKeys]}

    def get_object(self, Bucket: str, Key: str, Range: str) -> dict[str, Any]:  # noqa: N803
        self.at_gate.set()
        if not self.gate.wait(10):
            raise TimeoutError("nobody opened the gate")
        self.reads.append(Key)
        if Key not in self._bucket(Bucket, "GetObject"):
            raise client_error("NoSuchKey", "The specified key does not exist.", "GetObject")
        start, _, end = Range.removeprefix("bytes=").partition("-")
        body = self.buckets[Bucket][Key][int(start) : int(end) + 1]
        return {"Body": io.BytesIO(body)}

    def _bucket(self, name: str, operation: str) -> dict[str, bytes]:
        if name not in self.buckets:
            message = "The specified bucket does not exist"
            raise client_error("NoSuchBucket", message, operation)
        return self.buckets[name]

    def _list(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        found = [
            {"Key": key, "Size": len(body), "ETag": f'"{hash(body)}"'}
            for key, body in sorted(self._bucket(Bucket, "ListObjectsV2").items())
            if key.startswith(Prefix)
        ]
        return [
            {"Contents": found[start : start + 1000]} for start in range(0, len(found) or 1, 1000)
        ]


class FakeLogs:
    """CloudWatch Logs in memory."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], list[str]] = {}

    def create_log_group(self, logGroupName: str) -> None:  # noqa: N803
        code = "ResourceAlreadyExistsException"
        raise client_error(code, "The specified log group already exists", "CreateLogGroup")

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        self.lines[logGroupName, logStreamName] = []

    def put_log_events(
        self,
        logGroupName: str,  # noqa: N803
        logStreamName: str,  # noqa: N803
        logEvents: list[dict[str, Any]],  # noqa: N803
    ) -> None:
        messages = [event["message"] for event in logEvents]
        self.lines[logGroupName, logStreamName].extend(messages)


class FakeEvents:
    """EventBridge that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.ended = threading.Event()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            detail = json.loads(entry["Detail"])
            self.sent.append((entry["DetailType"], detail))
            if detail["state"] != "Started":
                self.ended.set()
        return {"FailedEntryCount": 0}


class FakeWarehouse:
    """The Data API over tables: ``(schema, table)`` → ``[(column, type, precision, scale)]``."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], list[tuple[str, str, int, int]]] = {}
        self.arguments: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> Pages:
        return Pages({"list_tables": self._list, "describe_table": self._describe}[name])

    def _list(self, **arguments: Any) -> list[dict[str, Any]]:
        self.arguments.append(arguments)
        tables = [{"schema": schema, "name": name, "type": "TABLE"} for schema, name in self.tables]
        return [{"Tables": tables}]

    def _describe(self, **arguments: Any) -> list[dict[str, Any]]:
        columns = self.tables[arguments["Schema"], arguments["Table"]]
        return [
            {
                "ColumnList": [
                    {"name": name, "typeName": kind, "precision": precision, "scale": scale}
                    for name, kind, precision, scale in columns
                ]
            }
        ]


class FakeClients:
    """Gives the fakes as clients and keeps which role asked."""

    def __init__(self) -> None:
        self.services: dict[str, Any] = {
            "s3": FakeS3(),
            "logs": FakeLogs(),
            "events": FakeEvents(),
            "redshift-data": FakeWarehouse(),
        }
        self.roles: list[tuple[str, str | None]] = []

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        self.roles.append((service, acting.role_arn if acting else None))
        return self.services[service]


class Glue:
    """Calls Glue's operations, and waits for crawls by their state."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return OPERATIONS.handle(operation, request, self.call)

    def create(self, path: str = "s3://raw/flights/", **more: Any) -> None:
        """Make the crawler ``c`` over one S3 path."""
        target = {"Path": path} | more.pop("target", {})
        request = {
            "Name": "c",
            "Role": "crawler-role",
            "DatabaseName": DATABASE,
            "Targets": {"S3Targets": [target]},
        }
        self("CreateCrawler", **(request | more))

    def crawl(self, name: str = "c") -> Mapping[str, Any]:
        """Start a crawler, wait until it is READY, and give its ``LastCrawl``."""
        self("StartCrawler", Name=name)
        return self.wait(name)

    def wait(self, name: str = "c") -> Mapping[str, Any]:
        """Wait until a crawler is READY, and give its ``LastCrawl``."""
        deadline = threading.Event()
        for _ in range(2000):
            described = self("GetCrawler", Name=name)["Crawler"]
            if described["State"] == "READY":
                last: Mapping[str, Any] = described["LastCrawl"]
                return last
            deadline.wait(0.005)
        raise AssertionError(f"crawler {name} is {described['State']} still")

    def tables(self) -> dict[str, dict[str, Any]]:
        """Give the database's tables by name."""
        found = self("GetTables", DatabaseName=DATABASE)["TableList"]
        return {table["Name"]: table for table in found}

    def columns(self, table: str) -> dict[str, str]:
        """Give a table's columns and types."""
        found = self("GetTable", DatabaseName=DATABASE, Name=table)["Table"]
        return {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}

    def partitions(self, table: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Give a table's partitions by their values."""
        request = {"DatabaseName": DATABASE, "TableName": table}
        found = self("GetPartitions", **request)["Partitions"]
        return {tuple(partition["Values"]): partition for partition in found}


@pytest.fixture
def clients() -> FakeClients:
    """The AWS services around Glue."""
    return FakeClients()


@pytest.fixture
def s3(clients: FakeClients) -> FakeS3:
    """The S3 that crawls read, with the bucket ``raw``."""
    fake: FakeS3 = clients.services["s3"]
    fake.buckets["raw"] = {}
    return fake


@pytest.fixture
def log_lines(clients: FakeClients) -> Callable[[], list[str]]:
    """Gives what the crawler ``c`` has logged."""
    logs: FakeLogs = clients.services["logs"]
    return lambda: logs.lines["/aws-glue/crawlers", "c"]


@pytest.fixture
def crawling(settings: Settings, clients: FakeClients) -> Iterator[Runtime]:
    """A runtime in which Glue's catalog and crawlers have started."""
    runtime = Runtime(settings, Store(settings.state_dir / "state.sqlite"), clients)
    catalog.start(runtime)
    crawler.start(runtime)
    yield runtime
    clients.services["s3"].gate.set()
    crawler.stop(runtime)
    catalog.stop(runtime)


@pytest.fixture
def glue(crawling: Runtime) -> Glue:
    """Glue with one database."""
    call = Call("000000000000", "us-east-1", "arn:aws:iam::000000000000:root", "r", crawling)
    glue = Glue(call)
    glue("CreateDatabase", DatabaseInput={"Name": DATABASE})
    return glue
