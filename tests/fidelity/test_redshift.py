"""Redshift through boto3 on a running endpoint: what clients of AWS see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from etlocal.waiting import await_answer

Clients = Callable[[str], Any]


@pytest.fixture
def workgroup(client: Clients, name: str) -> Iterator[str]:
    """A workgroup with a namespace of its own."""
    serverless = client("redshift-serverless")
    serverless.create_namespace(namespaceName=name, adminUsername="admin", manageAdminPassword=True)
    serverless.create_workgroup(workgroupName=name, namespaceName=name)
    yield name
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


@pytest.fixture
def run(client: Clients, workgroup: str) -> Callable[..., dict[str, Any]]:
    """Run a statement, or a batch, to its end."""

    def execute(sql: str | list[str], **more: Any) -> dict[str, Any]:
        data = client("redshift-data")
        target = {"WorkgroupName": workgroup, "Database": "dev", **more}
        if isinstance(sql, list):
            accepted = data.batch_execute_statement(Sqls=sql, **target)
        else:
            accepted = data.execute_statement(Sql=sql, **target)
        return ended(data, accepted["Id"])

    return execute


def ended(data: Any, statement: str) -> dict[str, Any]:
    """Wait until a statement has ended, and describe it."""

    def look() -> dict[str, Any] | None:
        described: dict[str, Any] = data.describe_statement(Id=statement)
        return described if described["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

    return await_answer(look, seconds=60, what=f"the end of statement {statement}")


@pytest.fixture
def bucket(client: Clients, name: str) -> str:
    """A bucket of this test alone."""
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def role(client: Clients, name: str) -> str:
    """A role that the warehouse may act as."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "redshift.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    answer = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(answer["Role"]["Arn"])


def test_a_load_from_s3_is_queried_and_unloaded(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"id,city\n1,Reno\n2,Ames\n")
    assert run("create schema air")["Status"] == "FINISHED"
    assert run("create table air.dim (id bigint, city varchar(9))")["Status"] == "FINISHED"
    loaded = run(
        [
            "delete from air.dim",
            f"copy air.dim from 's3://{bucket}/in/' iam_role '{role}' format as csv ignoreheader 1",
        ]
    )
    assert loaded["Status"] == "FINISHED", loaded.get("Error")
    assert [part["ResultRows"] for part in loaded["SubStatements"]] == [0, 2]
    queried = run("select id, city from air.dim order by city")
    result = client("redshift-data").get_statement_result(Id=queried["Id"])
    assert result["TotalNumRows"] == 2
    assert result["Records"][0] == [{"longValue": 2}, {"stringValue": "Ames"}]
    unloaded = run(
        f"unload ('select * from air.dim') to 's3://{bucket}/out/' iam_role '{role}' parquet"
    )
    assert unloaded["Status"] == "FINISHED", unloaded.get("Error")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]
    assert [item["Key"] for item in listed] == ["out/0000_part_00.parquet"]


def test_a_bad_line_fails_the_load_and_is_shown(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    client("s3").put_object(Bucket=bucket, Key="bad.csv", Body=b"1\nx\n")
    run("create table t (a int)")
    failed = run(f"copy t from 's3://{bucket}/bad.csv' iam_role '{role}' csv")
    assert failed["Status"] == "FAILED"
    assert "Load into table 't' failed" in failed["Error"]
    queried = run("select line_number, err_reason from stl_load_errors")
    record = client("redshift-data").get_statement_result(Id=queried["Id"])["Records"][0]
    assert record == [
        {"longValue": 2},
        {"stringValue": "Invalid digit, Value 'x', Pos 0, Type: Integer"},
    ]


def test_a_bucket_that_is_not_there_fails_in_s3s_words(
    run: Callable[..., dict[str, Any]], role: str, name: str
) -> None:
    run("create table t (a int)")
    failed = run(f"copy t from 's3://{name}-gone/x' iam_role '{role}' csv")
    assert failed["Error"].startswith("ERROR: S3ServiceException:The specified bucket does not")
    assert "Error NoSuchBucket" in failed["Error"]


def test_errors_have_awss_codes(client: Clients, name: str) -> None:
    data = client("redshift-data")
    with pytest.raises(ClientError, match="Redshift endpoint doesn't exist") as caught:
        data.execute_statement(Sql="select 1", WorkgroupName=name, Database="dev")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.describe_statement(Id="00000000-0000-0000-0000-000000000000")
    with pytest.raises(client("redshift").exceptions.ClusterNotFoundFault):
        client("redshift").describe_clusters(ClusterIdentifier=name)
    with pytest.raises(ClientError) as refused:
        client("redshift").create_cluster_snapshot(SnapshotIdentifier="a", ClusterIdentifier="b")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_namespace_and_its_workgroup_are_described(client: Clients, workgroup: str) -> None:
    serverless = client("redshift-serverless")
    described = serverless.get_workgroup(workgroupName=workgroup)["workgroup"]
    assert described["status"] == "AVAILABLE"
    assert described["endpoint"]["address"].startswith(f"{workgroup}.000000000000.us-east-1.")
    namespace = serverless.get_namespace(namespaceName=workgroup)["namespace"]
    secret = client("secretsmanager").get_secret_value(SecretId=namespace["adminPasswordSecretArn"])
    assert json.loads(secret["SecretString"])["username"] == "admin"
    with pytest.raises(serverless.exceptions.ConflictException):
        serverless.delete_namespace(namespaceName=workgroup)
    assert serverless.get_credentials(workgroupName=workgroup)["dbUser"].startswith("IAM")


def test_a_cluster_answers_statements_and_its_credentials(client: Clients, name: str) -> None:
    redshift, data = client("redshift"), client("redshift-data")
    redshift.create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.large",
        MasterUsername="admin",
        MasterUserPassword="Passw0rdIsLong",
        DBName="sales",
    )
    accepted = data.execute_statement(
        Sql="select current_user, current_database()",
        ClusterIdentifier=name,
        DbUser="ann",
        Database="sales",
    )
    assert ended(data, accepted["Id"])["Status"] == "FINISHED"
    record = data.get_statement_result(Id=accepted["Id"])["Records"][0]
    assert record == [{"stringValue": "ann"}, {"stringValue": "sales"}]
    given = redshift.get_cluster_credentials(ClusterIdentifier=name, DbUser="ann")
    assert given["DbUser"] == "IAM:ann"
    described = redshift.describe_clusters(ClusterIdentifier=name)["Clusters"][0]
    assert described["Endpoint"]["Address"].startswith(f"{name}.")
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)


def rows(client: Clients, run: Callable[..., dict[str, Any]], sql: str) -> list[list[Any]]:
    """Run a query and give its rows as plain values."""
    described = run(sql)
    assert described["Status"] == "FINISHED", described.get("Error")
    records = client("redshift-data").get_statement_result(Id=described["Id"])["Records"]
    return [
        [None if "isNull" in field else next(iter(field.values())) for field in record]
        for record in records
    ]


def avro_file(names: list[str], records: list[tuple[int, str | None]]) -> bytes:
    """Write an Avro container of records of a long and a string or null, as its format says."""

    def long(value: int) -> bytes:
        value = value << 1 ^ value >> 63
        found = bytearray()
        while value > 0x7F:
            found.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*found, value])

    def text(value: bytes) -> bytes:
        return long(len(value)) + value

    fields = [{"name": names[0], "type": "long"}, {"name": names[1], "type": ["null", "string"]}]
    schema = json.dumps({"type": "record", "name": "row", "fields": fields}).encode()
    body = b"".join(
        long(number) + (long(0) if word is None else long(1) + text(word.encode()))
        for number, word in records
    )
    sync = bytes(range(16))
    header = b"Obj\x01" + long(2) + text(b"avro.schema") + text(schema)
    header += text(b"avro.codec") + text(b"null") + long(0) + sync
    return header + long(len(records)) + text(body) + sync


def test_avro_is_loaded_by_its_fields_names(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    s3 = client("s3")
    run("create table t (b varchar(20), a bigint)")
    body = avro_file(["a", "b"], [(1, "Reno, é"), (-2, None), (2**62, "")])
    s3.put_object(Bucket=bucket, Key="rows.avro", Body=body)
    loaded = run(f"copy t from 's3://{bucket}/rows.avro' iam_role '{role}' format as avro 'auto'")
    assert loaded["Status"] == "FINISHED", loaded.get("Error")
    found = rows(client, run, "select a, b from t order by a")
    assert found == [[-2, None], [1, "Reno, é"], [2**62, ""]]
    s3.put_object(Bucket=bucket, Key="cut.avro", Body=body[:-40])
    cut = run(f"copy t from 's3://{bucket}/cut.avro' iam_role '{role}' format avro 'auto'")
    assert cut["Error"].startswith("ERROR: Invalid AVRO file found")


def test_zstandard_is_written_and_read_back(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    s3 = client("s3")
    run(["create table t (a int, b varchar(9))", "insert into t values (1, 'x,\"y'), (2, null)"])
    target = f"to 's3://{bucket}/out/' iam_role '{role}' csv zstd"
    unloaded = run(f"unload ('select * from t') {target}")
    assert unloaded["Status"] == "FINISHED", unloaded.get("Error")
    assert unloaded["ResultRows"] == 2
    key = "out/0000_part_00.zst"
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body.startswith(b"\x28\xb5\x2f\xfd")
    copy = f"copy t from 's3://{bucket}/{{}}' iam_role '{role}' csv zstd emptyasnull"
    assert run(copy.format("out/"))["ResultRows"] == 2
    found = rows(client, run, "select a, b, count(*) from t group by a, b order by a")
    assert found == [[1, 'x,"y', 2], [2, None, 2]]
    s3.put_object(Bucket=bucket, Key="two-frames", Body=body * 2)
    assert run(copy.format("two-frames"))["ResultRows"] == 4
    for number, bad in enumerate((body[:-3], body[:9] + b"????" * 9, b"1,x\n")):
        s3.put_object(Bucket=bucket, Key=f"bad{number}", Body=bad)
        refused = run(copy.format(f"bad{number}"))
        assert f"bad{number} cannot be decompressed" in refused["Error"]


@pytest.mark.parametrize(
    ("encoding", "codec"), [("utf16", "utf-16"), ("utf16be", "utf-16-be"), ("iso88591", "latin-1")]
)
def test_other_encodings_are_loaded(
    client: Clients,
    run: Callable[..., dict[str, Any]],
    bucket: str,
    role: str,
    encoding: str,
    codec: str,
) -> None:
    run("create table t (a int, b varchar(20))")
    body = "1|Ünïted Å\n2|ß\n".encode(codec)
    client("s3").put_object(Bucket=bucket, Key="x", Body=body)
    loaded = run(f"copy t from 's3://{bucket}/x' iam_role '{role}' encoding {encoding}")
    assert loaded["Status"] == "FINISHED", loaded.get("Error")
    assert rows(client, run, "select * from t order by a") == [[1, "Ünïted Å"], [2, "ß"]]


def test_maxfilesize_makes_several_objects(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 120) "
    query = f"{numbers}select a.i, b.i, repeat(''x'', 800) as c from n a, n b"
    target = f"to 's3://{bucket}/out/' iam_role '{role}' header maxfilesize 5 mb manifest verbose"
    unloaded = run(f"unload ('{query}') {target}")
    assert unloaded["Status"] == "FINISHED", unloaded.get("Error")
    assert unloaded["ResultRows"] == 14_400
    s3 = client("s3")
    document = s3.get_object(Bucket=bucket, Key="out/manifest")["Body"].read()
    entries = json.loads(document)["entries"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/0")["Contents"]
    assert [entry["meta"]["content_length"] for entry in entries] == [o["Size"] for o in listed]
    assert len(listed) == 3
    assert all(item["Size"] <= 5 * 1024**2 for item in listed)
    assert sum(entry["meta"]["record_count"] for entry in entries) == 14_400


def test_a_secret_names_a_clusters_user(client: Clients, name: str) -> None:
    redshift, data = client("redshift"), client("redshift-data")
    password = "Passw0rdIsLong"
    redshift.create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.large",
        MasterUsername="admin",
        MasterUserPassword=password,
    )
    secrets = client("secretsmanager")
    document = json.dumps({"username": "bea", "password": password, "dbClusterIdentifier": name})
    secret = secrets.create_secret(Name=name, SecretString=document)["ARN"]
    target = {"ClusterIdentifier": name, "Database": "dev"}
    made = data.execute_statement(Sql="select current_user", SecretArn=secret, **target)
    described = ended(data, made["Id"])
    assert (described["DbUser"], described["SecretArn"]) == ("bea", secret)
    record = data.get_statement_result(Id=made["Id"])["Records"][0]
    assert record == [{"stringValue": "bea"}]
    tables = data.list_tables(SecretArn=secret, SchemaPattern="public", **target)
    assert tables["Tables"] == []
    with pytest.raises(ClientError, match="Only one of DbUser or SecretArn") as both:
        data.execute_statement(Sql="select 1", SecretArn=secret, DbUser="ann", **target)
    assert both.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="cannot be used") as gone:
        data.execute_statement(Sql="select 1", SecretArn=f"{secret}x", **target)
    assert gone.value.response["Error"]["Code"] == "ValidationException"
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)


def test_a_statement_is_shown_without_its_secrets(
    client: Clients, run: Callable[..., dict[str, Any]], name: str, endpoint: Any
) -> None:
    hushed = f"hush{name.replace('-', '')}"
    described = run(f"create user ann password '{hushed}'")
    assert described["QueryString"] == "create user ann password '***'"
    log = (endpoint.state.parent / "endpoint.log").read_text()
    assert hushed not in log
