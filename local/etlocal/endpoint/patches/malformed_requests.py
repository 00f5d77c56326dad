"""A request of a JSON service that cannot be read is the client's error, as on AWS.

LocalStack answers HTTP 500 ``InternalError`` to a body that is no JSON, to a value of another type
than its member's and to an operation that the service lacks; and it takes a text where a list
belongs for the list of its characters, so that a call with a mistyped member changes something.

Source: Smithy, "AWS JSON 1.1 protocol" (errors ``SerializationException`` and
``UnknownOperationException``, HTTP 400); Amazon DynamoDB's and AWS Glue's "Common errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, OperationNotFoundError
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers.service import ServiceExceptionSerializer, ServiceRequestParser
from localstack.aws.protocol.parser import (
    BaseJSONRequestParser,
    ProtocolParserError,
    RequestParser,
    RequestParserError,
)
from localstack.http import Request
from werkzeug.exceptions import BadRequest

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Answer 400 to what a JSON service's parser refuses, lists that are none among it."""
    parse_and_enrich = ServiceRequestParser.parse_and_enrich
    respond = ServiceExceptionSerializer.create_exception_response

    def parse(self: Any, context: RequestContext) -> None:
        try:
            parse_and_enrich(self, context)
        except RequestParserError as error:
            if "json" not in str(context.protocol):
                raise
            raise _UnreadableError(*_told(error)) from None

    def create_exception_response(self: Any, exception: Exception, context: RequestContext) -> Any:
        if not isinstance(exception, _UnreadableError):
            return respond(self, exception, context)
        # The serializer wants an operation, and any of the service's writes the same error.
        service = context.service
        context.operation = service.operation_model(service.operation_names[0])
        try:
            return respond(self, exception, context)
        finally:
            context.operation = None

    def parse_list(
        self: Any,
        request: Request,
        shape: ListShape,
        node: object,
        uri_params: Mapping[str, Any] | None = None,
    ) -> list[Any]:
        if not isinstance(node, list):
            raise ProtocolParserError(f"{shape.name} is not a list")
        parsed: list[Any] = RequestParser._parse_list(self, request, shape, node, uri_params)
        return parsed

    ServiceRequestParser.parse_and_enrich = parse
    ServiceExceptionSerializer.create_exception_response = create_exception_response
    BaseJSONRequestParser._parse_list = parse_list


class _UnreadableError(CommonServiceException):  # type: ignore[misc]
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, status_code=400, sender_fault=True)


def _told(error: RequestParserError) -> tuple[str, str]:
    """Give the code and the message; not the error's own words, which quote what was sent."""
    cause = error.__cause__
    if isinstance(cause, OperationNotFoundError):
        return "UnknownOperationException", str(cause)
    if isinstance(cause, (BadRequest, RecursionError)):
        return "SerializationException", "The body of the request is not JSON that can be read."
    return "SerializationException", "A value is not of the type that its member has."
