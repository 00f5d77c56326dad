"""How each service says that a request is denied.

Sources: each service's API Reference, "Common Errors"; Amazon S3 API Reference, "Error responses";
Amazon SNS API Reference, "Publish" (``AuthorizationError``, ``KMSAccessDenied``); Amazon SQS API
Reference, "SendMessage" (``KmsAccessDenied``); AWS Glue Developer Guide, "Exceptions"
(``AccessDeniedException``).
"""

from __future__ import annotations

import re
from typing import Any

from localstack.aws.api import CommonServiceException

_AUTHORIZATION_ERROR = "AuthorizationError"
_CODES = {"sns": _AUTHORIZATION_ERROR}
# Where a service uses a key in the caller's name.
_KEYS_CODES = {
    "sns": "KMSAccessDenied",
    "sqs": "KMS.AccessDeniedException",
    "sqs-query": "KMS.AccessDeniedException",
}
_QUERY_LIKE = frozenset({"query", "ec2", "rest-xml"})
_RESOURCE = re.compile(r"on resource: (\S+)")
_SQS = frozenset({"sqs", "sqs-query"})


def denied(context: Any, message: str, action: str = "") -> CommonServiceException:
    """Make the error of a request that is denied.

    Parameters
    ----------
    context : localstack.aws.api.RequestContext
        Of the request.
    message : str
    action : str
        What was denied: it can be another service's than the request's.
    """
    service = context.service.service_name
    if action.startswith("kms:") and service in _KEYS_CODES:
        return _error(_KEYS_CODES[service], message, 400)
    if service == "s3":
        # The one service that quotes the resource.
        message = _RESOURCE.sub(r'on resource: "\1"', message)
    if service in _SQS or _speaks_xml(context):
        return _error(_CODES.get(service, "AccessDenied"), message, 403)
    return _error("AccessDeniedException", message, 403 if _is_rest(context) else 400)


def unknown_token(context: Any) -> CommonServiceException:
    """Make the error of a request that is signed with credentials nobody has."""
    message = "The security token included in the request is invalid."
    if context.service.service_name == "s3":
        return _error("InvalidToken", message, 400)
    if _speaks_xml(context):
        return _error("InvalidClientTokenId", message, 403)
    return _error("UnrecognizedClientException", message, 403 if _is_rest(context) else 400)


def invalid(code: str, message: str) -> CommonServiceException:
    """Make the error of a request that names a role its service may not assume."""
    return _error(code, message, 400)


def not_emulated(message: str) -> CommonServiceException:
    """Make the error of a request for what is not emulated: to ignore it would allow too much."""
    return _error("NotImplemented", message, 501)


def _speaks_xml(context: Any) -> bool:
    return str(context.protocol or context.service.protocol) in _QUERY_LIKE


def _is_rest(context: Any) -> bool:
    return str(context.protocol or context.service.protocol).startswith("rest")


def _error(code: str, message: str, status: int) -> CommonServiceException:
    # Where a model does not name the error, some protocols take the class's name for its code.
    kind = type(code, (CommonServiceException,), {})
    error: CommonServiceException = kind(
        code=code, message=message, status_code=status, sender_fault=True
    )
    return error
