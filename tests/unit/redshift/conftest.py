"""A started Redshift over a temporary state folder, with S3 in memory."""

# ruff: noqa: N803  the clients' arguments are named as AWS names them
from __future__ import annotations

import io
import queue
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from etlocal.aws.call import Acting, Call, Runtime
from etlocal.aws.store import Store
from etlocal.redshift import SERVICES
from etlocal.redshift.data.operations import OPERATIONS as DATA
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.engines.base import Engine
from etlocal.redshift.serverless.operations import OPERATIONS as SERVERLESS
from etlocal.redshift.warehouse import Warehouse
from etlocal.redshift.wire.server import WireServer
from etlocal.settings import LOOPBACK, Settings

ENGINES = ("duckdb", "postgres")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_engines` on each, but for what makes up hundreds of cases."""
    if getattr(metafunc.function, "is_hypothesis_test", False):
        return
    if metafunc.definition.get_closest_marker("both_engines") and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ENGINES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that a test runs on."""
    return str(getattr(request, "param", "duckdb"))


@pytest.fixture(scope="session")
def warehouse_url(engine: str, request: pytest.FixtureRequest) -> str:
    """The setting that chooses the engine."""
    return str(request.getfixturevalue("prepared_postgres")) if engine == "postgres" else ""


@pytest.fixture(scope="session")
def prepared_postgres(postgres_url: str) -> Iterator[str]:
    """The server; every database on it is made as a copy of one that is prepared already."""
    from etlocal.redshift.engines.postgres import PostgresEngine
    from etlocal.redshift.engines.postgres.instance import Instance

    made = PostgresEngine(postgres_url, f"test-{uuid.uuid4()}")
    made.connect("dev", "ann").close()
    # Nobody may be connected to what is copied.
    made.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Instance, "template", made._instance._listed()["dev"])
        yield postgres_url
    made.delete()


MakeEngine = Callable[[], Engine]


@pytest.fixture(scope="module")
def make_engine(
    warehouse_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeEngine]:
    """Make engines without a service around them; their databases are deleted at the end."""
    made: list[Engine] = []

    def make() -> Engine:
        if warehouse_url:
            from etlocal.redshift.engines.postgres import PostgresEngine

            made.append(PostgresEngine(warehouse_url, f"test-{uuid.uuid4()}"))
        else:
            from etlocal.redshift.engines.duckdb import DuckDBEngine

            made.append(DuckDBEngine(tmp_path_factory.mktemp("engine")))
        return made[-1]

    yield make
    for one in made:
        one.delete()


@pytest.fixture
def settings(settings: Settings, warehouse_url: str) -> Settings:
    """Settings whose warehouse is the engine's."""
    return settings.model_copy(update={"warehouse_url": SecretStr(warehouse_url)})


class FakeS3:
    """Objects in a dictionary, behind the calls that COPY and UNLOAD make."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.roles: list[str | None] = []

    def put(self, uri: str, body: bytes | str) -> None:
        """Put an object by its address."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.objects[bucket, key] = body.encode() if isinstance(body, str) else body

    def keys(self, bucket: str) -> list[str]:
        """List a bucket's keys."""
        return sorted(key for where, key in self.objects if where == bucket)

    def list_objects_v2(
        self, Bucket: str, Prefix: str = "", ContinuationToken: str = ""
    ) -> dict[str, Any]:
        """List objects, one a page, so that paging is used."""
        found = [key for key in self.keys(Bucket) if key.startswith(Prefix)]
        start = int(ContinuationToken or 0)
        contents = [
            {"Key": key, "Size": len(self.objects[Bucket, key])} for key in found[start : start + 1]
        ]
        more = start + 1 < len(found)
        answer: dict[str, Any] = {"Contents": contents, "IsTruncated": more}
        return {**answer, "NextContinuationToken": str(start + 1)} if more else answer

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        """Give an object, or S3's error."""
        if (Bucket, Key) not in self.objects:
            error = {"Error": {"Code": "NoSuchKey", "Message": "The specified key does not exist."}}
            raise ClientError(error, "GetObject")  # type: ignore[arg-type]
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket: str, Key: str, Body: Any) -> None:
        """Put an object."""
        self.objects[Bucket, Key] = Body if isinstance(Body, bytes) else Body.read()

    def delete_object(self, Bucket: str, Key: str) -> None:
        """Delete an object."""
        del self.objects[Bucket, Key]


class FakeSecrets:
    """Secrets in a dictionary."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def create_secret(self, Name: str, Description: str, SecretString: str) -> dict[str, str]:
        """Keep a secret."""
        arn = f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{Name}"
        self.secrets[arn] = SecretString
        return {"ARN": arn}

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        """Give a secret."""
        return {"SecretString": self.secrets[SecretId]}

    def delete_secret(self, SecretId: str, ForceDeleteWithoutRecovery: bool) -> None:
        """Delete a secret."""
        del self.secrets[SecretId]


class FakeClients:
    """Gives the fakes as clients, and notes the roles that asked."""

    def __init__(self) -> None:
        self.s3 = FakeS3()
        self.secretsmanager = FakeSecrets()
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()

    def put_events(self, Entries: list[dict[str, Any]]) -> None:
        """Keep events."""
        for entry in Entries:
            self.events.put(entry)

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        if service == "s3":
            self.s3.roles.append(acting.role_arn if acting else None)
            return self.s3
        if service == "events":
            return self
        assert service == "secretsmanager"
        return self.secretsmanager


@pytest.fixture
def clients() -> FakeClients:
    """The AWS services that Redshift uses."""
    return FakeClients()


@pytest.fixture
def s3(clients: FakeClients) -> FakeS3:
    """S3 in memory."""
    return clients.s3


@pytest.fixture
def runtime(settings: Settings, clients: FakeClients) -> Iterator[Runtime]:
    """A runtime with Redshift started."""
    made = Runtime(settings, Store(settings.state_dir / "state.sqlite"), clients)
    for service in SERVICES:
        service.start(made)
    yield made
    used = [*made.component(Warehouse)._engines.values()]
    for service in SERVICES:
        service.stop(made)
    for one in used:
        # What is in the state folder goes with it; what is on a server would stay there.
        one.delete()


@pytest.fixture
def call(runtime: Runtime) -> Call:
    """A call by the account's root, with a namespace and a workgroup made."""
    made = Call(
        account="000000000000",
        region="us-east-1",
        principal="arn:aws:iam::000000000000:root",
        request_id="00000000-0000-0000-0000-000000000000",
        runtime=runtime,
    )
    SERVERLESS.handle("CreateNamespace", {"namespaceName": "house"}, made)
    SERVERLESS.handle("CreateWorkgroup", {"workgroupName": "group", "namespaceName": "house"}, made)
    return made


PASSWORD = "Secret1x"
Connect = Callable[..., "psycopg.Connection[Any]"]


@pytest.fixture
def server(call: Call) -> Iterator[WireServer]:
    """A listening server; the workgroup's administrator has `PASSWORD`."""
    SERVERLESS.handle(
        "UpdateNamespace", {"namespaceName": "house", "adminUserPassword": PASSWORD}, call
    )
    running = call.runtime.component(WireServer)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def connect(server: WireServer) -> Iterator[Connect]:
    """Connects as the workgroup's administrator, or as somebody else."""
    made: list[psycopg.Connection[Any]] = []

    def open_connection(**more: Any) -> psycopg.Connection[Any]:
        given = {"user": "admin", "password": PASSWORD, "dbname": "dev", "autocommit": True, **more}
        made.append(psycopg.connect(host=LOOPBACK, port=server.port, **given))
        return made[-1]

    yield open_connection
    for connection in made:
        connection.close()


Run = Callable[..., dict[str, Any]]
Rows = Callable[..., list[list[Any]]]


@pytest.fixture
def run(call: Call) -> Run:
    """Run a statement to its end; gives what DescribeStatement answers."""

    def execute(sql: str | list[str], **more: Any) -> dict[str, Any]:
        name, text = ("ExecuteStatement", "Sql")
        if isinstance(sql, list):
            name, text = ("BatchExecuteStatement", "Sqls")
        request = {text: sql, **more}
        if "SessionId" not in more:
            request = {"WorkgroupName": "group", "Database": "dev", **request}
        accepted = DATA.handle(name, request, call)
        call.runtime.component(Worker).wait(accepted["Id"], 60)
        return DATA.handle("DescribeStatement", {"Id": accepted["Id"]}, call)

    return execute


@pytest.fixture
def rows(run: Run, call: Call) -> Rows:
    """Run a query and give its rows as plain values; fails where the statement fails."""

    def fetch(sql: str, **more: Any) -> list[list[Any]]:
        described = run(sql, **more)
        assert described["Status"] == "FINISHED", described.get("Error")
        found: list[list[Any]] = []
        token: dict[str, str] = {}
        while True:
            answer = DATA.handle("GetStatementResult", {"Id": described["Id"], **token}, call)
            found += [
                [None if field.get("isNull") else next(iter(field.values())) for field in record]
                for record in answer["Records"]
            ]
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    return fetch


@pytest.fixture
def ok(run: Run) -> Callable[..., None]:
    """Run statements that must finish, one after the other."""

    def execute(*sqls: str) -> None:
        for sql in sqls:
            described = run(sql)
            assert described["Status"] == "FINISHED", (sql, described.get("Error"))

    return execute
