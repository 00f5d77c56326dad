"""Operations on job runs.

Source: AWS Glue Web API Reference, "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun";
AWS Glue Developer Guide, "AWS Glue job run statuses".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError
from etlocal.glue.jobs.capacity import capacity_of, check_emulated, check_limits
from etlocal.glue.jobs.definitions import not_found
from etlocal.glue.jobs.driver import RunDriver
from etlocal.glue.jobs.errors import ConcurrentRunsExceededError
from etlocal.glue.jobs.job_rows import find_job, max_concurrent_runs
from etlocal.glue.jobs.job_run import as_job_run
from etlocal.glue.jobs.run_rows import (
    ENDED,
    Run,
    RunSpec,
    State,
    count_going_on,
    find_run,
    insert_run,
    list_runs,
    set_state,
)
from etlocal.glue.jobs.transitions import end_run, new_run_id
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchStopJobRunRequestTypeDef,
        GetJobRunRequestTypeDef,
        GetJobRunsRequestTypeDef,
        StartJobRunRequestTypeDef,
    )

# What a run shows of its job, unless its own request says otherwise.
_FROM_JOB = (
    "JobMode",
    "JobRunQueuingEnabled",
    "Timeout",
    "NotificationProperty",
    "ExecutionClass",
)
_CAPACITY = ("MaxCapacity", "AllocatedCapacity", "WorkerType", "NumberOfWorkers")
_OF_REQUEST = (*_FROM_JOB, "Arguments")


@OPERATIONS.operation("StartJobRun")
def start_job_run(request: StartJobRunRequestTypeDef, call: Call) -> dict[str, Any]:
    """Start a run of a job; a thread follows it on the worker.

    With job run queuing enabled, a run over the job's ``MaxConcurrentRuns`` waits for a slot.
    With ``JobRunId``, the run is tried again: what the request leaves out is taken from it.

    Raises
    ------
    EntityNotFoundError
        If there is no such job, or no such run of it to try again.
    InvalidInputError
        If the request breaks one of Glue's rules.
    ConcurrentRunsExceededError
        If the job has as many runs as it may have.
    """
    name, now = request["JobName"], call.clock.now()
    check_emulated(request)
    check_limits(request)
    with call.store.transaction() as tx:
        job = find_job(tx, call.account, call.region, name)
        if job is None:
            raise EntityNotFoundError("Failed to start job run due to missing metadata.")
        previous = _previous(tx, request, call)
        asked = _asked(request, previous)
        spec = _spec(job, asked, call)
        state, detail = State.STARTING, None
        if count_going_on(tx, call.account, call.region, name) >= spec.max_concurrent_runs:
            if not spec.shown["JobRunQueuingEnabled"]:
                raise ConcurrentRunsExceededError(f"Concurrent runs exceeded for {name}")
            state, detail = State.WAITING, f"Concurrent runs exceeded for {name}"
        run_id = new_run_id()
        seq = insert_run(
            tx,
            account=call.account,
            region=call.region,
            job_name=name,
            run_id=run_id,
            spec=spec,
            state=state,
            now=now,
            previous=previous,
            state_detail=detail,
        )
    if state is State.STARTING:
        call.runtime.component(RunDriver).follow([seq])
    return {"JobRunId": run_id}


@OPERATIONS.operation("GetJobRun")
def get_job_run(request: GetJobRunRequestTypeDef, call: Call) -> dict[str, Any]:
    """Say where a run stands.

    ``PredecessorsIncluded`` changes nothing: predecessors are a workflow's, and there are none.

    Raises
    ------
    EntityNotFoundError
        If the job has no such run.
    """
    with call.store.transaction() as tx:
        run = find_run(tx, call.account, call.region, request["JobName"], request["RunId"])
    if run is None:
        raise _run_not_found(request["JobName"], request["RunId"])
    return {"JobRun": as_job_run(run)}


@OPERATIONS.operation("GetJobRuns")
def get_job_runs(request: GetJobRunsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the runs of a job, newest first, a page at a time.

    Raises
    ------
    EntityNotFoundError
        If there is no such job, and was none that ran.
    """
    name = request["JobName"]
    with call.store.transaction() as tx:
        runs = list_runs(tx, call.account, call.region, name)
        if not runs and find_job(tx, call.account, call.region, name) is None:
            raise not_found(name)
    found, following = page(
        runs,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    answer: dict[str, Any] = {"JobRuns": [as_job_run(run) for run in found]}
    return {**answer, "NextToken": following} if following else answer


@OPERATIONS.operation("BatchStopJobRun")
def batch_stop_job_run(request: BatchStopJobRunRequestTypeDef, call: Call) -> dict[str, Any]:
    """Ask that runs of a job be stopped; what cannot be stopped is an error of its own."""
    name = request["JobName"]
    submitted: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for run_id in request["JobRunIds"]:
        entry = {"JobName": name, "JobRunId": run_id}
        refused = _stop(name, run_id, call)
        if refused is None:
            submitted.append(entry)
        else:
            code, message = refused
            errors.append({**entry, "ErrorDetail": {"ErrorCode": code, "ErrorMessage": message}})
    return {"SuccessfulSubmissions": submitted, "Errors": errors}


def _stop(job_name: str, run_id: str, call: Call) -> tuple[str, str] | None:
    """Stop one run; the error's code and message when it cannot be stopped."""
    driver, now = call.runtime.component(RunDriver), call.clock.now()
    with call.store.transaction() as tx:
        run = find_run(tx, call.account, call.region, job_name, run_id)
        if run is None:
            error = _run_not_found(job_name, run_id)
            return error.code, error.message
        if run.state in ENDED:
            return "JobRunCannotBeStoppedException", "Job Run cannot be stopped in current state."
        waiting = run.state is State.WAITING
        if waiting:
            _, started = end_run(tx, run, State.STOPPED, completed_on=now)
        else:
            going_on = (State.STARTING, State.RUNNING)
            set_state(tx, run.seq, State.STOPPING, origin=going_on, now=now)
    if waiting:
        driver.follow(started)
        driver.announce(run.seq)
    else:
        driver.stop_run(run)
    return None


def _previous(tx: Any, request: Mapping[str, Any], call: Call) -> Run | None:
    run_id = request.get("JobRunId")
    if run_id is None:
        return None
    run = find_run(tx, call.account, call.region, request["JobName"], run_id)
    if run is None:
        raise _run_not_found(request["JobName"], run_id)
    if run.state not in ENDED:
        raise InvalidInputError(
            f"Job run {run_id} cannot be retried: it is {run.state} and has not ended"
        )
    return run


def _asked(request: Mapping[str, Any], previous: Run | None) -> dict[str, Any]:
    """Give what the request asks for, filled up from the run that it tries again."""
    given = {key: value for key, value in request.items() if value is not None}
    if previous is None:
        return given
    earlier = previous.spec.shown
    # Workers stand for a capacity: both together would be two ways of asking.
    dropped = (
        {"MaxCapacity", "AllocatedCapacity"} if "WorkerType" in earlier else {"AllocatedCapacity"}
    )
    if capacity_of(given):
        dropped = set(_CAPACITY)
    return {**{key: earlier[key] for key in earlier if key not in dropped}, **given}


def _spec(job: Mapping[str, Any], asked: Mapping[str, Any], call: Call) -> RunSpec:
    shown = {key: job[key] for key in _FROM_JOB if key in job}
    shown |= {key: asked[key] for key in _OF_REQUEST if key in asked}
    # A run keeps to its job's version, even one that tries again a run of an older definition.
    shown["GlueVersion"] = job["GlueVersion"]
    shown |= capacity_of(asked) or {key: job[key] for key in _CAPACITY if key in job}
    return RunSpec(
        shown=shown,
        arguments={
            **job.get("DefaultArguments", {}),
            **asked.get("Arguments", {}),
            **job.get("NonOverridableArguments", {}),
        },
        script_location=job["Command"]["ScriptLocation"],
        role_arn=_role_arn(job["Role"], call),
        glue_version=job["GlueVersion"],
        timeout_minutes=shown["Timeout"],
        max_retries=job["MaxRetries"],
        max_concurrent_runs=max_concurrent_runs(job),
    )


def _role_arn(role: str, call: Call) -> str:
    if role.startswith("arn:"):
        return role
    return make_arn("iam", "", call.account, f"role/{role}")


def _run_not_found(job_name: str, run_id: str) -> EntityNotFoundError:
    return EntityNotFoundError(f"Job Run with id: {run_id} not found for job: {job_name}.")
