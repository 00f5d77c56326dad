"""The Step Functions interpreter as AWS's behaves, in emulated time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[[str], Any]
Run = Callable[..., dict[str, Any]]

ROLE = "arn:aws:iam::000000000000:role/states"


def machine(client: Clients, name: str, states: dict[str, Any], **fields: Any) -> str:
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    answer = client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    arn: str = answer["stateMachineArn"]
    return arn


def ended(client: Clients, arn: str, seconds: float = 20) -> dict[str, Any]:
    limit = time.monotonic() + seconds
    while True:
        described: dict[str, Any] = client("stepfunctions").describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        assert time.monotonic() < limit, "the execution goes on"
        time.sleep(0.02)


@pytest.fixture
def run(client: Clients, name: str) -> Run:
    """Run states as a state machine and give the execution that ended."""

    def run_states(
        states: dict[str, Any], given: Any = None, seconds: float = 20, **fields: Any
    ) -> dict[str, Any]:
        arn = machine(client, name, states, **fields)
        started = client("stepfunctions").start_execution(
            stateMachineArn=arn, input=json.dumps(given or {})
        )
        return ended(client, started["executionArn"], seconds)

    return run_states


def evaluate(run: Run, expression: str, given: Any = None) -> Any:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
    result = run({"P": state}, given, QueryLanguage="JSONata")
    assert result["status"] == "SUCCEEDED", result
    return json.loads(result["output"])


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        ("$merge([$states.input, {'n': 2}])", {"a": 1}, {"a": 1, "n": 2}),
        ("$states.input.text", {"text": 'a "quote", \\ and\nmore'}, 'a "quote", \\ and\nmore'),
        ("$states.input.nothing", {"nothing": None}, None),
        ("$exists($states.input.nothing)", {"nothing": None}, True),
        ("10 / 4", {}, 2.5),
        ("10 / 5", {}, 2),
        ("$partition([1, 2, 3, 4, 5], 2)", {}, [[1, 2], [3, 4], [5]]),
        ("$range(0, 9, 3)", {}, [0, 3, 6, 9]),
        ("$hash('text', 'MD5')", {}, "1cb251ec0d568de6a929b520c4aed8d1"),
        ("$random(7) = $random(7)", {}, True),
        ("$uuid() != $uuid()", {}, True),
        ("$parse('{\"a\": [1, null]}')", {}, {"a": [1, None]}),
        ("$states.input.items[price > 1].name", {"items": [{"name": "x", "price": 2}]}, "x"),
        ("$states.context.Execution.Input.a", {"a": 1}, 1),
    ],
)
def test_jsonata_gives_what_step_functions_gives(
    run: Run, expression: str, given: Any, expected: Any
) -> None:
    assert evaluate(run, expression, given) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$states.input.absent", "returned nothing (undefined)."),
        ("$nope()", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        ("function($x){$x}", "returned an unsupported result type."),
    ],
)
def test_a_failed_evaluation_names_field_and_state(
    run: Run, client: Clients, expression: str, reason: str
) -> None:
    state = {"Type": "Pass", "Output": {"a": f"{{% {expression} %}}"}, "End": True}
    result = run({"P": state}, QueryLanguage="JSONata")
    assert result["error"] == "States.QueryEvaluationError"
    assert result["cause"] == (
        "An error occurred while executing the state 'P' (entered at the event id #2). "
        f"The JSONata expression '{expression}' specified for the field 'Output/a' {reason}"
    )
    history = client("stepfunctions").get_execution_history(executionArn=result["executionArn"])
    failed = [e for e in history["events"] if e["type"] == "EvaluationFailed"]
    assert [e["evaluationFailedEventDetails"]["location"] for e in failed] == ["Output/a"]


def test_variables_keep_quotes_and_escapes(run: Run) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"text": 'a "b" \\ c\nd'}, "Next": "Get"},
        "Get": {"Type": "Pass", "Output": "{% $text %}", "End": True},
    }
    result = run(states, QueryLanguage="JSONata")
    assert json.loads(result["output"]) == 'a "b" \\ c\nd'


def test_waits_and_retries_pass_in_emulated_time(run: Run) -> None:
    failing = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getBucketLocation",
        "Arguments": {"Bucket": "there-is-no-such-bucket"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 20, "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        "End": True,
    }
    states = {
        "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Task"},
        "Task": failing,
        "Done": {"Type": "Succeed"},
    }
    began = time.monotonic()
    result = run(states, QueryLanguage="JSONata")
    assert result["status"] == "SUCCEEDED"
    # 50 emulated seconds: one real second at the tests' scale, and what the calls take.
    assert 0.9 < time.monotonic() - began < 15


def test_timeouts_pass_in_emulated_time(run: Run) -> None:
    wait = {"Type": "Wait", "Seconds": 6000, "End": True}
    result = run({"W": wait}, seconds=15, TimeoutSeconds=30, QueryLanguage="JSONata")
    assert result["status"] == "TIMED_OUT"


def test_a_stopped_execution_ends_at_once_and_keeps_its_cause(client: Clients, name: str) -> None:
    arn = machine(client, name, {"W": {"Type": "Wait", "Seconds": 100000, "End": True}})
    sfn = client("stepfunctions")
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    time.sleep(0.2)
    sfn.stop_execution(executionArn=execution, error="Mine", cause="because")
    described = ended(client, execution, seconds=10)
    assert (described["status"], described["error"], described["cause"]) == (
        "ABORTED",
        "Mine",
        "because",
    )


def test_an_sdk_error_carries_the_services_code(run: Run) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:startCrawler",
        "Arguments": {"Name": "there-is-no-such-crawler"},
        "End": True,
    }
    result = run({"T": state}, QueryLanguage="JSONata")
    assert result["error"] == "Glue.EntityNotFoundException"
    assert "Service: Glue, Status Code: 400" in result["cause"]


def test_stopping_an_execution_stops_the_job_it_waits_for(client: Clients, name: str) -> None:
    glue, sfn = client("glue"), client("stepfunctions")
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{name}/job.py"}
    glue.create_job(Name=name, Role=ROLE, Command=command, GlueVersion="5.1")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": name},
        "End": True,
    }
    arn = machine(client, name, {"Job": state}, QueryLanguage="JSONata")
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    limit = time.monotonic() + 20

    def states() -> list[str]:
        assert time.monotonic() < limit
        time.sleep(0.05)
        return [run["JobRunState"] for run in glue.get_job_runs(JobName=name)["JobRuns"]]

    while not states():
        pass
    sfn.stop_execution(executionArn=execution)
    assert ended(client, execution)["status"] == "ABORTED"
    while not set(states()) <= {"STOPPED", "STOPPING"}:
        pass


@pytest.mark.parametrize("error", ["States.TaskFailed", "States.Mine", "Mine"])
def test_a_fail_state_ends_with_the_error_it_names(run: Run, error: str) -> None:
    result = run({"F": {"Type": "Fail", "Error": error, "Cause": "because"}})
    assert (result["status"], result["error"], result["cause"]) == ("FAILED", error, "because")


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
@pytest.mark.parametrize(
    ("error", "caught"), [("States.TaskFailed", True), ("States.Timeout", False), ("Mine", True)]
)
def test_what_fails_in_a_branch_or_an_iteration_is_caught_by_its_name(
    run: Run, kind: str, error: str, caught: bool
) -> None:
    inner = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": error}}}
    fields: dict[str, Any] = {
        "Parallel": {"Branches": [inner]},
        "Map": {"Items": [1], "ItemProcessor": inner},
    }
    catch = {"Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}], "End": True}
    states = {"S": {"Type": kind, **fields[kind], **catch}, "Caught": {"Type": "Succeed"}}
    result = run(states, QueryLanguage="JSONata")
    assert result["status"] == ("SUCCEEDED" if caught else "FAILED"), result
    assert caught or result["error"] == error


def test_an_unknown_name_of_the_interpreters_own_is_refused_in_a_definition(
    client: Clients, name: str
) -> None:
    catch = [{"ErrorEquals": ["States.Nothing"], "Next": "P"}]
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Catch": catch, "End": True}
    with pytest.raises(ClientError, match="InvalidDefinition"):
        machine(client, name, {"T": task, "P": {"Type": "Succeed"}})


def test_a_job_run_that_was_stopped_is_not_an_abnormal_end_of_its_task(
    client: Clients, name: str
) -> None:
    """Glue's documentation ("AWS Glue job run statuses") lists FAILED, ERROR and TIMEOUT as such.

    Step Functions' own page ("Start an AWS Glue job with Step Functions") does not name STOPPED.
    """
    glue, sfn = client("glue"), client("stepfunctions")
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{name}/job.py"}
    glue.create_job(Name=name, Role=ROLE, Command=command, GlueVersion="5.1")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": name},
        "End": True,
    }
    arn = machine(client, name, {"Job": state}, QueryLanguage="JSONata")
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    limit = time.monotonic() + 20
    while not (runs := glue.get_job_runs(JobName=name)["JobRuns"]):
        assert time.monotonic() < limit
        time.sleep(0.02)
    glue.batch_stop_job_run(JobName=name, JobRunIds=[runs[0]["Id"]])
    described = ended(client, execution)
    assert described["status"] == "SUCCEEDED"
    output = json.loads(described["output"])
    assert (output["JobRunState"], output["JobName"]) == ("STOPPED", name)


def test_an_execution_can_be_stopped_as_soon_as_it_was_started(client: Clients, name: str) -> None:
    arn = machine(client, name, {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}})
    sfn = client("stepfunctions")
    for _ in range(20):
        execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
        sfn.stop_execution(executionArn=execution, cause="at once")
        assert ended(client, execution, seconds=10)["cause"] == "at once"


def test_a_history_comes_by_the_page(run: Run, client: Clients) -> None:
    passes = {f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} for n in range(60)}
    end = {"Type": "Pass", "Result": {"n": 60}, "End": True}
    execution = run({**passes, "P60": end}, {"n": 0}, seconds=60)["executionArn"]
    history = partial(client("stepfunctions").get_execution_history, executionArn=execution)

    first = history()
    rest = history(nextToken=first["nextToken"])
    last = history(reverseOrder=True, maxResults=3)
    before = history(reverseOrder=True, maxResults=1000, nextToken=last["nextToken"])
    bare = history(includeExecutionData=False, maxResults=1)["events"][0]

    assert [event["id"] for event in first["events"]] == list(range(1, 101))
    assert [event["id"] for event in rest["events"]] == list(range(101, 125))
    assert [event["id"] for event in last["events"]] == [124, 123, 122]
    assert [event["id"] for event in before["events"]] == list(range(121, 0, -1))
    assert "nextToken" not in rest
    assert "nextToken" not in before
    assert first["events"][0]["executionStartedEventDetails"]["input"] == '{"n": 0}'
    assert "input" not in bare["executionStartedEventDetails"]
    with pytest.raises(ClientError, match="InvalidToken"):
        history(nextToken="none")
    with pytest.raises(ClientError, match="ValidationException"):
        history(maxResults=1001)


def test_what_is_listed_has_started(client: Clients, name: str) -> None:
    """An execution is written down before it starts, and may be asked for from then on."""
    arn = machine(client, name, {"P": {"Type": "Pass", "End": True}})
    sfn = client("stepfunctions")
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(
            lambda: [sfn.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(40)]
        )
        seen: set[str] = set()
        has_ended = False
        while not has_ended:
            # Once more after the last start: nothing of it may be missing then.
            has_ended = starting.done()
            for each in sfn.list_executions(stateMachineArn=arn)["executions"]:
                assert each["status"] in ("RUNNING", "SUCCEEDED")
                if (execution := each["executionArn"]) not in seen:
                    seen.add(execution)
                    assert "status" in sfn.describe_execution(executionArn=execution)
                    sfn.get_execution_history(executionArn=execution)

    assert seen == set(starting.result())
