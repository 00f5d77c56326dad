"""Takes one execution up from every point at which its process could have been killed.

Run by the interpreter of the endpoint's environment, with a folder to work in; nothing is served.
The services that the execution calls are played: they count how often they are called. Prints what
became of the execution that was not cut off, and then of each that was, as a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from etlocal.endpoint import patches
from etlocal.endpoint.configuration import localstack_environment
from etlocal.settings import Settings

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
CRAWL = "arn:aws:states:::aws-sdk:glue:startCrawler"
JOB = "arn:aws:states:::glue:startJobRun.sync"
RETRY = {
    "ErrorEquals": ["Glue.EntityNotFoundException"],
    "IntervalSeconds": 1,
    "MaxAttempts": 2,
    "BackoffRate": 1,
}
CATCH = {
    "ErrorEquals": ["States.ALL"],
    "Next": "Choose",
    "Assign": {"count": "{% $count + 1 %}", "error": "{% $states.errorOutput.Error %}"},
    "Output": {"caught": 'a "quoted" word'},
}
TOLD = (
    "{% {'count': $count, 'error': $error, 'waited': $waited, 'run': $run, 'input': $states.input,"
    " 'began': $states.context.Execution.StartTime} %}"
)
CHOICE = {"Condition": "{% $count = 2 %}", "Assign": {"count": "{% $count * 5 %}"}, "Next": "Wait"}
STATES: dict[str, Any] = {
    "Begin": {"Type": "Pass", "Assign": {"count": 1}, "Next": "Fails"},
    "Fails": {
        "Type": "Task",
        "Resource": CRAWL,
        "Arguments": {"Name": "missing"},
        "Retry": [RETRY],
        "Catch": [CATCH],
        "Next": "Choose",
    },
    "Choose": {"Type": "Choice", "Choices": [CHOICE]},
    "Wait": {
        "Type": "Wait",
        "Seconds": 1,
        "Assign": {"waited": "{% $states.input %}"},
        "Next": "Job",
    },
    "Job": {
        "Type": "Task",
        "Resource": JOB,
        "Arguments": {"JobName": "job", "Arguments": {"--once": "{% $uuid() %}"}},
        "TimeoutSeconds": 100_000,
        "Assign": {"run": "{% $states.result.Id %}"},
        "Next": "Both",
    },
    "Both": {
        "Type": "Parallel",
        "Branches": [{"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}],
        "Next": "Works",
    },
    "Works": {"Type": "Task", "Resource": CRAWL, "Arguments": {"Name": "there"}, "Next": "End"},
    "End": {"Type": "Pass", "Output": TOLD, "End": True},
}
DEFINITION = {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": STATES}


def main(folder: Path) -> None:
    """Run the execution, and take it up from each of its records."""
    settings = Settings(state_dir=folder / "state", time_scale=0.01, sync_poll_seconds=0.01)
    environment = localstack_environment(settings, os.environ)
    os.environ.clear()
    os.environ.update(environment)
    patches.apply_before_import()
    patches.apply(settings)
    from localstack.services.stepfunctions.backend.store import sfn_stores

    from etlocal.endpoint.hosting import Host, set_host
    from etlocal.endpoint.persistence.execution_journal import ExecutionJournal, Record
    from etlocal.endpoint.persistence.executions import Executions
    from etlocal.endpoint.persistence.journal import framed, frames

    # Waits pass by its clock.
    set_host(Host(settings))
    calls: Counter[str] = Counter()
    told = _play_services(calls)
    kept: list[bytes] = []
    close = Record.close

    def keep_and_close(record: Any) -> None:
        path = record._journal.running_path(record.number)
        if path.exists():
            kept.append(path.read_bytes())
        close(record)

    Record.close = keep_and_close  # type: ignore[method-assign, assignment]
    executions = Executions(ExecutionJournal(folder / "whole"), lambda: None)
    executions.install()
    store = sfn_stores["000000000000"]["us-east-1"]
    _start(store)
    _report("whole", store, told, calls)
    records = [record for _, record in frames(kept[0])]
    for number in range(1, len(records) + 1):
        store.executions.clear()
        calls.clear()
        told.clear()
        cut_off = folder / str(number)
        (cut_off / "running").mkdir(parents=True)
        content = b"".join(framed(record) for record in records[:number])
        (cut_off / "running" / "000000000001").write_bytes(content)
        executions._journal = ExecutionJournal(cut_off)
        executions._ready.clear()
        executions.restore()
        _report(str(number), store, told, calls)

        def is_settled(folder: Path = cut_off) -> bool:
            ended, running = ExecutionJournal(folder).load(datetime.now(tz=UTC))
            return [each.is_announced for each in ended] == [True] and running == []

        _await(is_settled)
    sys.stdout.flush()
    os._exit(0)


def _start(store: Any) -> None:
    from localstack.services.stepfunctions.backend.state_machine import StateMachineRevision
    from localstack.services.stepfunctions.provider import StepFunctionsProvider

    store.state_machines[MACHINE] = StateMachineRevision(
        name="m",
        arn=MACHINE,
        definition=json.dumps(DEFINITION),
        role_arn="role",
        logging_config={"level": "OFF"},
        cloud_watch_logging_configuration=None,
    )
    context = SimpleNamespace(account_id="000000000000", region="us-east-1")
    StepFunctionsProvider().start_execution(context, MACHINE, name="one", input='{"a": 1}')


def _play_services(calls: Counter[str]) -> list[str]:
    """Play the services that are called; give the list of what EventBridge is told."""
    from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
        StateTaskServiceAwsSdk,
    )
    from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_glue import (  # noqa: E501
        StateTaskServiceGlue,
    )
    from localstack.services.stepfunctions.backend.execution import Execution

    told: list[str] = []

    # The error's name is the exception's.
    missing = type("EntityNotFoundException", (ClientError,), {})

    class Glue:
        polls = 0

        def start_job_run(self, **_: Any) -> dict[str, Any]:
            calls["job"] += 1
            return {"JobRunId": "jr_1"}

        def get_job_run(self, **request: Any) -> dict[str, Any]:
            Glue.polls += 1
            state = "RUNNING" if Glue.polls % 3 else "SUCCEEDED"
            return {"JobRun": {"Id": request["RunId"], "JobRunState": state}}

    def call(_: Any, env: Any, normalised_parameters: dict[str, Any], **__: Any) -> None:
        name = normalised_parameters["Name"]
        calls[name] += 1
        if name == "missing":
            metadata = {"HTTPStatusCode": 400, "RequestId": "r"}
            answer: Any = {"Error": {"Code": "E", "Message": "m"}, "ResponseMetadata": metadata}
            raise missing(answer, "StartCrawler")
        env.stack.append({"Done": name})

    StateTaskServiceAwsSdk._eval_service_task = call
    StateTaskServiceGlue._get_glue_client = staticmethod(lambda **_: Glue())
    Execution.publish_execution_status_change_event = lambda self: told.append(
        str(self.exec_status)
    )
    return told


def _report(label: str, store: Any, told: list[str], calls: Counter[str]) -> None:
    _await(lambda: bool(told) and told[-1] != "RUNNING")
    (execution,) = store.executions.values()
    events = execution.to_history_output()["events"]
    document = {
        "label": label,
        "status": str(execution.exec_status),
        "output": execution.output,
        "calls": dict(calls),
        "history": [[event["id"], event["previousEventId"], event["type"]] for event in events],
    }
    sys.stdout.write(json.dumps(document) + "\n")


def _await(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("nothing within a minute")
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
