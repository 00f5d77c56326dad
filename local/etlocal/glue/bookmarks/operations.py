"""Operations on job bookmarks.

Source: AWS Glue Web API Reference, "GetJobBookmark" and "ResetJobBookmark"; AWS Glue Developer
Guide, "Tracking processed data using job bookmarks" (reset and rewind).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.glue.bookmarks import rows
from etlocal.glue.errors import EntityNotFoundError
from etlocal.glue.jobs.run_rows import find_run
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        GetJobBookmarkRequestTypeDef,
        ResetJobBookmarkRequestTypeDef,
    )


@OPERATIONS.operation("GetJobBookmark")
def get_job_bookmark(request: GetJobBookmarkRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a job's bookmark, or the one that the run ``RunId`` left.

    Raises
    ------
    EntityNotFoundError
        If nothing was committed.
    """
    job = rows.Job(call.account, call.region, request["JobName"])
    run_id = request.get("RunId")
    with call.store.transaction() as tx:
        found = rows.left_by(tx, job, run_id) if run_id else rows.current(tx, job)
    if found is None:
        raise _not_found(job)
    return {"JobBookmarkEntry": _entry(job, found)}


@OPERATIONS.operation("ResetJobBookmark")
def reset_job_bookmark(request: ResetJobBookmarkRequestTypeDef, call: Call) -> dict[str, Any]:
    """Clear a job's bookmark, or rewind it to where the run ``RunId`` left it.

    Rewound, the next run reads what came after that run. Targets are not cleaned. The version
    moves on, so that a run which began before cannot commit over it.

    Raises
    ------
    EntityNotFoundError
        If nothing was committed, or the job has no such run.
    """
    job = rows.Job(call.account, call.region, request["JobName"])
    run_id = request.get("RunId")
    with call.store.transaction() as tx:
        found = rows.current(tx, job)
        if found is None:
            raise _not_found(job)
        target: rows.Bookmark | None = None
        if run_id:
            run = find_run(tx, job.account, job.region, job.name, run_id)
            if run is None:
                raise EntityNotFoundError(
                    f"Job Run with id: {run_id} not found for job: {job.name}."
                )
            target = rows.as_of(tx, job, run.run_number, run.attempt)
        moved = rows.Bookmark(
            version=found.version + 1,
            run=target.run if target is not None else 0,
            attempt=target.attempt if target is not None else 0,
            run_id=target.run_id if target is not None else None,
            previous_run_id=target.previous_run_id if target is not None else None,
            states=target.states if target is not None else {},
        )
        rows.put_current(tx, job, moved)
    return {"JobBookmarkEntry": _entry(job, moved)}


def _not_found(job: rows.Job) -> EntityNotFoundError:
    return EntityNotFoundError(f"Continuation for job {job.name} not found")


def _entry(job: rows.Job, bookmark: rows.Bookmark) -> dict[str, Any]:
    entry = {
        "JobName": job.name,
        "Version": bookmark.version,
        "Run": bookmark.run,
        "Attempt": bookmark.attempt,
        "PreviousRunId": bookmark.previous_run_id,
        "RunId": bookmark.run_id,
        "JobBookmark": rows.states_text(bookmark.states),
    }
    return {key: value for key, value in entry.items() if value is not None}
