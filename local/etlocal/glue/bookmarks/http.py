"""The private HTTP by which a job's process reads and commits its bookmark.

``GET`` and ``PUT`` of ``/_etlocal/glue/bookmarks/{job_name}?account=…&region=…&run_id=…``; the
endpoint's route calls `handle`. On AWS the library speaks to a service of Glue's own that has no
public interface.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.glue.bookmarks import session
from etlocal.glue.bookmarks.rows import Job
from etlocal.glue.errors import InvalidInputError, VersionMismatchError
from etlocal.glue.jobs.roles import acting_as
from etlocal.glue.jobs.run_rows import find_run

_NEEDED = ("account", "region", "run_id")
_CONFLICT = 409


def handle(
    method: str,
    job_name: str,
    query: Mapping[str, str],
    body: bytes | str | Mapping[str, Any] | None,
    runtime: Runtime,
) -> tuple[int, dict[str, Any]]:
    """Answer a request about a job's bookmark.

    Parameters
    ----------
    method : str
        ``GET`` or ``PUT``.
    job_name : str
        The job, not URL-encoded any more.
    query : mapping
        ``account``, ``region`` and ``run_id``.
    body : bytes, str, mapping or None
        Of a ``PUT``: ``{"version": int, "states": {ctx: JSON}}``, as text or parsed.
    runtime : Runtime

    Returns
    -------
    tuple of (int, dict)
        The HTTP status, and what is answered as JSON: an error is ``{"code", "message"}``.
    """
    try:
        missing = [name for name in _NEEDED if not query.get(name)]
        if missing:
            raise InvalidInputError(f"the query lacks {', '.join(missing)}")
        job, run_id = Job(query["account"], query["region"], job_name), query["run_id"]
        if method == "GET":
            _authorize(job, run_id, runtime)
            return 200, _get(job, run_id, runtime)
        if method == "PUT":
            return 200, _put(job, run_id, body, runtime)
    except VersionMismatchError as error:
        return _CONFLICT, {"code": error.code, "message": error.message}
    except AwsError as error:
        return error.status, {"code": error.code, "message": error.message}
    return 405, {"code": "MethodNotAllowed", "message": f"{method} is not GET or PUT"}


def _authorize(job: Job, run_id: str, runtime: Runtime) -> None:
    """Make sure that the run's role may read the bookmark."""
    with runtime.store.transaction() as tx:
        run = find_run(tx, job.account, job.region, job.name, run_id)
    if run is None:
        return
    role = run.spec.role_arn
    acting = acting_as(job.account, job.region, job.name, role)
    call = Call(job.account, job.region, role, run_id, runtime, acting)
    call.authorize("glue", "GetJobBookmark", JobName=job.name)


def _get(job: Job, run_id: str, runtime: Runtime) -> dict[str, Any]:
    with runtime.store.transaction() as tx:
        start = session.begin(tx, job, run_id)
    return {
        "option": str(start.option),
        "version": start.version,
        "run": start.run,
        "attempt": start.attempt,
        "states": start.states,
        "until": start.until,
    }


def _put(
    job: Job, run_id: str, body: bytes | str | Mapping[str, Any] | None, runtime: Runtime
) -> dict[str, Any]:
    version, states = _commit_of(body)
    with runtime.store.transaction() as tx:
        return {"version": session.commit(tx, job, run_id, version, states)}


def _commit_of(body: bytes | str | Mapping[str, Any] | None) -> tuple[int, dict[str, Any]]:
    try:
        parsed = json.loads(body) if isinstance(body, (bytes, str)) else body
    except ValueError as error:
        raise InvalidInputError(f"the body is not JSON: {error}") from error
    if isinstance(parsed, Mapping):
        version, states = parsed.get("version"), parsed.get("states")
        if isinstance(version, int) and isinstance(states, Mapping):
            return version, dict(states)
    raise InvalidInputError('the body is not {"version": <int>, "states": {…}}')
