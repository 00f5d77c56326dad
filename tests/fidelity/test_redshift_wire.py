"""Redshift's port through the clients that people use: psycopg, redshift_connector, psql, JDBC."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import psycopg
import pytest
import redshift_connector
from redshift_connector.error import ProgrammingError

from etlocal.waiting import await_answer
from tests.fidelity.conftest import Endpoint
from tests.fidelity.test_worker import Bench, bench, worker_url

__all__ = ["bench", "worker_url"]

Clients = Callable[[str], Any]
# Another endpoint has to be started for the second engine: its tests share it on one worker.
ENGINES = ("endpoint", pytest.param("postgres_endpoint", marks=pytest.mark.xdist_group("postgres")))


@dataclass(frozen=True)
class Warehouse:
    """A workgroup of one test, and how to connect to it."""

    workgroup: str
    port: int
    user: str
    password: str

    @property
    def host(self) -> str:
        """The address of the workgroup's one network interface."""
        return "127.0.0.1"

    @property
    def url(self) -> str:
        """The JDBC URL."""
        return f"jdbc:postgresql://{self.host}:{self.port}/dev"

    def psycopg(self, **more: Any) -> psycopg.Connection[Any]:
        """Connect with psycopg."""
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname="dev",
            **more,
        )  # fmt: skip


@pytest.fixture(scope="module", params=ENGINES, ids=("duckdb", "postgres"))
def aws(request: pytest.FixtureRequest) -> Clients:
    """Makes boto3 clients of an endpoint of each engine."""
    endpoint: Endpoint = request.getfixturevalue(request.param)
    return lru_cache(maxsize=None)(endpoint.client)


@pytest.fixture
def warehouse(aws: Clients, name: str) -> Iterator[Warehouse]:
    """A workgroup whose administrator's password AWS manages."""
    serverless = aws("redshift-serverless")
    made = serverless.create_namespace(
        namespaceName=name, adminUsername="admin", manageAdminPassword=True
    )["namespace"]
    shown = serverless.create_workgroup(workgroupName=name, namespaceName=name)["workgroup"]
    (endpoint,) = shown["endpoint"]["vpcEndpoints"]
    assert endpoint["networkInterfaces"][0]["privateIpAddress"] == "127.0.0.1"
    secret = aws("secretsmanager").get_secret_value(SecretId=made["adminPasswordSecretArn"])
    password = json.loads(secret["SecretString"])["password"]
    yield Warehouse(name, shown["endpoint"]["port"], "admin", password)
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


def test_psycopg_writes_and_reads_every_common_type(warehouse: Warehouse) -> None:
    row = (
        7, 1 << 40, "o'clock \\ é", Decimal("12.50"), 0.25, True, datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 12, 30, 0, 5000),  # noqa: DTZ001  TIMESTAMP has no zone
        datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC), None,
    )  # fmt: skip
    with warehouse.psycopg() as connection:
        connection.execute(
            "create table t (i int, l bigint, s varchar(20), n numeric(10,2), f float8, b bool, "
            "d date, ts timestamp, tz timestamptz, e int) diststyle even sortkey (i)"
        )
        places = ", ".join(["%s"] * len(row))
        connection.execute(f"insert into t values ({places})", row)
        connection.commit()
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            found = cursor.execute("select * from t where s = %s and i = %s", (row[2], 7))
            assert found.fetchall() == [row]
        # Redshift's own words are translated on the way, and prepared statements too.
        for _ in range(7):
            shown = connection.execute(
                "select nvl(e, %s), datediff(day, d, '2024-03-02'), listagg(s) from t "
                "group by 1, 2",
                (3,),
            )
            assert shown.fetchall() == [(3, 2, row[2])]


def test_psycopg_fetches_a_large_result_and_rolls_back(warehouse: Warehouse) -> None:
    with warehouse.psycopg() as connection:
        connection.execute("create table t (a int)")
        connection.commit()
        with connection.cursor() as cursor:
            cursor.executemany("insert into t values (%s)", [(n,) for n in range(3000)])
            assert cursor.execute("select a from t order by a").fetchall()[-1] == (2999,)
        connection.rollback()
        assert connection.execute("select count(*) from t").fetchone() == (0,)


def test_what_the_port_writes_the_data_api_reads(aws: Clients, warehouse: Warehouse) -> None:
    with warehouse.psycopg(autocommit=True) as connection:
        connection.execute("create table shared (a int)")
        connection.execute("insert into shared values (1), (2)")
    data = aws("redshift-data")
    asked = data.execute_statement(
        WorkgroupName=warehouse.workgroup, Database="dev", Sql="select count(*) from shared"
    )

    def look() -> bool:
        return bool(data.describe_statement(Id=asked["Id"])["Status"] == "FINISHED")

    await_answer(look, seconds=60, what="the end of the statement")
    found = data.get_statement_result(Id=asked["Id"])["Records"]
    assert found == [[{"longValue": 2}]]


def test_copy_and_unload_work_over_the_port(aws: Clients, warehouse: Warehouse, name: str) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/a.csv", Body=b"1,Reno\n2,Ames\n")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"},
                       "Action": "sts:AssumeRole"}],
    }  # fmt: skip
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    arn = role["Role"]["Arn"]
    notices: list[str | None] = []
    with warehouse.psycopg(autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("create table dim (id int, city varchar(9))")
        connection.execute(f"copy dim from 's3://{name}/in/' iam_role '{arn}' csv")
        assert notices == ["Load into table 'dim' completed, 2 record(s) loaded successfully."]
        connection.execute(f"unload ('select * from dim') to 's3://{name}/out/' iam_role '{arn}'")
        s3.put_object(Bucket=name, Key="bad.csv", Body=b"x,y\n")
        with pytest.raises(psycopg.Error, match="Load into table 'dim' failed"):
            connection.execute(f"copy dim from 's3://{name}/bad.csv' iam_role '{arn}' csv")
        problem = connection.execute("select colname, err_code from stl_load_errors").fetchall()
        assert problem == [("id", 1207)]
    listed = s3.list_objects_v2(Bucket=name, Prefix="out/")["Contents"]
    assert listed[0]["Key"] == "out/0000_part_00"


def test_redshift_connector_connects_queries_and_describes(warehouse: Warehouse) -> None:
    with redshift_connector.connect(
        host=warehouse.host, port=warehouse.port, user=warehouse.user,
        password=warehouse.password, database="dev", ssl=False,
    ) as connection:  # fmt: skip
        cursor = connection.cursor()
        cursor.execute("create table t (a int, n numeric(10,2), s varchar(9), ts timestamp)")
        moment = datetime.datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001  TIMESTAMP has no zone
        cursor.executemany(
            "insert into t values (%s, %s, %s, %s)",
            [(1, Decimal("1.50"), "x", moment), (2, None, None, None)],
        )
        connection.commit()
        cursor.execute("select * from t where a <= %s order by a", (2,))
        assert [list(row) for row in cursor.fetchall()] == [
            [1, Decimal("1.50"), "x", moment],
            [2, None, None, None],
        ]
        with pytest.raises(ProgrammingError, match="42P01"):
            cursor.execute("select * from nowhere")
        connection.rollback()
        assert [row[2] for row in cursor.get_tables(table_name_pattern="t")] == ["t"]
        columns = cursor.get_columns(tablename_pattern="t")
        assert [row[3] for row in columns] == ["a", "n", "s", "ts"]
        assert [row[5] for row in columns] == ["int4", "numeric", "varchar", "timestamp"]


def test_redshift_connector_takes_credentials_of_get_credentials(
    aws: Clients, warehouse: Warehouse
) -> None:
    lent = aws("redshift-serverless").get_credentials(workgroupName=warehouse.workgroup)
    with redshift_connector.connect(
        host=warehouse.host, port=warehouse.port, user=lent["dbUser"],
        password=lent["dbPassword"], database="dev", ssl=False,
    ) as connection:  # fmt: skip
        cursor = connection.cursor()
        cursor.execute("select current_user")
        assert cursor.fetchone() == [lent["dbUser"]]


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
def test_psql_runs_scripts_and_describes_tables(warehouse: Warehouse) -> None:
    def psql(*commands: str) -> subprocess.CompletedProcess[str]:
        arguments = [part for command in commands for part in ("-c", command)]
        return subprocess.run(
            ["psql", "--no-psqlrc", "--tuples-only", "--no-align", *arguments],
            env=os.environ
            | {"PGHOST": warehouse.host, "PGPORT": str(warehouse.port), "PGDATABASE": "dev",
               "PGUSER": warehouse.user, "PGPASSWORD": warehouse.password},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )  # fmt: skip

    done = psql(
        "create table t (a int not null, b varchar(20) default 'x')",
        "insert into t (a) values (1), (2); select count(*) from t",
        "select dateadd(day, 1, '2024-02-28'::date)::date",
    )
    assert done.stderr == ""
    # psql 15 shows the end of every statement, an older one that of the last.
    shown = [line for line in done.stdout.splitlines() if line != "INSERT 0 2"]
    assert shown == ["CREATE TABLE", "2", "2024-02-29"]
    assert psql("\\dt").stdout.splitlines() == ["public|t|table|admin"]
    described = psql("\\d t").stdout.splitlines()
    assert described == ["a|integer||not null|", "b|character varying(20)|||'x'"]
    assert psql("\\dn").stdout.splitlines() == ["public|admin"]
    assert psql("\\l").stdout.startswith("dev|admin|UTF8|")
    failed = psql("selec 1")
    assert failed.returncode == 1
    assert 'syntax error at or near "selec"' in failed.stderr


@pytest.mark.spark
def test_a_spark_job_reads_and_writes_by_jdbc(warehouse: Warehouse, bench: Bench) -> None:
    with warehouse.psycopg(autocommit=True) as connection:
        connection.execute(
            "create table flights (id int, carrier varchar(2), delay numeric(8,2), at timestamp)"
        )
        connection.execute(
            "insert into flights values (1, 'AA', 1.50, '2024-01-02 03:04:05'), "
            "(2, 'UA', null, '2024-01-03 00:00:00'), (3, 'AA', 2.25, null)"
        )
    script = f"""
import sys
from datetime import datetime
from awsglue.context import GlueContext
from pyspark.context import SparkContext
from pyspark.sql import functions as F
spark = GlueContext(SparkContext()).spark_session
url, properties = {warehouse.url!r}, dict(
    user={warehouse.user!r}, password={warehouse.password!r}, driver="org.postgresql.Driver")
read = spark.read.jdbc(url, "flights", properties=properties)
print(read.schema.simpleString())
print(sorted(tuple(row) for row in read.where("carrier = 'AA'").select("id", "delay").collect()))
parts = spark.read.jdbc(url, "flights", column="id", lowerBound=1, upperBound=4, numPartitions=3,
                        properties=properties)
print(parts.count(), parts.rdd.getNumPartitions())
many = spark.range(5000).select(
    F.col("id").cast("int").alias("i"), (F.col("id") * 10000000000).alias("l"),
    F.concat(F.lit("it's "), F.col("id")).alias("s"), (F.col("id") / 3).alias("f"),
    F.when(F.col("id") % 2 == 0, F.lit(True)).alias("b"),
    F.lit(datetime(2024, 1, 2, 3, 4, 5)).alias("at"),
    F.lit("1.25").cast("decimal(10,2)").alias("n"))
many.write.jdbc(url, "made", mode="overwrite", properties=properties)
many.limit(10).write.jdbc(url, "made", mode="append", properties=properties)
back = spark.read.option("fetchsize", 1000).jdbc(url, "made", properties=properties)
print(back.count(), back.agg(F.sum("l"), F.count("b"), F.min("at"), F.sum("n")).collect()[0])
driver = spark._jvm.org.postgresql.Driver()
given = spark._jvm.java.util.Properties()
for key in ("user", "password"):
    given.setProperty(key, properties[key])
connection = driver.connect(url, given)
columns = connection.getMetaData().getColumns(None, "public", "flights", "%")
found = []
while columns.next():
    found.append((columns.getString("COLUMN_NAME"), columns.getString("TYPE_NAME")))
print(found)
tables = connection.getMetaData().getTables(None, "public", "%", None)
found = []
while tables.next():
    found.append(tables.getString("TABLE_NAME"))
print(found)
connection.close()
"""
    total = 10000000000 * (sum(range(5000)) + sum(range(10)))
    assert bench.printed(script) == [
        "struct<id:int,carrier:string,delay:decimal(8,2),at:timestamp>",
        "[(1, Decimal('1.50')), (3, Decimal('2.25'))]",
        "3 3",
        f"5010 Row(sum(l)={total}, count(b)=2505, min(at)=datetime.datetime(2024, 1, 2, 3, 4, 5), "
        "sum(n)=Decimal('6262.50'))",
        "[('id', 'int4'), ('carrier', 'varchar'), ('delay', 'numeric'), ('at', 'timestamp')]",
        "['flights', 'made']",
    ]
    with warehouse.psycopg() as connection:
        row = connection.execute("select s, f from made where i = 3").fetchone()
        assert row == ("it's 3", 1.0)
