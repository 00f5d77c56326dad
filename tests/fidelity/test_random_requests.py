"""Requests as bytes on the wire, sound and broken: AWS's errors, never HTTP 500 or a traceback."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import etlocal.glue  # noqa: F401  (enters the operations)
from etlocal.glue.operations import OPERATIONS
from tests.hypothesis_profiles import examples
from tests.requests_from_models import invalid_requests, odd_requests, requests

from .conftest import Endpoint

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
JSON = "application/x-amz-json-1.1"
# Names that no other test has; nothing is made under them.
NAMES = {"DatabaseName": ["wire"], "TableName": ["wire"], "Name": ["wire"], "JobName": ["wire"]}


def send(
    endpoint: Endpoint, target: str, body: bytes, content_type: str = JSON
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    """Send a body as it is; give status, document and headers."""
    credential = "Credential=test/20260101/us-east-1/glue/aws4_request"
    headers = {
        "Content-Type": content_type,
        "X-Amz-Target": target,
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
    }
    request = urllib.request.Request(endpoint.url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}"), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}"), dict(error.headers)


def encoded(request: Any) -> bytes:
    """Write a request as JSON: times as numbers, halves of surrogate pairs as escapes."""
    return json.dumps(request, default=_number).encode()


def _number(value: object) -> float:
    assert isinstance(value, datetime)
    return value.timestamp()


def log_of(endpoint: Endpoint) -> Path:
    """Give the file of an endpoint's log."""
    return endpoint.state.parent / "endpoint.log"


@pytest.fixture(autouse=True)
def _no_operation_fails(endpoint: Endpoint) -> Any:
    """Check that no operation failed with an exception, which the endpoint's log would tell."""
    before = log_of(endpoint).stat().st_size
    yield
    with log_of(endpoint).open(errors="replace") as log:
        log.seek(before)
        written = log.read()
    assert re.search(r"glue\.\w+ failed", written) is None, written[-4000:]


@examples(74, suppress_health_check=SHARED)
@given(st.data())
def test_any_request_is_answered_or_refused_in_awss_shape(
    endpoint: Endpoint, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS.implemented))
    # What would be made stays for other tests to see: a request that makes something is broken.
    makes = operation.startswith(("Create", "Start", "Tag", "Update", "Put"))
    kinds = [invalid_requests] if makes else [requests, odd_requests, invalid_requests]
    make = data.draw(st.sampled_from(kinds))
    request = data.draw(make("glue", operation, known=NAMES))
    status, answer, headers = send(endpoint, f"AWSGlue.{operation}", encoded(request))
    assert status in (200, 400, 501), (operation, request, answer)
    if status != 200:
        code = answer["__type"]
        assert code.endswith(("Exception", "NotImplemented")), answer
        assert headers.get("x-amzn-RequestId") or headers.get("x-amz-request-id")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"7",
        b'{"Name": ' + b"[" * 100_000,
        b'{"Name": {"a": 1}, "DatabaseName": ["x"]} trailing',
        b'{"QueryAsOfTime": "yesterday", "DatabaseName": "d", "Name": "t"}',
        b'{"QueryAsOfTime": 1e300, "DatabaseName": "d", "Name": "t"}',
        b'{"AuditContext": "x", "DatabaseName": "d", "Name": "t"}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_cannot_be_read_is_a_serialization_exception(
    endpoint: Endpoint, body: bytes
) -> None:
    status, answer, _ = send(endpoint, "AWSGlue.GetTable", body)
    assert (status, answer["__type"]) == (400, "SerializationException")
    assert "yesterday" not in json.dumps(answer)


def test_a_text_in_place_of_a_list_is_not_the_list_of_its_letters(
    endpoint: Endpoint, client: Any, name: str
) -> None:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(DatabaseName=name, TableInput={"Name": "a"})
    body = encoded({"DatabaseName": name, "TablesToDelete": "a"})
    status, answer, _ = send(endpoint, "AWSGlue.BatchDeleteTable", body)
    assert (status, answer["__type"]) == (400, "SerializationException")
    assert [table["Name"] for table in glue.get_tables(DatabaseName=name)["TableList"]] == ["a"]
    glue.delete_database(Name=name)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("AWSGlue.NoSuchOperation", "UnknownOperationException"),
        ("AWSGlue.", "UnknownOperationException"),
        ("AWSGlue.gettables", "UnknownOperationException"),
        ("AWSGlue.CreateTrigger", "NotImplemented"),
    ],
)
def test_an_operation_that_there_is_not_names_itself_unknown(
    endpoint: Endpoint, target: str, code: str
) -> None:
    status, answer, _ = send(endpoint, target, b"{}")
    assert (status, answer["__type"]) == (501 if code == "NotImplemented" else 400, code)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""]
)
def test_another_content_type_is_no_fault_of_the_endpoint(
    endpoint: Endpoint, content_type: str
) -> None:
    status, _, _ = send(endpoint, "AWSGlue.GetDatabases", b"{}", content_type)
    assert status < 500
