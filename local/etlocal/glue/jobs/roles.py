"""The role that a job's runs work as."""

from __future__ import annotations

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Acting

# What AWS names the session of a job's role.
_SESSION_NAME = "GlueJobRunnerSession"


def acting_as(account: str, region: str, job_name: str, role_arn: str) -> Acting:
    """Give a job's role as Glue assumes it for a run."""
    source = make_arn("glue", region, account, f"job/{job_name}")
    return Acting(role_arn, "glue", _SESSION_NAME, source)
