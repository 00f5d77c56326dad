"""Operations on job definitions.

Source: AWS Glue Web API Reference, "CreateJob", "GetJob", "GetJobs", "ListJobs", "BatchGetJobs",
"UpdateJob", "DeleteJob".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.glue.bookmarks import api as bookmarks
from etlocal.glue.catalog import tags
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.jobs.capacity import (
    DEFAULT_CAPACITY,
    DEFAULT_GLUE_VERSION,
    DEFAULT_TIMEOUT_MINUTES,
    capacity_of,
    check_command,
    check_emulated,
    check_glue_version,
    check_limits,
)
from etlocal.glue.jobs.driver import RunDriver
from etlocal.glue.jobs.job_rows import drop_job, find_job, list_jobs, put_job
from etlocal.glue.jobs.transitions import promote_waiting
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchGetJobsRequestTypeDef,
        CreateJobRequestTypeDef,
        DeleteJobRequestTypeDef,
        GetJobRequestTypeDef,
        GetJobsRequestTypeDef,
        ListJobsRequestTypeDef,
        UpdateJobRequestTypeDef,
    )

_MOST_NAMES = 25
_CAPACITY = ("MaxCapacity", "AllocatedCapacity", "WorkerType", "NumberOfWorkers")
_DEFAULT_CAPACITY = {"MaxCapacity": DEFAULT_CAPACITY, "AllocatedCapacity": int(DEFAULT_CAPACITY)}


@OPERATIONS.operation("CreateJob")
def create_job(request: CreateJobRequestTypeDef, call: Call) -> dict[str, Any]:
    """Create a job definition.

    Raises
    ------
    InvalidInputError
        If the definition breaks one of Glue's rules, or needs what is not emulated.
    AlreadyExistsError
        If a job has the name.
    """
    name = request["Name"]
    given = {key: value for key, value in request.items() if key not in ("Name", "Tags")}
    definition = _definition(given, DEFAULT_GLUE_VERSION)
    with call.store.transaction() as tx:
        if find_job(tx, call.account, call.region, name) is not None:
            raise AlreadyExistsError(f"Job with name: {name} already exists.")
        put_job(tx, call, name, definition, call.clock.now())
        if request.get("Tags"):
            tags.put_tags(call, job_arn(call, name), request["Tags"])
    return {"Name": name}


@OPERATIONS.operation("GetJob")
def get_job(request: GetJobRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a job definition.

    Raises
    ------
    EntityNotFoundError
        If there is none of that name.
    """
    with call.store.transaction() as tx:
        job = find_job(tx, call.account, call.region, request["JobName"])
    if job is None:
        raise not_found(request["JobName"])
    return {"Job": job}


@OPERATIONS.operation("GetJobs")
def get_jobs(request: GetJobsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the job definitions, a page at a time, by name."""
    with call.store.transaction() as tx:
        jobs = list_jobs(tx, call)
    return _page("Jobs", jobs, request)


@OPERATIONS.operation("ListJobs")
def list_job_names(request: ListJobsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the names of the jobs, of those only that have all the ``Tags`` asked for."""
    wanted = request.get("Tags", {}).items()
    with call.store.transaction() as tx:
        names = [
            job["Name"]
            for job in list_jobs(tx, call)
            if not wanted or wanted <= tags.find_tags(call, job_arn(call, job["Name"])).items()
        ]
    return _page("JobNames", names, request)


@OPERATIONS.operation("BatchGetJobs")
def batch_get_jobs(request: BatchGetJobsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the job definitions of some names, and say which there are not.

    Raises
    ------
    InvalidInputError
        If more than 25 are asked for.
    """
    names = request["JobNames"]
    if len(names) > _MOST_NAMES:
        raise InvalidInputError(f"JobNames has {len(names)} names; at most {_MOST_NAMES} may be")
    with call.store.transaction() as tx:
        found = {name: find_job(tx, call.account, call.region, name) for name in names}
    return {
        "Jobs": [job for job in found.values() if job is not None],
        "JobsNotFound": [name for name, job in found.items() if job is None],
    }


@OPERATIONS.operation("UpdateJob")
def update_job(request: UpdateJobRequestTypeDef, call: Call) -> dict[str, Any]:
    """Overwrite a job definition whole; what ``JobUpdate`` leaves out goes back to its default.

    Only ``GlueVersion`` is kept when it is left out. Runs that go on are not touched; those that
    wait for a slot may start.

    Raises
    ------
    EntityNotFoundError
        If there is no such job.
    InvalidInputError
        If the definition breaks one of Glue's rules, or needs what is not emulated.
    """
    name, now = request["JobName"], call.clock.now()
    with call.store.transaction() as tx:
        job = find_job(tx, call.account, call.region, name)
        if job is None:
            raise not_found(name)
        put_job(tx, call, name, _definition(request["JobUpdate"], job["GlueVersion"]), now)
        started = promote_waiting(tx, call.account, call.region, name, now)
    call.runtime.component(RunDriver).follow(started)
    return {"JobName": name}


@OPERATIONS.operation("DeleteJob")
def delete_job(request: DeleteJobRequestTypeDef, call: Call) -> dict[str, Any]:
    """Delete a job definition and its bookmark; a name that no job has is no error.

    Its runs go on, and can still be asked for.
    """
    name = request["JobName"]
    with call.store.transaction() as tx:
        drop_job(tx, call, name)
        bookmarks.forget(call, name)
        tags.drop_tags(call, job_arn(call, name))
    return {"JobName": name}


def not_found(name: str) -> EntityNotFoundError:
    """Make the error for a job that does not exist."""
    return EntityNotFoundError(f"Job with name: {name} not found.")


def job_arn(call: Call, name: str) -> str:
    """Give the ARN of the job called `name`."""
    return make_arn("glue", call.region, call.account, f"job/{name}")


def _definition(given: Mapping[str, Any], default_version: str) -> dict[str, Any]:
    """Check what a request gives and fill in Glue's defaults."""
    for needed in ("Role", "Command"):
        if not given.get(needed):
            raise InvalidInputError(f"{needed} of the job is required")
    check_command(given["Command"])
    version = given.get("GlueVersion", default_version)
    check_glue_version(version)
    check_emulated(given)
    check_limits(given)
    kept = {
        key: value for key, value in given.items() if key not in _CAPACITY and value is not None
    }
    return {
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": DEFAULT_TIMEOUT_MINUTES,
        **kept,
        "GlueVersion": version,
        **(capacity_of(given) or _DEFAULT_CAPACITY),
    }


def _page(member: str, items: list[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    found, following = page(
        items,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    return {member: found, **({"NextToken": following} if following else {})}
