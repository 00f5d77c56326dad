"""Errors in AWS's shape.

A service's error is a tiny class that carries AWS's code; the adapter that answers the request
turns it into the protocol's error response.
"""

from __future__ import annotations


class AwsError(Exception):
    """An error answered to the client as AWS answers it.

    Attributes
    ----------
    code : str
        AWS's error code, e.g. ``EntityNotFoundException``.
    status : int
        The HTTP status.
    fields : dict
        Further members of the error's shape in the service model.
    """

    code = "InternalFailure"
    status = 400

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class ValidationError(AwsError):
    """The request breaks a constraint of the service's model."""

    code = "ValidationException"


class AccessDeniedError(AwsError):
    """A role has not got a permission; the message names it."""

    code = "AccessDeniedException"


class NotImplementedByEmulatorError(AwsError):
    """The operation exists on AWS and is not emulated (HTTP 501, as AWS's own emulator answers)."""

    code = "NotImplemented"
    status = 501

    @classmethod
    def operation(cls, service: str, operation: str) -> NotImplementedByEmulatorError:
        """Make the error that names an operation.

        Parameters
        ----------
        service : str
            The service, as botocore names it (``glue``).
        operation : str
            The operation (``StartTrigger``).
        """
        return cls(f"{service}.{operation} is not emulated by etlocal; see docs/fidelity.md")


class InternalServiceError(AwsError):
    """A fault of the emulator itself; its log has the traceback."""

    code = "InternalServiceException"
    status = 500
