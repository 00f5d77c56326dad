"""Errors of jobs and their runs, named as in the AWS Glue Web API reference."""

from __future__ import annotations

from etlocal.aws.errors import AwsError


class ConcurrentRunsExceededError(AwsError):
    """The job already has as many runs as its ``MaxConcurrentRuns`` allows."""

    code = "ConcurrentRunsExceededException"
