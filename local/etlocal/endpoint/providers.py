"""The adapter: our services as LocalStack's plug-ins.

LocalStack finds the four plug-ins below by the entry points in the overlay. Each answers every
operation of botocore's model: those that the service's table has, and HTTP 501 for the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.plugins import Service, aws_provider

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError, InternalServiceError
from etlocal.endpoint.hosting import get_host
from etlocal.endpoint.principal import principal_of

LOG = logging.getLogger(__name__)

# What each service calls a fault of its own, in its model's words.
_INTERNAL_CODES = {
    "glue": "InternalServiceException",
    "redshift": "InternalFailure",
    "redshift-data": "InternalServerException",
    "redshift-serverless": "InternalServerException",
}


@aws_provider(api="glue", name="default")  # type: ignore[untyped-decorator]
def glue() -> Service:
    """Plug in AWS Glue."""
    return _adapt("glue")


@aws_provider(api="redshift", name="etlocal")  # type: ignore[untyped-decorator]
def redshift() -> Service:
    """Plug in Amazon Redshift's provisioned clusters, in place of LocalStack's own."""
    return _adapt("redshift")


@aws_provider(api="redshift-data", name="default")  # type: ignore[untyped-decorator]
def redshift_data() -> Service:
    """Plug in Amazon Redshift's Data API."""
    return _adapt("redshift-data")


@aws_provider(api="redshift-serverless", name="default")  # type: ignore[untyped-decorator]
def redshift_serverless() -> Service:
    """Plug in Amazon Redshift Serverless."""
    return _adapt("redshift-serverless")


def _adapt(name: str) -> Service:
    model = load_service(name)
    table = {operation: partial(_answer, name, operation) for operation in model.operation_names}
    return Service(name=name, skeleton=Skeleton(model, table), lifecycle_hook=None)


def _answer(
    service: str, operation: str, context: RequestContext, request: Mapping[str, Any] | None
) -> dict[str, Any]:
    return _in_localstacks_errors(
        service, operation, partial(_handle, service, operation, context, request or {})
    )


def _handle(
    service: str, operation: str, context: RequestContext, request: Mapping[str, Any]
) -> dict[str, Any]:
    host = get_host()
    if not host.wait_until_started():
        raise _NotStartedError(f"{service} has not started yet")
    call = Call(
        account=context.account_id,
        region=context.region,
        principal=principal_of(context),
        request_id=context.request_id,
        runtime=host.runtime,
    )
    return host.operations(service).handle(operation, request, call)


def _in_localstacks_errors(
    service: str, operation: str, handle: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    try:
        return handle()
    except AwsError as error:
        raise _translated(service, error) from error
    except Exception as error:
        LOG.exception("%s.%s failed", service, operation)
        raise CommonServiceException(
            code=_INTERNAL_CODES[service],
            message="An internal error occurred; the endpoint's log has the details.",
            status_code=500,
        ) from error


def _translated(service: str, error: AwsError) -> CommonServiceException:
    code = error.code
    if isinstance(error, InternalServiceError):
        code = _INTERNAL_CODES[service]
    translated = CommonServiceException(
        code=code,
        message=error.message,
        status_code=error.status,
        sender_fault=400 <= error.status < 500,
    )
    for name, value in error.fields.items():
        setattr(translated, name, value)
    return translated


class _NotStartedError(AwsError):
    code = "ServiceUnavailable"
    status = 503
