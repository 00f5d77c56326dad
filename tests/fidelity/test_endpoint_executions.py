"""Executions go on where they were when the endpoint was killed; those that ended are as before.

One endpoint is killed in the middle of many executions and launched again on the same state; each
test looks at what became of one of them. Emulated time passes slowly in the first process, where
nothing that waits may end, and fast in the second, where all of it does.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from etlocal import environments
from etlocal.endpoint.overlay import make_overlay

from .conftest import TIME_SCALE, Endpoint, start
from .restarts import ROLE, Clients, running, until

FOREVER = 10**8
PATIENCE = 120.0
NEVER: dict[str, Any] = {"Type": "Wait", "Seconds": FOREVER, "End": True}
ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
INPUT = {"text": 'a "quoted" word, ü', "numbers": [1, 2.5, None]}


# The second process's real seconds of what waits.
WAITED, LIMIT = 40, 35


def emulated(seconds: float) -> int:
    """Give the emulated seconds that take so many real ones in the second process."""
    return round(seconds / TIME_SCALE)


def definition(states: dict[str, Any], **fields: Any) -> str:
    """Write a state machine in JSONata that begins with its first state."""
    return json.dumps(
        {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **fields}
    )


def task(resource: str, arguments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a Task of an integration that ends the execution, unless `fields` say otherwise."""
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments} | {
        **end,
        **fields,
    }


def wait(seconds: float, following: str | None = None) -> dict[str, Any]:
    """Give a Wait of so many real seconds in the second process."""
    end: dict[str, Any] = {"Next": following} if following else {"End": True}
    return {"Type": "Wait", "Seconds": emulated(seconds), **end}


MISSING_CRAWLER = task(
    "aws-sdk:glue:startCrawler",
    {"Name": "there-is-no-such-crawler"},
    Retry=[
        {
            "ErrorEquals": ["Glue.EntityNotFoundException"],
            "IntervalSeconds": emulated(3),
            "MaxAttempts": 2,
            "BackoffRate": 1,
        }
    ],
    Catch=[
        {
            "ErrorEquals": ["States.ALL"],
            "Next": "Told",
            "Assign": {"caught": "{% $states.errorOutput.Error %}"},
        }
    ],
)
REMEMBERED = {
    "Assigned": {"Type": "Pass", "Assign": {"kept": INPUT, "counted": 1}, "Next": "Counted"},
    "Counted": {"Type": "Pass", "Assign": {"counted": "{% $counted + 1 %}"}, "Next": "Waited"},
    "Waited": wait(3, "Told"),
    "Told": {
        "Type": "Pass",
        "End": True,
        "Output": {
            "kept": "{% $kept %}",
            "counted": "{% $counted %}",
            "input": "{% $states.input %}",
            "execution": "{% $states.context.Execution %}",
        },
    },
}


@dataclass
class Scene:
    """What was going on when the endpoint was killed, and what became of it."""

    endpoint: Endpoint
    started: dict[str, str] = field(default_factory=dict)
    # As described, and as told by the history, before and after.
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    history_before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    listed_before: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    job_runs: list[dict[str, Any]] = field(default_factory=list)
    children: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    told_unasked: list[str] = field(default_factory=list)
    map_runs: list[dict[str, Any]] = field(default_factory=list)
    hand_token: str = ""
    launched: dt.datetime = field(init=False)

    def taken_up(self) -> dt.datetime:
        """Give the time of the first event of the second process."""
        moments: list[dt.datetime] = [
            each["timestamp"] for history in self.history.values() for each in history
        ]
        return min(moment for moment in moments if moment > self.launched)

    def ended_after(self) -> list[str]:
        """Name the executions that ended in the second process."""
        return [name for name, each in self.after.items() if each["stopDate"] > self.launched]

    def types(self, name: str) -> list[str]:
        """Give the types of the events of an execution."""
        return [event["type"] for event in self.history[name]]

    def output(self, name: str) -> Any:
        """Give an execution's output."""
        assert self.after[name]["status"] == "SUCCEEDED", self.after[name]
        return json.loads(self.after[name]["output"])


def _history(aws: Clients, arn: str) -> list[dict[str, Any]]:
    pages = aws.stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 3}
    )
    return [event for page in pages for event in page["events"]]


def _messages(aws: Clients, url: str) -> list[dict[str, Any]]:
    found = []
    while got := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            found.append(json.loads(message["Body"]))
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _machines(aws: Clients, tokens: str) -> dict[str, str]:
    sfn = aws.stepfunctions

    def make(name: str, text: str, **fields: Any) -> str:
        made = sfn.create_state_machine(name=name, definition=text, roleArn=ROLE, **fields)
        return str(made["stateMachineArn"])

    child = make("child", definition({"Waited": wait(4), "Never": NEVER}))
    body = {
        "token": "{% $states.context.Task.Token %}",
        "execution": "{% $states.context.Execution.Id %}",
    }
    ask = {"MessageBody": body, "QueueUrl": tokens}
    branches = [definition({f"B{n}": wait(2)}) for n in (1, 2)]
    parallel = {"Type": "Parallel", "Branches": [json.loads(b) for b in branches], "End": True}
    for branch in parallel["Branches"]:  # type: ignore[attr-defined]
        del branch["QueryLanguage"]
    items = definition({"I": wait(2)})
    inner = {name: value for name, value in json.loads(items).items() if name != "QueryLanguage"}
    mapped = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **inner,
        },
        "End": True,
    }
    activity = sfn.create_activity(name="hands")["activityArn"]
    by_hand = {"Type": "Task", "Resource": activity, "Arguments": {"to": "do"}, "End": True}
    nested = {"StateMachineArn": child, "Input": {"from": "a parent"}}
    told = {"Type": "Pass", "Output": "{% $caught %}", "End": True}
    end = {"Type": "Pass", "Output": {"definition": "old"}, "End": True}
    return {
        "echo": make("echo", definition({"P": {"Type": "Pass", "End": True}})),
        "child": child,
        "waited": make("waited", definition({"W": wait(WAITED)})),
        "remembered": make("remembered", definition(REMEMBERED)),
        "job": make("job", definition({"J": task("glue:startJobRun.sync", {"JobName": "job"})})),
        "nested": make("nested", definition({"N": task("states:startExecution.sync:2", nested)})),
        "asked": make("asked", definition({"A": task("sqs:sendMessage.waitForTaskToken", ask)})),
        "retried": make("retried", definition({"C": MISSING_CRAWLER, "Told": told})),
        "parallel": make("parallel", definition({"S": parallel})),
        "mapped": make("mapped", definition({"S": mapped})),
        "activity": make("activity", definition({"T": by_hand})),
        "failed": make(
            "failed", definition({"F": {"Type": "Fail", "Error": "Mine", "Cause": "because"}})
        ),
        "stopped": make("stopped", definition({"W": NEVER})),
        "late": make("late", definition({"W": NEVER}, TimeoutSeconds=1)),
        "limited": make("limited", definition({"W": NEVER}, TimeoutSeconds=emulated(LIMIT))),
        "updated": make("updated", definition({"W": wait(3, "E"), "E": end})),
        "deleted": make("deleted", definition({"W": wait(3, "E"), "E": end})),
        "express": make("express", definition({"W": NEVER}), type="EXPRESS"),
    }


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Play it: start everything, kill the endpoint, launch it again, and wait for every end."""
    folder = tmp_path_factory.mktemp("executions")
    endpoint = start(folder, os.getpid(), ETLOCAL_TIME_SCALE="1")
    scene = Scene(endpoint)
    tokens, told = _play_until_the_kill(scene)
    scene.launched = dt.datetime.now(tz=dt.UTC)
    with running(folder) as endpoint:
        scene.endpoint = endpoint
        _play_to_the_end(scene, tokens, told)
        yield scene


def _play_until_the_kill(scene: Scene) -> tuple[str, str]:
    aws, sfn = Clients(scene.endpoint), scene.endpoint.client("stepfunctions")
    tokens = aws.sqs.create_queue(QueueName="tokens")["QueueUrl"]
    told = aws.sqs.create_queue(QueueName="told")["QueueUrl"]
    queue = aws.sqs.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])
    changes = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": [*ENDED]},
    }
    aws.events.put_rule(Name="ended-executions", EventPattern=json.dumps(changes))
    target = {"Id": "told", "Arn": queue["Attributes"]["QueueArn"]}
    aws.events.put_targets(Rule="ended-executions", Targets=[target])
    command = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
    aws.glue.create_job(Name="job", Role=ROLE, Command=command, GlueVersion="5.1")
    machines = _machines(aws, tokens)
    _await_snapshots(scene.endpoint)

    def begin(label: str, machine: str | None = None, **fields: Any) -> None:
        started = sfn.start_execution(stateMachineArn=machines[machine or label], **fields)
        scene.started[label] = str(started["executionArn"])

    for name in ("failed", "stopped", "late"):
        begin(name)
    for number in range(5):
        begin(f"echo{number}", "echo", name=f"echo{number}", input=json.dumps({"n": number}))
    sfn.stop_execution(executionArn=scene.started["stopped"], error="Stop", cause="enough")
    for name in scene.started:
        _until_ended(aws, scene.started[name])
    for name, arn in scene.started.items():
        scene.before[name] = sfn.describe_execution(executionArn=arn)
        scene.history_before[name] = _history(aws, arn)
    scene.listed_before = _listed(aws, machines["echo"])
    _messages(aws, told)

    for name in ("waited", "job", "nested", "asked", "retried", "parallel", "mapped", "limited"):
        begin(name)
    for name in ("activity", "updated", "deleted", "express"):
        begin(name)
    begin("answered", "asked")
    begin("halted", "stopped")
    hands = machines["activity"].replace(":stateMachine:activity", ":activity:hands")
    scene.hand_token = sfn.get_activity_task(activityArn=hands, workerName="me")["taskToken"]
    begin("remembered", name="remembered", input=json.dumps(INPUT))
    newer = {"Type": "Pass", "Output": {"definition": "new"}, "End": True}
    sfn.update_state_machine(
        stateMachineArn=machines["updated"], definition=definition({"E": newer})
    )
    sfn.delete_state_machine(stateMachineArn=machines["deleted"])
    for name, event in {
        "waited": "WaitStateEntered",
        "job": "TaskSubmitted",
        "nested": "TaskSubmitted",
        "asked": "TaskSubmitted",
        "retried": "TaskFailed",
        "parallel": "WaitStateEntered",
        "mapped": "MapRunStarted",
        "activity": "ActivityStarted",
        "halted": "WaitStateEntered",
        "limited": "WaitStateEntered",
        "remembered": "WaitStateEntered",
    }.items():
        arn = scene.started[name]
        until(lambda arn=arn, event=event: event in str(_history(aws, arn)), PATIENCE)  # type: ignore[misc]
        scene.before[name] = sfn.describe_execution(executionArn=arn)
    _answer_one(scene, aws, tokens)
    sfn.stop_execution(executionArn=scene.started["halted"], error="Halt", cause="enough")
    begin("acknowledged", "echo", input=json.dumps(INPUT))
    os.kill(scene.endpoint.pid, signal.SIGKILL)
    return tokens, told


def _answer_one(scene: Scene, aws: Clients, tokens: str) -> None:
    """Answer what "answered" asks, and leave the question of "asked"."""

    def answered() -> bool:
        got = aws.sqs.receive_message(QueueUrl=tokens, VisibilityTimeout=0, MaxNumberOfMessages=10)
        for message in got.get("Messages", ()):
            body = json.loads(message["Body"])
            if body["execution"] == scene.started["answered"]:
                aws.stepfunctions.send_task_success(taskToken=body["token"], output='"at once"')
                return True
        return False

    until(answered, PATIENCE)


def _await_snapshots(endpoint: Endpoint) -> None:
    state = endpoint.state / "localstack" / "state"
    for service, name in {"events": "told", "sqs": "tokens", "stepfunctions": "express"}.items():
        path = state / f"{service}.pickle"

        def saved(path: Path = path, name: str = name) -> bool:
            return path.exists() and name.encode() in path.read_bytes()

        until(saved, PATIENCE)


def _play_to_the_end(scene: Scene, tokens: str, told: str) -> None:
    aws = Clients(scene.endpoint)

    def arrived() -> bool:
        scene.told += [message["detail"] for message in _messages(aws, told)]
        return scene.started["parallel"] in [detail["executionArn"] for detail in scene.told]

    # Nothing is asked of Step Functions before.
    until(arrived, PATIENCE)
    scene.told_unasked = [detail["executionArn"] for detail in scene.told]
    sfn = aws.stepfunctions
    for message in _messages(aws, tokens):
        if message["execution"] == scene.started["asked"]:
            sfn.send_task_success(taskToken=message["token"], output=json.dumps({"answer": 42}))
    sfn.send_task_success(taskToken=scene.hand_token, output=json.dumps({"done": "by hand"}))
    runs = until(lambda: aws.glue.get_job_runs(JobName="job")["JobRuns"], PATIENCE)
    aws.glue.batch_stop_job_run(JobName="job", JobRunIds=[run["Id"] for run in runs])
    for name, arn in scene.started.items():
        if name == "express":
            continue
        scene.after[name] = _until_ended(aws, arn)
        scene.history[name] = _history(aws, arn)
    scene.job_runs = aws.glue.get_job_runs(JobName="job")["JobRuns"]
    scene.map_runs = [
        sfn.describe_map_run(mapRunArn=run["mapRunArn"])
        for run in sfn.list_map_runs(executionArn=scene.started["mapped"])["mapRuns"]
    ]
    machine = scene.after["nested"]["stateMachineArn"].replace(":nested", ":child")
    scene.children = sfn.list_executions(stateMachineArn=machine)["executions"]
    echo = scene.after["echo0"]["stateMachineArn"]
    scene.listed = _listed(aws, echo)

    def all_told() -> bool:
        scene.told += [message["detail"] for message in _messages(aws, told)]
        arns = {detail["executionArn"] for detail in scene.told}
        return {scene.started[name] for name in [*scene.ended_after(), "express"]} <= arns

    until(all_told, PATIENCE)


def _until_ended(aws: Clients, arn: str) -> dict[str, Any]:
    def ended() -> dict[str, Any]:
        described: dict[str, Any] = aws.stepfunctions.describe_execution(executionArn=arn)
        return described if described["status"] in ENDED else {}

    return until(ended, PATIENCE)


def _listed(aws: Clients, machine: str) -> list[str]:
    pages = aws.stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 2}
    )
    return [each["executionArn"] for page in pages for each in page["executions"]]


def test_an_execution_that_was_acknowledged_is_there(scene: Scene) -> None:
    assert scene.output("acknowledged") == INPUT


def test_executions_go_on_without_anybody_asking(scene: Scene) -> None:
    assert scene.started["parallel"] in scene.told_unasked


def test_every_end_is_notified(scene: Scene) -> None:
    told = {detail["executionArn"]: detail["status"] for detail in scene.told}
    names = scene.ended_after()
    assert {"waited", "limited", "retried", "nested", "remembered"} <= {*names}
    for name in names:
        assert told[scene.started[name]] == scene.after[name]["status"], name


def test_an_express_execution_ends_failed_and_says_why(scene: Scene) -> None:
    (detail,) = [each for each in scene.told if each["executionArn"] == scene.started["express"]]
    assert (detail["status"], detail["error"]) == ("FAILED", "Etlocal.EndpointRestarted")
    assert "express" in detail["cause"]


def test_a_wait_goes_on_with_what_remains(scene: Scene) -> None:
    assert scene.output("waited") == {}
    assert scene.types("waited") == [
        "ExecutionStarted",
        "WaitStateEntered",
        "WaitStateExited",
        "ExecutionSucceeded",
    ]
    _, entered, left, _ = scene.history["waited"]
    assert left["timestamp"] - entered["timestamp"] >= dt.timedelta(seconds=WAITED - 1)
    # One that waited anew would wait so long from here.
    assert left["timestamp"] < scene.taken_up() + dt.timedelta(seconds=WAITED - 1)


def test_the_time_limit_of_an_execution_counts_from_its_start(scene: Scene) -> None:
    described = scene.after["limited"]
    assert described["status"] == "TIMED_OUT"
    assert described["startDate"] == scene.before["limited"]["startDate"]
    assert described["stopDate"] < scene.taken_up() + dt.timedelta(seconds=LIMIT - 1)
    assert scene.types("limited")[-1] == "ExecutionTimedOut"


def test_variables_input_and_context_are_what_they_were(scene: Scene) -> None:
    output = scene.output("remembered")
    assert (output["kept"], output["counted"], output["input"]) == (INPUT, 2, INPUT)
    assert output["execution"]["Id"] == scene.started["remembered"]
    assert output["execution"]["Name"] == "remembered"
    assert output["execution"]["Input"] == INPUT
    began = scene.before["remembered"]["startDate"].astimezone(dt.UTC)
    assert output["execution"]["StartTime"].startswith(began.strftime("%Y-%m-%dT%H:%M:%S"))


@pytest.mark.parametrize("name", ["waited", "remembered", "job", "nested", "retried", "parallel"])
def test_a_history_goes_on_where_it_was(scene: Scene, name: str) -> None:
    history = scene.history[name]
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert all(event["previousEventId"] < event["id"] for event in history)
    moments = [event["timestamp"] for event in history]
    assert moments == sorted(moments)
    assert moments[0] < scene.launched < moments[-1]


def test_the_job_run_that_was_waited_for_is_the_only_one(scene: Scene) -> None:
    (run,) = scene.job_runs
    # Stopped, it is the Task's output; without a worker for too long, the cause of its failure.
    described = scene.after["job"]
    assert json.loads(described.get("output") or described["cause"])["Id"] == run["Id"]
    assert scene.types("job")[:5] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
    ]
    assert scene.types("job").count("TaskSubmitted") == 1


def test_the_nested_execution_that_was_waited_for_is_the_only_one(scene: Scene) -> None:
    (child,) = scene.children
    assert child["status"] == "SUCCEEDED"
    output = scene.output("nested")
    assert output["ExecutionArn"] == child["executionArn"]
    assert output["Input"] == {"from": "a parent"}


def test_a_task_token_that_was_given_out_still_counts(scene: Scene) -> None:
    assert scene.output("asked") == {"answer": 42}
    assert scene.types("asked").count("TaskScheduled") == 1


def test_retries_are_counted_and_the_catch_follows(scene: Scene) -> None:
    assert scene.output("retried") == "Glue.EntityNotFoundException"
    types = scene.types("retried")
    assert [types.count(each) for each in ("TaskStateEntered", "TaskFailed")] == [1, 3]


def test_a_parallel_state_runs_again_as_a_whole(scene: Scene) -> None:
    assert scene.output("parallel") == [{}, {}]
    types = scene.types("parallel")
    assert types.count("ParallelStateEntered") == types.count("ParallelStateExited") == 1


def test_a_distributed_map_runs_again_as_a_whole(scene: Scene) -> None:
    assert scene.output("mapped") == [1, 2]
    assert sorted(run["status"] for run in scene.map_runs) == ["FAILED", "SUCCEEDED"]
    assert all(run["executionArn"] == scene.started["mapped"] for run in scene.map_runs)


def test_the_worker_of_an_activity_answers_with_the_token_it_has(scene: Scene) -> None:
    assert scene.output("activity") == {"done": "by hand"}
    types = scene.types("activity")
    assert types.count("ActivityScheduled") == types.count("ActivityStarted") == 1


def test_an_acknowledged_answer_is_not_lost(scene: Scene) -> None:
    assert scene.output("answered") == "at once"


def test_an_acknowledged_stop_is_not_lost(scene: Scene) -> None:
    described = scene.after["halted"]
    assert (described["status"], described["error"], described["cause"]) == (
        "ABORTED",
        "Halt",
        "enough",
    )
    assert scene.types("halted")[-1] == "ExecutionAborted"


@pytest.mark.parametrize("name", ["updated", "deleted"])
def test_an_execution_keeps_the_definition_it_was_started_with(scene: Scene, name: str) -> None:
    assert scene.output(name) == {"definition": "old"}


@pytest.mark.parametrize("name", ["echo0", "failed", "stopped", "late"])
def test_an_execution_that_had_ended_is_as_it_was(scene: Scene, name: str) -> None:
    assert {**scene.after[name], "ResponseMetadata": 0} == {
        **scene.before[name],
        "ResponseMetadata": 0,
    }
    assert scene.history[name] == scene.history_before[name]
    statuses = {"echo0": "SUCCEEDED", "failed": "FAILED", "stopped": "ABORTED", "late": "TIMED_OUT"}
    assert scene.after[name]["status"] == statuses[name]
    assert scene.history[name][-1]["timestamp"] == scene.after[name]["stopDate"]


def test_executions_are_listed_in_their_order(scene: Scene) -> None:
    assert len(scene.listed_before) == 5
    assert scene.listed == [scene.started["acknowledged"], *scene.listed_before]


def test_an_execution_is_taken_up_after_each_end_and_can_be_stopped(tmp_path: Path) -> None:
    with running(tmp_path, signal.SIGKILL) as endpoint:
        aws = Clients(endpoint)
        machine = aws.stepfunctions.create_state_machine(
            name="never", definition=definition({"W": NEVER}), roleArn=ROLE
        )["stateMachineArn"]
        arns = [
            aws.stepfunctions.start_execution(stateMachineArn=machine)["executionArn"]
            for _ in range(2)
        ]
        for arn in arns:
            until(lambda arn=arn: len(_history(aws, arn)) == 2, PATIENCE)  # type: ignore[misc]
        before = _history(aws, arns[0])
    with running(tmp_path, signal.SIGTERM) as endpoint:
        sfn = endpoint.client("stepfunctions")
        assert sfn.describe_execution(executionArn=arns[0])["status"] == "RUNNING"
        sfn.stop_execution(executionArn=arns[1], error="Stop", cause="enough")
        stopped = _until_ended(Clients(endpoint), arns[1])
        assert (stopped["status"], stopped["cause"]) == ("ABORTED", "enough")
    with running(tmp_path, signal.SIGKILL) as endpoint:
        aws = Clients(endpoint)
        assert aws.stepfunctions.describe_execution(executionArn=arns[0])["status"] == "RUNNING"
        assert _history(aws, arns[0]) == before
        assert aws.stepfunctions.describe_execution(executionArn=arns[1])["status"] == "ABORTED"
        assert endpoint.call("POST", "/_etlocal/reset")[0] == 200
    with running(tmp_path) as endpoint:
        assert endpoint.client("stepfunctions").list_state_machines()["stateMachines"] == []
    left = [*(endpoint.state / "localstack" / "state").glob("executions-*/**/*")]
    assert [path for path in left if path.is_file()] == []


def test_an_execution_goes_on_from_every_point_at_which_it_can_be_cut_off(tmp_path: Path) -> None:
    script = Path(__file__).with_name("every_point.py")
    ended = subprocess.run(
        [str(environments.ensure(environments.ENDPOINT)), str(script), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(make_overlay(tmp_path / "overlays"))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    whole, *cut_off = [json.loads(line) for line in ended.stdout.splitlines() if line[:1] == "{"]
    assert whole["status"] == "SUCCEEDED"
    assert whole["output"]["count"] == 10
    assert whole["output"]["waited"] == {"caught": 'a "quoted" word'}
    assert whole["calls"] == {"missing": 3, "job": 1, "there": 1}
    assert len(cut_off) > len(whole["history"])
    types = [event[-1] for event in whole["history"]]
    for found in cut_off:
        assert (found["status"], found["output"]) == (whole["status"], whole["output"]), found
        assert all(count <= whole["calls"][name] for name, count in found["calls"].items()), found
        ids = [event[0] for event in found["history"]]
        assert ids == list(range(1, len(ids) + 1)), found
        if len(found["history"]) == len(types):
            assert found["history"] == whole["history"], found
    # Only within the Parallel is something told twice.
    again = sum(len(found["history"]) != len(types) for found in cut_off)
    within = types.index("ParallelStateExited") - types.index("ParallelStateEntered") - 1
    assert again == within
