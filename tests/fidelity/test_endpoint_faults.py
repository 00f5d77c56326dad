"""Faults in the way of calls, whoever makes them, in every protocol's own shape."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from etlocal.control import Control, ControlError
from etlocal.testing.clock import TestClock
from etlocal.testing.faults import FaultError, Faults

from .conftest import TIME_SCALE, Endpoint

Clients = Callable[[str], Any]

ROLE = "arn:aws:iam::000000000000:role/states"


@pytest.fixture
def faults(endpoint_url: str) -> Faults:
    """Faults on the shared endpoint: each test names parameters of its own, and removes them."""
    return Faults(Control(endpoint_url))


@pytest.fixture
def once(endpoint_url: str) -> Clients:
    """Makes clients that ask once: what boto3 tries again would hide a fault."""

    def make(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return make


def test_json_protocol_answers_the_modelled_error_and_runs_nothing(
    once: Clients, faults: Faults, name: str
) -> None:
    glue = once("glue")
    with faults.fail("glue", "CreateDatabase", "OperationTimeoutException", message="too slow"):
        with pytest.raises(glue.exceptions.OperationTimeoutException) as caught:
            glue.create_database(DatabaseInput={"Name": name})
        assert caught.value.response["Error"]["Message"] == "too slow"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            glue.get_database(Name=name)
        glue.create_database(DatabaseInput={"Name": name})  # the second call is not hit


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "call"),
    [
        pytest.param(
            "sns",
            "ListTopics",
            "AuthorizationError",
            403,
            lambda client, _: client.list_topics(),
            id="query",
        ),
        pytest.param(
            "s3",
            "GetObject",
            "SlowDown",
            503,
            lambda client, name: client.get_object(Bucket=name, Key="k"),
            id="rest-xml",
        ),
        pytest.param(
            "redshift-data",
            "DescribeStatement",
            "InternalServerException",
            500,
            lambda client, _: client.describe_statement(Id="0" * 36),
            id="json 1.1, a server's fault",
        ),
        pytest.param(
            "stepfunctions",
            "ListActivities",
            "ThrottlingException",
            400,
            lambda client, _: client.list_activities(),
            id="json 1.0, a common error",
        ),
        pytest.param(
            "sqs",
            "ListQueues",
            "OverLimit",
            400,
            lambda client, _: client.list_queues(),
            id="json that was query",
        ),
        pytest.param(
            "cloudwatch",
            "ListDashboards",
            "InternalServiceError",
            500,
            lambda client, _: client.list_dashboards(),
            id="cloudwatch",
        ),
    ],
)
def test_each_protocol_answers_code_and_status(
    once: Clients,
    faults: Faults,
    name: str,
    service: str,
    operation: str,
    code: str,
    status: int,
    call: Callable[[Any, str], Any],
) -> None:
    with faults.fail(service, operation, code, message="as told") as fault:
        with pytest.raises(ClientError) as caught:
            call(once(service), name)

        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["Error"]["Message"] == "as told"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert (fault.calls, fault.hits) == (1, [1])


def test_cut_off_call_took_effect_and_got_no_answer(
    once: Clients, client: Clients, faults: Faults, name: str
) -> None:
    s3 = once("s3")
    s3.create_bucket(Bucket=name)
    with (
        faults.cut_off("s3", "PutObject", where={"Bucket": name}),
        pytest.raises(ConnectionClosedError),
    ):
        s3.put_object(Bucket=name, Key="k", Body=b"x" * 100_000)

    assert client("s3").get_object(Bucket=name, Key="k")["Body"].read() == b"x" * 100_000


def test_only_the_named_parameters_are_hit_and_removing_ends_it(
    once: Clients, faults: Faults, name: str
) -> None:
    glue = once("glue")
    fault = faults.fail(
        "glue", "GetDatabase", "GlueEncryptionException", times=None, where={"Name": name}
    )
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=f"{name}-other")
    for _ in range(2):
        with pytest.raises(glue.exceptions.GlueEncryptionException):
            glue.get_database(Name=name)
    fault.remove()
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=name)

    assert (fault.calls, fault.hits) == (2, [1, 2])


def test_delayed_call_waits_by_the_clock_and_is_executed(
    once: Clients, faults: Faults, name: str
) -> None:
    glue = once("glue")
    began = time.monotonic()
    with faults.delay("glue", "CreateDatabase", 20):
        glue.create_database(DatabaseInput={"Name": name})
    assert time.monotonic() - began >= 20 * TIME_SCALE
    assert glue.get_database(Name=name)["Database"]["Name"] == name


def test_delayed_call_goes_on_when_the_fault_is_removed(
    once: Clients, faults: Faults, name: str
) -> None:
    fault = faults.delay("glue", "CreateDatabase", 1e6, where={"DatabaseInput": {"Name": name}})
    call = threading.Thread(
        target=once("glue").create_database, kwargs={"DatabaseInput": {"Name": name}}
    )
    call.start()
    fault.wait_until_hit()
    assert call.is_alive()
    fault.remove()
    call.join(30)
    assert not call.is_alive()
    assert once("glue").get_database(Name=name)["Database"]["Name"] == name


@pytest.fixture
def machine(client: Clients, name: str) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Make a state machine of one task, whose error is its output; give its ARN."""
    states = client("stepfunctions")
    made: list[str] = []

    def make(task: dict[str, Any]) -> str:
        definition = {
            "StartAt": "Task",
            "States": {
                "Task": {
                    "Type": "Task",
                    "End": True,
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
                    **task,
                },
                "Caught": {"Type": "Pass", "End": True},
            },
        }
        made.append(
            states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)[
                "stateMachineArn"
            ]
        )
        return made[-1]

    yield make
    for arn in made:
        states.delete_state_machine(stateMachineArn=arn)


def caught(client: Clients, machine: str) -> str | None:
    """Run a machine to its end; give the error that it caught."""
    states = client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.02)
    assert ended["status"] == "SUCCEEDED", ended
    error: str | None = json.loads(ended["output"]).get("Error")
    return error


SDK = "arn:aws:states:::aws-sdk:"
OPTIMIZED = "arn:aws:states:::"


@pytest.mark.parametrize(
    ("resource", "parameters", "fault", "error"),
    [
        (
            f"{SDK}glue:startCrawler",
            {"Name": "NAME"},
            ("fail", "glue", "StartCrawler", "CrawlerRunningException"),
            "Glue.CrawlerRunningException",
        ),
        (
            f"{SDK}redshiftdata:executeStatement",
            {"Sql": "SELECT 1", "Database": "dev", "WorkgroupName": "NAME"},
            ("fail", "redshift-data", "ExecuteStatement", "ActiveStatementsExceededException"),
            "RedshiftData.ActiveStatementsExceededException",
        ),
        (
            f"{OPTIMIZED}glue:startJobRun.sync",
            {"JobName": "NAME"},
            ("fail", "glue", "StartJobRun", "ConcurrentRunsExceededException"),
            "Glue.ConcurrentRunsExceededException",
        ),
        (
            f"{SDK}glue:startCrawler",
            {"Name": "NAME"},
            ("cut_off", "glue", "StartCrawler", None),
            "Glue.SdkClientException",
        ),
        (
            f"{SDK}redshiftdata:executeStatement",
            {"Sql": "SELECT 1", "Database": "dev", "WorkgroupName": "NAME"},
            ("cut_off", "redshift-data", "ExecuteStatement", None),
            "RedshiftData.SdkClientException",
        ),
        (
            f"{OPTIMIZED}glue:startJobRun.sync",
            {"JobName": "NAME"},
            ("cut_off", "glue", "StartJobRun", None),
            "Glue.SdkClientException",
        ),
        (
            f"{OPTIMIZED}sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:000000000000:NAME", "Message": "m"},
            ("cut_off", "sns", "Publish", None),
            "SNS.SdkClientException",
        ),
    ],
)
def test_tasks_of_step_functions_catch_faults_by_their_names(
    client: Clients,
    faults: Faults,
    machine: Callable[[dict[str, Any]], str],
    name: str,
    resource: str,
    parameters: dict[str, str],
    fault: tuple[str, str, str, str | None],
    error: str,
) -> None:
    given = {key: value.replace("NAME", name) for key, value in parameters.items()}
    arn = machine({"Resource": resource, "Parameters": given})
    kind, service, operation, code = fault
    where = {key: value for key, value in given.items() if name in value}
    placed = (
        faults.fail(service, operation, code or "", where=where)
        if kind == "fail"
        else faults.cut_off(service, operation, where=where)
    )
    with placed:
        assert caught(client, arn) == error
        assert placed.hits == [1]


def test_retry_of_a_task_outlives_a_fault(
    client: Clients, faults: Faults, machine: Callable[[dict[str, Any]], str], name: str
) -> None:
    client("glue").create_database(DatabaseInput={"Name": name})
    retry = {"ErrorEquals": ["Glue.SdkClientException"], "IntervalSeconds": 1, "MaxAttempts": 3}
    arn = machine(
        {
            "Resource": f"{SDK}glue:getDatabase",
            "Parameters": {"Name": name},
            "Retry": [retry],
        }
    )
    with faults.cut_off("glue", "GetDatabase", times=3, where={"Name": name}) as fault:
        assert caught(client, arn) is None
        assert (fault.calls, fault.hits) == (4, [1, 2, 3])


def test_rules_target_is_hit_and_its_delivery_tried_again(
    client: Clients, faults: Faults, machine: Callable[[dict[str, Any]], str], name: str
) -> None:
    states, events = client("stepfunctions"), client("events")
    arn = machine({"Resource": f"{SDK}glue:getDatabases", "Parameters": {}})
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "RoleArn": ROLE}])
    try:
        with (
            faults.fail(
                "stepfunctions",
                "StartExecution",
                "ThrottlingException",
                where={"stateMachineArn": arn},
            ),
            faults.cut_off(
                "stepfunctions", "StartExecution", nth=2, where={"stateMachineArn": arn}
            ) as cut,
        ):
            events.put_events(
                Entries=[{"Source": name, "DetailType": "t", "Detail": json.dumps({"n": 1})}]
            )
            cut.wait_until_hit()
            while cut.calls < 3:  # the answer was lost: the delivery is tried once more
                time.sleep(0.02)
        started = states.list_executions(stateMachineArn=arn)["executions"]
        assert len(started) == 1
    finally:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)


def test_jobs_own_calls_are_hit(endpoint: Endpoint, client: Clients, faults: Faults) -> None:
    job = f"job-{time.monotonic_ns()}"
    url = (
        f"{endpoint.url}/_etlocal/glue/bookmarks/{job}"
        "?account=000000000000&region=us-east-1&run_id=jr_1"
    )

    def commit() -> int:
        request = urllib.request.Request(
            url, method="PUT", data=json.dumps({"version": 0, "states": {}}).encode()
        )
        try:
            return int(urllib.request.urlopen(request, timeout=30).status)
        except urllib.error.HTTPError as error:
            return error.code

    unhindered = commit()
    with (
        faults.fail("awsglue", "Job.commit", "VersionMismatchException", where={"JobName": job}),
        faults.cut_off("awsglue", "Job.commit", nth=2, where={"JobRunId": "jr_1"}) as cut,
    ):
        assert commit() == 400
        with pytest.raises(OSError):
            commit()
        assert cut.hits == [2]
        assert commit() == unhindered


def test_what_cannot_be_a_fault_is_refused_and_places_none(
    endpoint: Endpoint, faults: Faults, client: Clients
) -> None:
    with pytest.raises(FaultError, match="no operation 'GetDatabaze'"):
        faults.fail("glue", "GetDatabaze", "X", times=None)
    with pytest.raises(ControlError, match="nth must be a whole number"):
        Control(endpoint.url).call(
            "POST",
            "faults",
            {"kind": "cut_off", "service": "glue", "operation": "GetDatabases", "nth": 0},
        )
    client("glue").get_databases()


def test_clock_is_scaled_while_executions_run_and_reset_restores_it(
    private_endpoint: Endpoint,
) -> None:
    states = private_endpoint.client("stepfunctions")
    clock = TestClock(Control(private_endpoint.url))
    assert clock.time_scale == TIME_SCALE
    definition = {
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 100_000, "End": True}},
    }
    arn = states.create_state_machine(name="w", definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]
    waiting = states.start_execution(stateMachineArn=arn)["executionArn"]
    clock.scale(0.00001)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        clock.scale(0)
    limit = time.monotonic() + 60
    while states.describe_execution(executionArn=waiting)["status"] == "RUNNING":
        assert time.monotonic() < limit, "the wait keeps its old scale"
        time.sleep(0.05)

    faults = Faults(Control(private_endpoint.url))
    faults.fail("glue", "GetDatabases", "OperationTimeoutException", times=None)
    Control(private_endpoint.url).call("POST", "reset")
    assert clock.time_scale == TIME_SCALE
    private_endpoint.client("glue").get_databases()
