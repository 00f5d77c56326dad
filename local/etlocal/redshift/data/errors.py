"""The Data API's errors."""

from __future__ import annotations

from etlocal.aws.errors import AwsError, ValidationError


class InvalidRequestError(ValidationError):
    """The request cannot be carried out as it is."""


class ResourceNotFoundError(AwsError):
    """There is no such statement."""

    code = "ResourceNotFoundException"

    def __init__(self, message: str, resource: str) -> None:
        super().__init__(message, ResourceId=resource)


class ActiveStatementsExceededError(AwsError):
    """Too many statements have not ended."""

    code = "ActiveStatementsExceededException"


class ActiveSessionsExceededError(AwsError):
    """Too many sessions are open."""

    code = "ActiveSessionsExceededException"


class DatabaseConnectionError(AwsError):
    """The database could not be reached."""

    code = "DatabaseConnectionException"
    status = 500
