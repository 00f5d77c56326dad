"""Redshift and Glue of the stand-in for AWS behave as their documentation says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.deploy import stacks
from tests.unit.deploy.aws_stub import Rows, StatementError, Stub

WHERE = {"WorkgroupName": "demo", "Database": "dev"}
TABLE = "etlocal.migrations"


def warehouse(aws: Stub) -> Stub:
    """Give an AWS a stack with a warehouse and a crawler."""
    template = stacks.small()
    template["Resources"]["Namespace"] = {
        "Type": "AWS::RedshiftServerless::Namespace",
        "Properties": {"NamespaceName": "demo", "DbName": "dev"},
    }
    template["Resources"]["Workgroup"] = {
        "Type": "AWS::RedshiftServerless::Workgroup",
        "Properties": {"WorkgroupName": "demo", "NamespaceName": {"Ref": "Namespace"}},
    }
    pace, aws.pace = aws.pace, 10
    stacks.deploy(aws, template)
    aws.pace = pace
    return aws


@pytest.fixture
def aws() -> Stub:
    """AWS with a warehouse."""
    return warehouse(Stub())


def execute(aws: Stub, sql: str | list[str], **more: Any) -> dict[str, Any]:
    """Run SQL, a list in one batch, and describe how it ended."""
    data = aws.client("redshift-data")
    if isinstance(sql, str):
        begun = data.execute_statement(Sql=sql, **WHERE, **more)
    else:
        begun = data.batch_execute_statement(Sqls=sql, **WHERE, **more)
    while True:
        described: dict[str, Any] = data.describe_statement(Id=begun["Id"])
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described


def rows(aws: Stub, sql: str, **more: Any) -> list[list[Any]]:
    """Run a query and give its rows."""
    described = execute(aws, sql, **more)
    assert described["Status"] == "FINISHED", described["Error"]
    pages = aws.client("redshift-data").get_paginator("get_statement_result")
    return [
        [None if "isNull" in field else next(iter(field.values())) for field in record]
        for page in pages.paginate(Id=described["Id"])
        for record in page["Records"]
    ]


def migrations(aws: Stub) -> None:
    """Make a table of the deployment's own, as Redshift's SQL has it."""
    made = execute(aws, [
        "CREATE SCHEMA IF NOT EXISTS etlocal",
        f"CREATE TABLE IF NOT EXISTS {TABLE} (name VARCHAR(256) NOT NULL ENCODE zstd, "
        "number BIGINT, applied_at TIMESTAMP DEFAULT GETDATE(), PRIMARY KEY (name)) "
        "DISTSTYLE ALL SORTKEY (name)",
    ])  # fmt: skip
    assert made["Status"] == "FINISHED", made["Error"]


def applied(aws: Stub) -> list[tuple[str, int]]:
    """Give what the snapshot says was committed, with how often."""
    found = aws.snapshot()["warehouse"]["statements"]
    return [(each["sql"], each["times"]) for each in found]


def test_a_statement_goes_on_as_it_is_asked(aws: Stub) -> None:
    data = aws.client("redshift-data")
    begun = data.execute_statement(Sql="COPY x", **WHERE)
    seen = [data.describe_statement(Id=begun["Id"])["Status"] for _ in range(4)]
    assert seen == ["SUBMITTED", "PICKED", "STARTED", "FINISHED"]
    assert applied(aws) == [("COPY x", 1)]
    waited = data.execute_statement(Sql="COPY y", WaitTimeSeconds=30, **WHERE)
    assert waited["Status"] == "FINISHED"


def test_a_statement_ends_although_its_caller_is_gone(aws: Stub) -> None:
    data = aws.client("redshift-data")
    gone = data.execute_statement(Sql="COPY x", **WHERE)
    execute(aws, "COPY y")
    assert applied(aws) == [("COPY x", 1), ("COPY y", 1)]
    assert data.list_statements(Status="FINISHED")["Statements"][-1]["Id"] == gone["Id"]


@pytest.mark.parametrize("sqls", [["COPY a"], ["COPY a", "COPY b"]])
def test_a_token_stands_for_one_statement(aws: Stub, sqls: list[str]) -> None:
    first = execute(aws, sqls, ClientToken="token")
    again = execute(aws, sqls, ClientToken="token")
    assert first["Id"] == again["Id"]
    assert applied(aws) == [(sql, 1) for sql in sqls]
    with pytest.raises(ClientError, match="ValidationException"):
        execute(aws, [*sqls, "COPY c"], ClientToken="token")
    assert execute(aws, sqls)["Id"] != first["Id"]
    assert applied(aws) == [(sql, 2) for sql in sqls]


def test_a_token_stands_for_a_failed_statement_too(aws: Stub) -> None:
    aws.redshift_data.fail(containing="COPY", times=1)
    assert execute(aws, "COPY a", ClientToken="token")["Status"] == "FAILED"
    assert execute(aws, "COPY a", ClientToken="token")["Status"] == "FAILED"
    assert execute(aws, "COPY a", ClientToken="other")["Status"] == "FINISHED"


def test_a_batch_is_committed_as_a_whole_or_not_at_all(aws: Stub) -> None:
    migrations(aws)
    aws.redshift_data.fail(containing="third", message="ERROR: no")
    insert = f"INSERT INTO {TABLE} (name) VALUES ('a')"
    failed = execute(aws, ["CREATE TABLE second", insert, "COPY third", "COPY fourth"])
    assert (failed["Status"], failed["Error"]) == ("FAILED", "Query #3 failed with ERROR: no")
    statuses = [each["Status"] for each in failed["SubStatements"]]
    assert statuses == ["FINISHED", "FINISHED", "FAILED", "ABORTED"]
    assert applied(aws) == []
    assert rows(aws, f"SELECT count(*) FROM {TABLE}") == [[0]]
    aws.redshift_data.heal()
    assert execute(aws, [insert, "COPY third"])["Status"] == "FINISHED"
    assert rows(aws, f"SELECT count(*) FROM {TABLE}") == [[1]]


def test_a_batch_may_commit_each_statement(aws: Stub) -> None:
    aws.redshift_data.fail(containing="second")
    sqls = ["COPY first", "COPY second", "COPY third"]
    described = execute(aws, sqls, ExecutionMode="AUTO_COMMIT")
    statuses = [each["Status"] for each in described["SubStatements"]]
    assert statuses == ["FINISHED", "FAILED", "FINISHED"]
    assert applied(aws) == [("COPY first", 1), ("COPY third", 1)]


def test_the_deployments_tables_are_real_and_keys_inform_only(aws: Stub) -> None:
    migrations(aws)
    insert = f"INSERT INTO {TABLE} (name, number) VALUES (:name, :number)"
    given = [{"name": "name", "value": "it's"}, {"name": "number", "value": "7"}]
    for _ in range(2):
        execute(aws, insert, Parameters=given)
    assert rows(aws, f"SELECT name, number, NULL FROM {TABLE} WHERE number = 7") == [
        ["it's", 7, None],
        ["it's", 7, None],
    ]
    assert execute(aws, f"LOCK {TABLE}")["Status"] == "FINISHED"
    row = {"name": "it's", "number": 7}
    assert aws.snapshot()["warehouse"]["tables"] == {TABLE: [row, row]}
    failed = execute(aws, f"SELECT nothing FROM {TABLE}")
    assert failed["Status"] == "FAILED"
    assert "nothing" in failed["Error"]


def test_a_name_within_a_literal_makes_no_table_the_deployments_own(aws: Stub) -> None:
    copy = "COPY airports FROM 's3://etlocal-assets/a.csv' IAM_ROLE 'arn:etlocal' -- etlocal"
    assert execute(aws, copy)["Status"] == "FINISHED"
    assert applied(aws) == [(copy, 1)]


def test_results_come_in_pages_with_their_columns() -> None:
    aws = warehouse(Stub(page_size=2))
    migrations(aws)
    for number in range(5):
        execute(aws, f"INSERT INTO {TABLE} (name, number) VALUES ('{number}', {number})")
    query = f"SELECT number, name FROM {TABLE} ORDER BY number"
    assert rows(aws, query) == [[number, str(number)] for number in range(5)]
    result = aws.client("redshift-data").get_statement_result(Id=execute(aws, query)["Id"])
    kinds = [(each["name"], each["typeName"]) for each in result["ColumnMetadata"]]
    assert kinds == [("number", "int8"), ("name", "varchar")]
    assert (len(result["Records"]), result["TotalNumRows"]) == (2, 5)


def test_what_has_no_result_says_so(aws: Stub) -> None:
    data = aws.client("redshift-data")
    described = execute(aws, "CREATE TABLE x (a INT)")
    assert not described["HasResultSet"]
    unknown = "00000000-0000-4000-8000-000000000000"
    for call, identity in (
        (data.get_statement_result, described["Id"]),
        (data.describe_statement, unknown),
    ):
        with pytest.raises(data.exceptions.ResourceNotFoundException):
            call(Id=identity)


def test_a_batchs_result_is_its_statements(aws: Stub) -> None:
    migrations(aws)
    data = aws.client("redshift-data")
    described = execute(aws, ["COPY x", f"SELECT count(*) FROM {TABLE}"])
    last = described["SubStatements"][1]
    assert last["HasResultSet"]
    assert data.get_statement_result(Id=last["Id"])["Records"] == [[{"longValue": 0}]]
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_statement_result(Id=described["Id"])


def test_statements_are_listed_by_the_beginning_of_their_names() -> None:
    aws = warehouse(Stub(page_size=2))
    for name in ("load-1", "load-2", "load-3", "Load-4", "other"):
        execute(aws, "COPY x", StatementName=name)
    pages = aws.client("redshift-data").get_paginator("list_statements")
    found = [
        each["StatementName"]
        for page in pages.paginate(StatementName="load", **WHERE)
        for each in page["Statements"]
    ]
    assert found == ["load-3", "load-2", "load-1"]
    listed = aws.client("redshift-data").list_statements(Status="FAILED")
    assert listed["Statements"] == []


def test_a_cancelled_statement_has_no_effect(aws: Stub) -> None:
    data = aws.client("redshift-data")
    begun = data.batch_execute_statement(Sqls=["COPY x", "COPY y"], **WHERE)
    assert data.cancel_statement(Id=begun["Id"])["Status"] is True
    assert data.describe_statement(Id=begun["Id"])["Status"] == "ABORTED"
    assert applied(aws) == []
    with pytest.raises(ClientError, match="ValidationException"):
        data.cancel_statement(Id=begun["Id"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Sqls": ["x"] * 41, **WHERE}, "less than or equal to 40"),
        ({"Sqls": ["x" * 100_001], **WHERE}, "100 KB"),
        ({"Sqls": ["x"]}, "WorkgroupName must be specified"),
        ({"Sqls": ["x"], **WHERE, "WorkgroupName": "another"}, "doesn't exist"),
        ({"Sqls": ["x"], **WHERE, "ClientToken": "x" * 65}, "less than or equal to 64"),
    ],
)
def test_requests_beyond_the_limits_are_refused(
    aws: Stub, given: dict[str, Any], message: str
) -> None:
    data = aws.client("redshift-data")
    with pytest.raises(data.exceptions.ValidationException, match=message):
        data.batch_execute_statement(**given)


def test_a_test_may_run_the_sql_itself() -> None:
    def run(sql: str, parameters: Mapping[str, str]) -> Rows | None:
        if sql == "bad":
            raise StatementError("ERROR: bad")
        return Rows([("a", "varchar")], [(parameters["p"],)]) if "SELECT" in sql else None

    aws = warehouse(Stub(executes=run))
    assert rows(aws, "SELECT :p", Parameters=[{"name": "p", "value": "x"}]) == [["x"]]
    assert execute(aws, "bad")["Error"] == "ERROR: bad"


def test_usage_limits_are_one_a_type_and_period() -> None:
    aws = warehouse(Stub(page_size=2))
    serverless = aws.client("redshift-serverless")
    arn = serverless.get_workgroup(workgroupName="demo")["workgroup"]["workgroupArn"]
    given = {"resourceArn": arn, "usageType": "serverless-compute"}
    made = [
        serverless.create_usage_limit(amount=5, period=period, **given)["usageLimit"]
        for period in ("daily", "weekly", "monthly")
    ]
    assert made[0]["breachAction"] == "log"
    with pytest.raises(serverless.exceptions.ConflictException):
        serverless.create_usage_limit(amount=9, breachAction="deactivate", **given)
    with pytest.raises(serverless.exceptions.ValidationException):
        serverless.create_usage_limit(amount=0, period="daily", **given)
    with pytest.raises(serverless.exceptions.ResourceNotFoundException):
        serverless.create_usage_limit(amount=1, **{**given, "resourceArn": "arn:none"})
    serverless.update_usage_limit(usageLimitId=made[0]["usageLimitId"], amount=6)
    pages = serverless.get_paginator("list_usage_limits").paginate(resourceArn=arn)
    assert [limit["amount"] for page in pages for limit in page["usageLimits"]] == [6, 5, 5]
    serverless.delete_usage_limit(usageLimitId=made[1]["usageLimitId"])
    assert [each["period"] for each in aws.snapshot()["usage limits"]] == ["daily", "monthly"]
    assert len(aws.outside_the_stack()["usage limits"]) == 2
    for gone in (serverless.update_usage_limit, serverless.delete_usage_limit):
        with pytest.raises(serverless.exceptions.ResourceNotFoundException):
            gone(usageLimitId=made[1]["usageLimitId"])


def test_a_workgroup_is_there_while_its_stack_is(aws: Stub) -> None:
    serverless = aws.client("redshift-serverless")
    assert serverless.get_namespace(namespaceName="demo")["namespace"]["dbName"] == "dev"
    aws.pace = 5
    stacks.delete(aws)
    for call, given in (
        (serverless.get_workgroup, {"workgroupName": "demo"}),
        (serverless.get_namespace, {"namespaceName": "demo"}),
    ):
        with pytest.raises(serverless.exceptions.ResourceNotFoundException):
            call(**given)


def test_a_crawl_goes_on_as_it_is_asked_and_is_not_begun_twice(aws: Stub) -> None:
    glue = aws.client("glue")
    name = "demo-crawler"
    glue.start_crawler(Name=name)
    with pytest.raises(glue.exceptions.CrawlerRunningException):
        glue.start_crawler(Name=name)
    seen = [glue.get_crawler(Name=name)["Crawler"] for _ in range(3)]
    assert [each["State"] for each in seen] == ["RUNNING", "STOPPING", "READY"]
    assert "LastCrawl" not in seen[0]
    assert seen[2]["LastCrawl"]["Status"] == "SUCCEEDED"
    aws.glue.fail(name, "no such role")
    glue.start_crawler(Name=name)
    aws.settle()
    last = glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]
    assert (last["Status"], last["ErrorMessage"]) == ("FAILED", "no such role")
    counts = {"state": "READY", "succeeded": 1, "failed": 1}
    assert aws.snapshot()["crawlers"] == {name: counts}
    for call in (glue.start_crawler, glue.get_crawler):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call(Name="none")
