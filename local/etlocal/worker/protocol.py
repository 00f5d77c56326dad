"""What the Glue service and a worker say to each other over HTTP.

======  ==================================  =====================================================
verb    path                                answer
======  ==================================  =====================================================
POST    /runs                               202 `RunStatus`; 409 when the id is known with another
                                            request; 503 when no slot is free
GET     /runs/{id}?wait=S&state=SEEN        200 `RunStatus`, as soon as its state is not SEEN or
                                            after S seconds; 404 when the id is unknown
POST    /runs/{id}/stop                     202 `RunStatus`; a run that has ended stays as it is
GET     /health                             200 `Health`
======  ==================================  =====================================================

Errors are ``{"error": "<sentence>"}``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from etlocal.addresses import is_local_url


class RunState(StrEnum):
    """States of a run on a worker; a subset of Glue's JobRunState."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether nothing follows this state."""
        return self in (RunState.STOPPED, RunState.SUCCEEDED, RunState.FAILED)


class RoleCredentials(BaseModel):
    """A session of the job's role."""

    model_config = ConfigDict(frozen=True)

    access_key: str
    secret_key: str = Field(repr=False)
    token: str = Field(repr=False)


class RunRequest(BaseModel):
    """One run of a job's script."""

    model_config = ConfigDict(frozen=True)

    run_id: str = Field(description="Glue's run id, jr_…; also the log stream's name")
    job_name: str
    script_location: str = Field(description="s3:// URI of the script")
    arguments: dict[str, str] = Field(
        default_factory=dict, description="--key → value: the job's defaults under the run's own"
    )
    glue_version: str = "5.1"
    region: str
    account: str
    endpoint_url: str = Field(description="the AWS endpoint as the worker reaches it")
    role_arn: str | None = None
    credentials: RoleCredentials | None = Field(
        default=None, description="what the run calls AWS with; None for the account's own"
    )
    attempt: int = 0
    log_group_output: str = "/aws-glue/jobs/output"
    log_group_error: str = "/aws-glue/jobs/error"

    @field_validator("endpoint_url")
    @classmethod
    def _local(cls, url: str) -> str:
        """Refuse a URL that could be AWS's, whoever asks."""
        if not is_local_url(url):
            raise ValueError(f"{url!r} is not a local endpoint: local runs never reach real AWS")
        return url


class RunStatus(BaseModel):
    """Where a run stands."""

    run_id: str
    state: RunState
    error_message: str | None = Field(
        default=None, description="the exception in Glue's words, when FAILED"
    )
    started_at: datetime | None = Field(
        default=None, description="when the script was started; None while STARTING"
    )
    completed_at: datetime | None = None


class Health(BaseModel):
    """What a worker has ready."""

    ready: bool = Field(description="whether the warm JVM (or, if cold, the worker) can take a run")
    slots: int
    free: int
    detail: str = ""
