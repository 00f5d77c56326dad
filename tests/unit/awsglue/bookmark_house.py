"""A job with its bookmark: the service's store and the job library, without processes or HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from awsglue import _run

from etlocal.aws.call import Call, Runtime
from etlocal.aws.store import Store
from etlocal.glue import bookmarks, catalog, jobs
from etlocal.glue.bookmarks.http import handle
from etlocal.glue.jobs.run_rows import RunSpec, State, insert_run, set_ended
from etlocal.glue.operations import OPERATIONS
from etlocal.settings import Settings

ACCOUNT, REGION = "000000000000", "us-east-1"
OPTION = "--job-bookmark-option"


class BookmarkHouse:
    """One job and its runs; `_run` speaks to the service by calls instead of HTTP."""

    def __init__(self, folder: Path, clients: Any) -> None:
        settings = Settings(state_dir=folder / "state", cache_dir=folder / "cache")
        self.runtime = Runtime(settings, Store(settings.state_dir / "state.sqlite"), clients)
        self.call = Call(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "0", self.runtime)
        for room in (catalog, jobs, bookmarks):
            room.start(self.runtime)
        command = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
        self.glue("CreateJob", Name="etl", Role="glue", Command=command)
        self.rows: dict[str, int] = {}

    def glue(self, operation: str, **request: Any) -> dict[str, Any]:
        """Call an operation."""
        return OPERATIONS.handle(operation, request, self.call)

    def begin(self, run_id: str, arguments: Mapping[str, str]) -> _run.Run:
        """Start a run, as `Job.init` does."""
        spec = RunSpec(
            shown={}, arguments=dict(arguments), script_location="s3://assets/job.py",
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/glue", glue_version="5.1", timeout_minutes=480,
            max_retries=0, max_concurrent_runs=9,
        )  # fmt: skip
        with self.runtime.store.transaction() as tx:
            seq = insert_run(
                tx, account=ACCOUNT, region=REGION, job_name="etl", run_id=run_id, spec=spec,
                state=State.RUNNING, now=datetime.now(UTC),
            )  # fmt: skip
        self.rows[run_id] = seq
        answer = self._ask("GET", run_id, None)
        return _run.Run(
            "etl", run_id, str(answer["option"]), int(answer["version"]),
            dict(answer["states"] or {}), answer.get("until"),
        )  # fmt: skip

    def commit(self, run: _run.Run) -> bool:
        """Commit a run, as `Job.commit` does; False if the bookmark has moved meanwhile."""
        try:
            run.commit()
        except _run.BookmarkError as error:
            if "version mismatch" not in str(error):
                raise
            return False
        return True

    def end(self, run_id: str, state: State) -> None:
        """End a run."""
        with self.runtime.store.transaction() as tx:
            set_ended(
                tx, self.rows[run_id], state, error_message=None, execution_started_on=None,
                completed_on=datetime.now(UTC),
            )  # fmt: skip

    def bookmark(self) -> dict[str, Any] | None:
        """What GetJobBookmark answers; None before the first commit."""
        with self.runtime.store.transaction() as tx:
            row = tx.execute("SELECT version, states FROM bookmarks_current").fetchone()
        return None if row is None else {"version": row["version"], **json.loads(row["states"])}

    def http(self, method: str, url: str, body: Any) -> dict[str, Any]:
        """Stand in for `_run._http`; the URL is the run's id."""
        return self._ask(method, url, body)

    def _ask(self, method: str, run_id: str, body: Any) -> dict[str, Any]:
        query = {"account": ACCOUNT, "region": REGION, "run_id": run_id}
        text = None if body is None else json.dumps(body).encode()
        status, answer = handle(method, "etl", query, text, self.runtime)
        if status != 200:
            raise _run.BookmarkError(f"{answer['code']}: {answer['message']}")
        return answer
