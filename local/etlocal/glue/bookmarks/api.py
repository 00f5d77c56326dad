"""What Glue's other rooms ask of bookmarks."""

from __future__ import annotations

from etlocal.aws.call import Call
from etlocal.glue.bookmarks.rows import Job, drop


def forget(call: Call, job_name: str) -> None:
    """Delete a job's bookmark, as AWS does when the job is deleted."""
    with call.store.transaction() as tx:
        drop(tx, Job(call.account, call.region, job_name))
