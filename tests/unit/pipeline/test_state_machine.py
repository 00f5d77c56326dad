"""The state machine's definition is whole: no state is lost, and no failure is silent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

States = dict[str, dict[str, Any]]


def _followers(state: dict[str, Any]) -> Iterator[str]:
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        if "Next" in holder:
            yield holder["Next"]
    if "Default" in state:
        yield state["Default"]


def _reachable(states: States, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(_followers(states[name]))
    return seen


def test_it_is_jsonata_throughout(definition: dict[str, Any], states: States) -> None:
    assert definition["QueryLanguage"] == "JSONata"
    jsonpath_only = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector"}
    for name, state in states.items():
        assert not jsonpath_only & set(state), name
        assert state.get("QueryLanguage", "JSONata") == "JSONata", name


def test_every_state_that_is_named_exists_and_every_state_is_reached(
    definition: dict[str, Any], states: States
) -> None:
    assert _reachable(states, definition["StartAt"]) == set(states)


def test_every_task_uses_a_native_integration(states: States) -> None:
    resources = {state["Resource"] for state in states.values() if state["Type"] == "Task"}
    assert resources == {
        "arn:aws:states:::aws-sdk:glue:startCrawler",
        "arn:aws:states:::aws-sdk:glue:getCrawler",
        "arn:aws:states:::aws-sdk:glue:getJobRuns",
        "arn:aws:states:::aws-sdk:redshiftdata:describeStatement",
        "arn:aws:states:::aws-sdk:redshiftdata:executeStatement",
        "arn:aws:states:::aws-sdk:redshiftdata:getStatementResult",
        "arn:aws:states:::glue:startJobRun.sync",
        "arn:aws:states:::sns:publish",
    }


def test_every_task_catches_everything_and_tells_of_it(states: States) -> None:
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
    for name, state in tasks.items():
        last = state["Catch"][-1]
        assert last["ErrorEquals"] == ["States.ALL"], name
        if name == "NotifyFailure":
            assert last["Next"] == "Failed"
        else:
            assert last["Next"] == "NotifyFailure", name
            assert set(last["Assign"]["failure"]) == {"State", "Error", "Cause"}, name


def test_every_way_to_the_failure_message_says_what_failed(states: States) -> None:
    for name, state in states.items():
        for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
            if holder.get("Next") == "NotifyFailure":
                assert set(holder["Assign"]["failure"]) == {"State", "Error", "Cause"}, name


def test_a_failed_execution_ends_failed(states: States) -> None:
    assert states["NotifyFailure"]["Next"] == "Failed"
    assert states["Failed"]["Type"] == "Fail"
    ends = {n for n, s in states.items() if s.get("End") or s["Type"] in ("Succeed", "Fail")}
    assert ends == {"NotifySuccess", "Failed"}


def test_states_that_cannot_catch_compute_from_variables_that_exist_only(states: States) -> None:
    # A failed expression in a Pass, Choice or Wait ends the execution without a notification.
    assigned = {
        name
        for state in states.values()
        for holder in (state, *state.get("Catch", ()), *state.get("Choices", ()))
        for name in holder.get("Assign", ())
    }
    for name, state in states.items():
        if state["Type"] not in ("Pass", "Choice", "Wait", "Fail"):
            continue
        for expression in re.findall(r"\{%(.*?)%\}", str(state)):
            used = set(re.findall(r"\$(\w+)(?!\w*\()", expression)) - {"states"}
            assert used <= assigned, name
            assert "$states.result" not in expression, name
            assert "$states.input" not in expression, name
            assert not re.search(r"\$\w+\(", expression), name


def test_a_busy_crawler_is_waited_for_and_asked_again(states: States) -> None:
    busy = next(
        catch
        for catch in states["StartCrawler"]["Catch"]
        if catch["ErrorEquals"] == ["Glue.CrawlerRunningException"]
    )
    assert busy["Next"] == "WaitForCrawler"
    assert states["WaitForCrawler"]["Next"] == "GetCrawler"
    assert states["IsCrawled"]["Default"] == "WaitForCrawler"


def test_waits_begin_at_ten_seconds_and_grow_by_chance_up_to_five_minutes(
    states: States,
) -> None:
    assert states["Begin"]["Assign"]["pause"] == 10
    growing = {
        name: assigned["pause"]
        for name, state in states.items()
        for holder in (state, *state.get("Catch", ()))
        if "pause" in (assigned := holder.get("Assign", {})) and name != "Begin"
    }
    assert set(growing) == {"StartCrawler", "GetCrawler", "StartJobRun", "GetJobRuns"}
    [expression] = set(growing.values())
    assert expression == "{% $ceil($min([300, 10 * $power(1.5, $looks)]) * (1 + $random()) / 2) %}"
    for name in ("WaitForCrawler", "WaitForJobRun"):
        assert states[name]["Seconds"] == "{% $pause %}"
    for name in ("GetCrawler", "GetJobRuns"):
        assert states[name]["Assign"]["looks"] == "{% $looks + 1 %}"


def test_a_busy_job_is_waited_for_and_started_again(states: States) -> None:
    busy = next(
        catch
        for catch in states["StartJobRun"]["Catch"]
        if catch["ErrorEquals"] == ["Glue.ConcurrentRunsExceededException"]
    )
    assert "StartJobRun" in _reachable(states, busy["Next"])
    assert states["IsLoaded"]["Default"] == "StartJobRun"


def test_a_failed_run_is_begun_again_and_a_busy_job_is_not(states: States) -> None:
    # States.TaskFailed stands for every error of a task but a timeout, so the busy job comes first.
    retries = states["StartJobRun"]["Retry"]
    order = [errors for retry in retries for errors in retry["ErrorEquals"]]
    assert order.index("Glue.ConcurrentRunsExceededException") < order.index("States.TaskFailed")
    busy, failed = retries[-2:]
    assert busy == {"ErrorEquals": ["Glue.ConcurrentRunsExceededException"], "MaxAttempts": 0}
    assert failed["MaxAttempts"] == 3


def test_success_is_told_of_a_file_that_a_load_has_recorded(states: States) -> None:
    assert states["GetWhatWasLoaded"]["Next"] == "IsOwnFileLoaded"
    [missing] = states["IsOwnFileLoaded"]["Choices"]
    assert missing["Next"] == "NotifyFailure"
    assert states["IsOwnFileLoaded"]["Default"] == "NotifySuccess"


def test_every_loop_of_waiting_for_another_execution_has_an_end(states: States) -> None:
    for name in ("IsCrawled", "IsLoaded"):
        overdue = [rule for rule in states[name]["Choices"] if "Overdue" in rule["Condition"]]
        assert [rule["Next"] for rule in overdue] == ["NotifyFailure"], name


def test_passing_faults_are_retried_with_backoff(states: States) -> None:
    for name, state in states.items():
        for retry in state.get("Retry", ()):
            if retry["MaxAttempts"] == 0:
                continue
            assert retry["BackoffRate"] > 1, name
            assert retry["JitterStrategy"] == "FULL", name
            assert "States.ALL" not in retry["ErrorEquals"], name
    assert all(s.get("Retry") for s in states.values() if s["Type"] == "Task")


def test_messages_have_the_job_its_status_and_the_error(states: States) -> None:
    success = states["NotifySuccess"]["Arguments"]["Message"]
    failure = states["NotifyFailure"]["Arguments"]["Message"]
    assert success["JobName"] == failure["JobName"] == "${JobName}"
    assert success["Status"] == "Success"
    assert {"Files", "RowsLoaded", "RowsUnmatched", "RowsRejected", "DurationSeconds"} <= set(
        success
    )
    assert failure["Status"] == "Failed"
    assert {"State", "Error", "Cause"} <= set(failure)


def test_the_failure_is_not_given_a_name_that_is_step_functions_own(states: States) -> None:
    # A caught States.TaskFailed cannot be the name of a Fail state's error.
    assert states["Failed"]["Error"] == "PipelineFailed"


def test_subjects_fit_whatever_the_stack_is_called(states: States) -> None:
    # SNS refuses a subject of over 100 characters, and with it the notification.
    for name in ("NotifySuccess", "NotifyFailure"):
        subject = states[name]["Arguments"]["Subject"]
        assert "$" not in subject
        assert len(subject) <= 100
