"""A run in the shape of Glue's ``JobRun``.

Source: AWS Glue Web API Reference, "JobRun".
"""

from __future__ import annotations

from typing import Any

from etlocal.glue.jobs.run_rows import ENDED, Run
from etlocal.glue.jobs.times import shown_time

LOG_GROUP = "/aws-glue/jobs"
# What stands in its place in the names of a job's log groups, since Glue 5.0.
LOG_GROUP_ARGUMENT = "--custom-logGroup-prefix"


def as_job_run(run: Run) -> dict[str, Any]:
    """Give `run` in botocore's shape of ``JobRun``.

    ``ExecutionTime`` is 0 until the run has ended, and then whole seconds, as on AWS.
    ``DPUSeconds`` is there where AWS reports it: for the execution class FLEX and with Auto
    Scaling, as capacity times execution seconds.
    """
    shown: dict[str, Any] = {
        "Id": run.run_id,
        "Attempt": run.attempt,
        "PreviousRunId": run.previous_run_id,
        "JobName": run.job_name,
        "StartedOn": shown_time(run.started_on),
        "LastModifiedOn": shown_time(run.last_modified_on),
        "CompletedOn": shown_time(run.completed_on) if run.completed_on else None,
        "JobRunState": str(run.state),
        "ErrorMessage": run.error_message,
        "StateDetail": run.state_detail,
        "PredecessorRuns": [],
        "ExecutionTime": round(execution_seconds(run)),
        "LogGroupName": LOG_GROUP,
        **run.spec.shown,
    }
    if run.state in ENDED and _counts_dpu_seconds(run):
        shown["DPUSeconds"] = round(execution_seconds(run) * run.spec.shown["MaxCapacity"], 3)
    return {key: value for key, value in shown.items() if value is not None}


def execution_seconds(run: Run) -> float:
    """Give for how many seconds the run's script was executed; 0 before the run has ended."""
    if run.completed_on is None or run.execution_started_on is None:
        return 0.0
    return max(0.0, (run.completed_on - run.execution_started_on).total_seconds())


def _counts_dpu_seconds(run: Run) -> bool:
    scaling = run.spec.arguments.get("--enable-auto-scaling", "false").lower() == "true"
    return scaling or run.spec.shown.get("ExecutionClass") == "FLEX"
