"""Glue's errors, named as in the AWS Glue Web API reference."""

from __future__ import annotations

from etlocal.aws.errors import AwsError


class EntityNotFoundError(AwsError):
    """A named thing does not exist."""

    code = "EntityNotFoundException"


class AlreadyExistsError(AwsError):
    """A thing of that name exists."""

    code = "AlreadyExistsException"


class InvalidInputError(AwsError):
    """The input is not valid."""

    code = "InvalidInputException"


class ConcurrentModificationError(AwsError):
    """Two processes try to change one thing at once."""

    code = "ConcurrentModificationException"


class VersionMismatchError(AwsError):
    """The version given is not the current one."""

    code = "VersionMismatchException"


class OperationNotSupportedError(AwsError):
    """The operation is not available for this thing."""

    code = "OperationNotSupportedException"


class IdempotentParameterMismatchError(AwsError):
    """The same unique id was given with other parameters."""

    code = "IdempotentParameterMismatchException"
