"""Connections to Redshift's port in this process: what clients may do, and what they are told."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
from pathlib import Path

import psycopg
import pytest

from etlocal.aws.call import Call, Runtime
from etlocal.aws.store import Store
from etlocal.redshift import SERVICES
from etlocal.redshift.provisioned.operations import OPERATIONS as PROVISIONED
from etlocal.redshift.serverless.operations import OPERATIONS as SERVERLESS
from etlocal.redshift.wire import messages
from etlocal.redshift.wire.server import PortTakenError, WireServer
from etlocal.settings import LOOPBACK, REDSHIFT_PORT, Settings

from .conftest import PASSWORD, Connect, FakeClients, Run

pytestmark = pytest.mark.both_engines


@pytest.fixture
def settings(settings: Settings, engine: str) -> Settings:
    """Settings of either engine, with a port that the system chooses."""
    return settings.model_copy(update={"redshift_port": 0})


class Raw:
    """A client that sends any message and shows every answer."""

    def __init__(self, port: int | None, **parameters: str) -> None:
        assert port is not None
        self.socket = socket.create_connection((LOOPBACK, port), timeout=30)
        self._stream = self.socket.makefile("rb")
        given = {"user": "admin", "database": "dev", **parameters}
        body = b"".join(f"{name}\0{value}\0".encode() for name, value in given.items()) + b"\0"
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 3 << 16) + body)
        kind, answer = self.read()
        assert kind == b"R"
        inner = hashlib.md5(f"{PASSWORD}{given['user']}".encode()).hexdigest().encode()
        proof = b"md5" + hashlib.md5(inner + answer[4:]).hexdigest().encode()
        self.socket.sendall(messages.message(b"p", proof + b"\0"))
        self.greeting = self.until_ready()

    def read(self) -> tuple[bytes, bytes]:
        head = self._stream.read(5)
        return head[:1], self._stream.read(struct.unpack("!i", head[1:])[0] - 4)

    def until_ready(self) -> list[tuple[bytes, bytes]]:
        found = [self.read()]
        while found[-1][0] != b"Z":
            found.append(self.read())
        return found

    def send(self, *parts: tuple[bytes, bytes]) -> None:
        self.socket.sendall(b"".join(messages.message(*part) for part in parts))

    def ask(self, *parts: tuple[bytes, bytes]) -> str:
        """Send messages and give the types of the answers."""
        self.send(*parts)
        return b"".join(kind for kind, _ in self.until_ready()).decode()


def parse(text: str, name: str = "", *oids: int) -> tuple[bytes, bytes]:
    head = f"{name}\0{text}\0".encode()
    return b"P", head + struct.pack(f"!h{len(oids)}i", len(oids), *oids)


def bind(*values: str | None, portal: str = "", statement: str = "") -> tuple[bytes, bytes]:
    body = f"{portal}\0{statement}\0".encode() + struct.pack("!hh", 0, len(values))
    for value in values:
        data = None if value is None else value.encode()
        body += struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data
    return b"B", body + struct.pack("!h", 0)


def execute(limit: int = 0, portal: str = "") -> tuple[bytes, bytes]:
    return b"E", f"{portal}\0".encode() + struct.pack("!i", limit)


SYNC = (b"S", b"")


def test_a_driver_is_told_what_it_reads_of_the_server(server: WireServer) -> None:
    raw = Raw(server.port, client_protocol_version="2", driver_version="x", application_name="me")
    told = dict(body[:-1].decode().split("\0") for kind, body in raw.greeting if kind == b"S")
    assert told["server_version"] == "8.0.2"
    assert told["application_name"] == "me"
    assert {"client_encoding", "DateStyle", "TimeZone", "integer_datetimes"} <= told.keys()
    assert "server_protocol_version" not in told
    assert raw.greeting[-1] == (b"Z", b"I")


def test_encryption_is_refused_and_the_connection_goes_on(server: WireServer) -> None:
    for code in (messages.SSL_REQUEST, messages.GSS_REQUEST):
        with socket.create_connection((LOOPBACK, int(server.port or 0)), timeout=30) as client:
            client.sendall(struct.pack("!ii", 8, code))
            assert client.recv(1) == b"N"


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ({"password": "wrong"}, "28000", "password authentication failed"),
        ({"user": "nobody"}, "28000", "password authentication failed"),
        ({"dbname": "nowhere"}, "3D000", 'database "nowhere" does not exist'),
        ({"options": "-c no_such_setting=1"}, "42704", "no_such_setting"),
        ({"options": "-c etlocal.target=other"}, "28000", "password authentication failed"),
    ],
)
def test_who_may_not_connect_is_told_why(
    server: WireServer, connect: Connect, more: dict[str, str], state: str, words: str
) -> None:
    with pytest.raises(psycopg.OperationalError, match=words) as caught:
        connect(**more)
    assert caught.value.sqlstate in (None, state)


def test_the_password_tells_which_workgroup_or_cluster_is_meant(
    call: Call, connect: Connect
) -> None:
    PROVISIONED.handle(
        "CreateCluster",
        {"ClusterIdentifier": "c1", "NodeType": "ra3.large", "MasterUsername": "admin",
         "MasterUserPassword": PASSWORD, "DBName": "dev"},
        call,
    )  # fmt: skip
    with pytest.raises(psycopg.OperationalError, match="c1, group"):
        connect()
    connect(options="-c etlocal.target=c1").execute("create table of_c1 (a int)")
    shown = connect(options="-c etlocal.target=group").execute("select tablename from pg_tables")
    assert shown.fetchall() == []
    lent = PROVISIONED.handle(
        "GetClusterCredentials", {"ClusterIdentifier": "c1", "DbUser": "ada"}, call
    )
    by_credentials = connect(user=lent["DbUser"], password=lent["DbPassword"])
    row = by_credentials.execute("select current_user, count(*) from of_c1").fetchone()
    assert row == ("IAM:ada", 0)
    PROVISIONED.handle("PauseCluster", {"ClusterIdentifier": "c1"}, call)
    with pytest.raises(psycopg.OperationalError):
        connect(user=lent["DbUser"], password=lent["DbPassword"])


def test_managed_and_lent_passwords_let_in(
    call: Call, clients: FakeClients, connect: Connect
) -> None:
    lent = SERVERLESS.handle("GetCredentials", {"workgroupName": "group"}, call)
    assert connect(user=lent["dbUser"], password=lent["dbPassword"]).execute("select 1").fetchone()
    SERVERLESS.handle(
        "UpdateNamespace", {"namespaceName": "house", "manageAdminPassword": True}, call
    )
    (secret,) = clients.secretsmanager.secrets.values()
    password = secret.split('"password": "')[1].split('"')[0]
    assert connect(password=password).execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        connect()


def test_a_failed_transaction_takes_nothing_until_it_is_rolled_back(connect: Connect) -> None:
    one = connect()
    one.execute("create table t (a int)")
    one.execute("begin")
    one.execute("insert into t values (1)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        one.execute("select 1/0")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        one.execute("select 1")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        one.execute("select a from t where a = %s", (1,))
    assert one.execute("commit").statusmessage == "ROLLBACK"
    assert one.execute("select count(*) from t").fetchone() == (0,)


def test_a_syntax_error_fails_the_transaction_too(server: WireServer) -> None:
    raw = Raw(server.port)
    assert raw.ask((b"Q", b"begin\0")) == "CZ"
    assert raw.ask((b"Q", b"selec 1\0")) == "EZ"
    raw.send((b"Q", b"select 1\0"))
    error, ready = raw.until_ready()
    assert b"C25P02\0" in error[1]
    assert ready[1] == b"E"
    raw.send((b"Q", b"commit\0"))
    assert raw.until_ready() == [(b"C", b"ROLLBACK\0"), (b"Z", b"I")]


def test_the_statements_of_one_query_are_one_transaction(connect: Connect) -> None:
    one = connect()
    one.execute("create table t (a int)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        one.execute("insert into t values (1); select 1/0")
    assert one.execute("select count(*) from t").fetchone() == (0,)
    one.execute("insert into t values (1); commit; insert into t values (2)")
    assert one.execute("select count(*) from t").fetchone() == (2,)


def test_after_an_error_messages_are_left_out_up_to_the_next_sync(server: WireServer) -> None:
    raw = Raw(server.port)
    raw.ask((b"Q", b"create table t (a int)\0"))
    insert = parse("insert into t values ($1)")
    first = (insert, bind("1"), execute(), parse("select nothing"), (b"D", b"S\0"), execute())
    assert raw.ask(*first, SYNC) == "12C1tEZ"
    # What stood before the error was of the same transaction.
    raw.send((b"Q", b"select count(*) from t\0"))
    assert raw.until_ready()[1][1].endswith(b"0")


def test_a_portal_gives_its_rows_in_pieces(server: WireServer) -> None:
    raw = Raw(server.port)
    raw.ask((b"Q", b"create table t (a int); insert into t values (1), (2), (3), (4), (5)\0"))
    raw.ask((b"Q", b"begin\0"))
    query = parse("select a from t order by a")
    assert raw.ask(query, bind(portal="p"), (b"D", b"Pp\0"), execute(2, "p"), SYNC) == "12TDDsZ"
    # Another statement goes between; the portal has its rows all the same.
    assert raw.ask(parse("select 1"), bind(), execute(), SYNC) == "12DCZ"
    assert raw.ask(execute(2, "p"), SYNC) == "DDsZ"
    assert raw.ask(execute(2, "p"), SYNC) == "DCZ"
    raw.ask((b"Q", b"commit\0"))
    assert raw.ask(execute(2, "p"), SYNC) == "EZ"


def test_a_portal_that_ends_where_its_limit_does_is_not_suspended(server: WireServer) -> None:
    raw = Raw(server.port)
    query = parse("select 1 union all select 2")
    assert raw.ask(query, bind(), execute(2), SYNC) == "12DDCZ"


def test_statements_are_described_before_they_have_values(server: WireServer) -> None:
    raw = Raw(server.port)
    raw.send(parse("select $1::int as a, 'x'::varchar(3) as b", "s", 23), (b"D", b"Ss\0"), SYNC)
    _, parameters, row, _ = raw.until_ready()
    assert parameters == (b"t", struct.pack("!hi", 1, 23))
    assert row[1].startswith(struct.pack("!h", 2) + b"a\0")
    assert raw.ask((b"C", b"Ss\0"), bind(statement="s"), SYNC) == "3EZ"
    assert raw.ask(parse(""), bind(), execute(), SYNC) == "12IZ"
    assert raw.ask((b"Q", b" ; -- nothing\0")) == "IZ"


def test_rows_that_are_inserted_one_by_one_go_in_together_or_not_at_all(
    server: WireServer, connect: Connect
) -> None:
    raw = Raw(server.port)
    raw.ask((b"Q", b"create table t (a int not null, b varchar(3))\0"))
    insert = parse("insert into t values ($1, $2)", "s", 23, 1043)
    good = [part for n in range(3) for part in (bind(str(n), "x", statement="s"), execute())]
    assert raw.ask(insert, *good, SYNC) == "12C2C2CZ"
    assert connect().execute("select sum(a), count(b) from t").fetchone() == (3, 3)
    bad = (bind("7", "x", statement="s"), execute(), bind("8", "long", statement="s"), execute())
    answers = raw.ask(*bad, SYNC)
    assert answers.endswith("EZ")
    assert "C" not in answers
    assert connect().execute("select count(*) from t").fetchone() == (3,)
    null = (bind(None, None, statement="s"), execute(), (b"H", b""))
    raw.send(*null, SYNC)
    assert b"C23502\0" in dict(raw.until_ready())[b"E"]


def test_values_of_a_batch_become_what_their_columns_are(connect: Connect) -> None:
    one = connect()
    one.execute(
        "create table t (i int, n numeric(10,2), s varchar(20), d date, ts timestamp, b bool, "
        "f float8, j super, k int default 4)"
    )
    rows = [
        (1, "1.25", "it's \\ \"", "2024-01-02", "2024-01-02 03:04:05", True, 0.5, "x"),
        (None, None, None, None, None, None, None, None),
    ]
    one.cursor().executemany(
        "insert into t (i, n, s, d, ts, b, f, j) values (%s, %s, %s, %s, %s, %s, %s, %s)", rows
    )
    found = one.execute("select i, n::varchar, s, d::varchar, ts::varchar, b, f, j, k from t "
                        "order by i").fetchall()  # fmt: skip
    assert found[0] == (1, "1.25", "it's \\ \"", "2024-01-02", "2024-01-02 03:04:05", True, 0.5,
                        '"x"', 4)  # fmt: skip
    assert found[1] == (None,) * 8 + (4,)


def test_a_running_statement_is_cancelled(connect: Connect) -> None:
    one = connect()
    one.execute("create table t (a int)")
    one.execute("insert into t values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)")
    twice = ", ".join(f"t t{n}" for n in range(12))
    timer = threading.Timer(0.5, one.cancel_safe)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        one.execute(f"select count(*) from {twice} where t1.a + t2.a + t3.a + t11.a > 3")
    timer.join()
    assert one.execute("select 1").fetchone() == (1,)


def test_settings_of_drivers_are_taken_and_told(connect: Connect) -> None:
    one = connect(options="-c search_path=public -c TimeZone=Asia/Tokyo")
    assert one.info.parameter_status("TimeZone") == "Asia/Tokyo"
    one.execute("set timezone to 'UTC'")
    assert one.info.parameter_status("TimeZone") == "UTC"
    for text in (
        "set extra_float_digits = 3",
        "set datestyle to 'ISO'",
        "set query_group to 'x'",
        "set statement_timeout to 1000",
        "set session characteristics as transaction isolation level read uncommitted",
    ):
        assert one.execute(text).statusmessage == "SET"
    assert one.execute("show transaction isolation level").fetchone() == ("serializable",)
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        one.execute("set client_encoding to 'latin1'")


def test_the_catalog_describes_databases_tables_and_columns(connect: Connect) -> None:
    one = connect()
    one.execute(
        "create table t (a int not null, b varchar(20) default 'x', n numeric(10,2), s super)"
    )
    one.execute("create view v as select a from t")
    one.execute("comment on table t is 'of tests'")
    found = one.execute(
        "select c.relname, c.relkind, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), "
        "a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), t.typname "
        "from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
        "join pg_catalog.pg_attribute a on a.attrelid = c.oid "
        "join pg_catalog.pg_type t on t.oid = a.atttypid "
        "left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum "
        "where n.nspname = 'public' and pg_catalog.pg_table_is_visible(c.oid) "
        "and c.relname operator(pg_catalog.~) '^(t|v)$' collate pg_catalog.default "
        "order by c.relname, a.attnum"
    ).fetchall()
    assert found == [
        ("t", "r", "a", "integer", True, None, "int4"),
        ("t", "r", "b", "character varying(20)", False, "'x'", "varchar"),
        ("t", "r", "n", "numeric(10,2)", False, None, "numeric"),
        ("t", "r", "s", "super", False, None, "super"),
        ("v", "v", "a", "integer", False, None, "int4"),
    ]
    remarks = "select d.description from pg_description d join pg_class c on c.oid = d.objoid"
    assert one.execute(remarks).fetchall() == [("of tests",)]
    one.execute("create database other")
    names = one.execute("select datname from pg_database order by datname").fetchall()
    assert names == [("dev",), ("other",)]
    schemas = one.execute("select (current_schemas(true))[1], (current_schemas(false))[1]")
    assert schemas.fetchone() == ("pg_catalog", "public")
    owned = one.execute("select has_schema_privilege('public', 'usage'), pg_get_userbyid(100)")
    assert owned.fetchone() == (True, "admin")


def test_rows_that_nobody_fetches_are_given_up(server: WireServer) -> None:
    raw = Raw(server.port)
    raw.ask((b"Q", b"create table t (a int)\0"))
    many = b"insert into t select 1 from t; " * 2
    raw.ask((b"Q", b"insert into t values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)\0"))
    for _ in range(6):
        raw.ask((b"Q", many + b"\0"))
    query = parse("select a from t")
    assert raw.ask(query, bind(), execute(1), SYNC) == "12DsZ"
    assert raw.ask(query, bind(), execute(1), SYNC) == "12DsZ"
    assert raw.ask((b"Q", b"select count(*) from t\0")) == "TDCZ"


def test_a_client_that_goes_away_leaves_nothing_undone_in_the_way(
    run: Run, connect: Connect
) -> None:
    one = connect(autocommit=False)
    one.execute("create table t (a int)")
    one.commit()
    one.execute("insert into t values (1)")
    one.close()
    # The Data API's writer waits for the lock that the connection held, until it is given up.
    assert run("insert into t values (2)")["Status"] == "FINISHED"
    assert connect().execute("select a from t").fetchall() == [(2,)]


def test_a_namespace_that_is_deleted_ends_its_connections(call: Call, connect: Connect) -> None:
    one = connect()
    SERVERLESS.handle("DeleteWorkgroup", {"workgroupName": "group"}, call)
    SERVERLESS.handle("DeleteNamespace", {"namespaceName": "house"}, call)
    with pytest.raises(psycopg.Error):
        one.execute("create table t (a int)")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect()


def test_stopping_ends_connections(server: WireServer, connect: Connect) -> None:
    one = connect()
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        one.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        connect()


def test_workgroups_and_clusters_show_the_port(server: WireServer, call: Call) -> None:
    shown = SERVERLESS.handle("GetWorkgroup", {"workgroupName": "group"}, call)["workgroup"]
    assert shown["endpoint"]["port"] == server.port
    (found,) = shown["endpoint"]["vpcEndpoints"]
    assert found["networkInterfaces"][0]["privateIpAddress"] == LOOPBACK
    made = PROVISIONED.handle(
        "CreateCluster",
        {"ClusterIdentifier": "c1", "NodeType": "ra3.large", "MasterUsername": "admin",
         "ManageMasterPassword": True},
        call,
    )["Cluster"]  # fmt: skip
    assert made["Endpoint"]["Port"] == server.port
    assert made["ClusterNodes"][0]["PrivateIPAddress"] == LOOPBACK


def other_runtime(folder: Path, port: int | None, clients: FakeClients) -> Runtime:
    settings = Settings(state_dir=folder, redshift_port=port)
    runtime = Runtime(settings, Store(folder / "state.sqlite"), clients)
    for service in SERVICES:
        service.start(runtime)
    return runtime


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(
    server: WireServer, tmp_path: Path, clients: FakeClients
) -> None:
    other = WireServer(other_runtime(tmp_path / "other", server.port, clients))
    with pytest.raises(PortTakenError, match="ETLOCAL_REDSHIFT_PORT"):
        other.start()
    assert other.port is None


def test_where_the_usual_port_is_taken_another_one_is(
    tmp_path: Path, clients: FakeClients, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((LOOPBACK, REDSHIFT_PORT))
            taken.listen()
        except OSError:
            # Somebody else has it, which is as good.
            taken.close()
        server = WireServer(other_runtime(tmp_path / "other", None, clients))
        server.start()
        try:
            assert server.port not in (None, REDSHIFT_PORT)
            assert f"listens on {server.port}" in caplog.text
        finally:
            server.stop()
