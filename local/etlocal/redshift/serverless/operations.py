"""The table that Redshift Serverless's operations are entered in, and its errors."""

from __future__ import annotations

from etlocal.aws.errors import AwsError, ValidationError
from etlocal.aws.operations import Operations


class InvalidRequestError(ValidationError):
    """The request cannot be carried out as it is."""


class ConflictError(AwsError):
    """The resource is there already, or is used."""

    code = "ConflictException"


class ResourceNotFoundError(AwsError):
    """There is no such resource."""

    code = "ResourceNotFoundException"


OPERATIONS = Operations("redshift-serverless", invalid=InvalidRequestError)
