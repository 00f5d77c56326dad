"""boto3 clients whose requests the stub answers, before any would be sent.

``before-call`` comes when botocore has validated a request, built it and found its endpoint; a
handler that returns a response takes the place of sending. The parameters are taken at
``before-parameter-build``, after botocore has put its idempotency tokens in. Source: botocore's
``client.py``; Boto3 Guide, "Extensibility guide".
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.model import OperationModel
from botocore.response import StreamingBody
from botocore.validate import ParamValidator

from etlocal.aws.validation import violations
from tests.unit.deploy.aws_stub.recorder import RecordedCall, Recorder, copied
from tests.unit.deploy.aws_stub.service import AwsError, Service

# One for all stubs: a service's model is read once.
_LOADER = botocore.loaders.create_loader()
_PARAMETERS = "etlocal stub: parameters"
_CREDENTIALS = {"aws_access_key_id": "stub", "aws_secret_access_key": "stub"}


class Wire:
    """Makes the clients and answers their calls.

    Parameters
    ----------
    services : mapping
        The services by botocore's names.
    recorder : Recorder
    region : str
    """

    def __init__(self, services: Mapping[str, Service], recorder: Recorder, region: str) -> None:
        self._services = services
        self._recorder = recorder
        self._lock = threading.RLock()
        core = botocore.session.Session(
            # Nothing of the user's: no profile, no files.
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        core.register_component("data_loader", _LOADER)
        self._session = boto3.Session(
            botocore_session=core,
            region_name=region,
            **_CREDENTIALS,
        )
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Give a client of a service that the stub has.

        Raises
        ------
        AssertionError
            If it has none of that name.
        """
        assert service in self._services, f"the stub of AWS does not know the service {service}"
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        make: Callable[..., Any] = self._session.client
        client = make(service, config=Config(proxies={}, retries={"max_attempts": 0}))
        events = client.meta.events
        events.register_last("before-parameter-build", self._keep_parameters)
        events.register_first("before-call", self._answer)
        events.register_first("before-send", self._refuse_to_send)
        return client

    def _keep_parameters(self, params: Any, context: dict[str, Any], **_more: Any) -> None:
        context[_PARAMETERS] = copied(params)

    def _refuse_to_send(self, request: Any, **_more: Any) -> None:
        raise AssertionError(f"a request was about to be sent: {request.method} {request.url}")

    def _answer(self, model: OperationModel, context: dict[str, Any], **_more: Any) -> Any:
        service = self._services[model.service_model.service_name]
        with self._lock:
            operation = service.operation(model.name)
            call = self._recorder.begin(service.name, model.name, context[_PARAMETERS])
            refusal = self._recorder.refusal(call)
            if refusal is not None:
                call.error = refusal.code
                self._recorder.end(call)
                return _refusal(AwsError(refusal.code, refusal.message, refusal.status), call)
            try:
                _refuse_invalid(service, model, call.parameters)
                answer = operation(copied(call.parameters))
            except AwsError as error:
                _check_code(service, model, error)
                call.error = error.code
                self._recorder.end(call)
                return _refusal(error, call)
            _check_answer(service, model, answer)
            call.response = copied(answer)
            self._recorder.end(call)
        return _response(model, answer, call)


def _refuse_invalid(service: Service, model: OperationModel, parameters: dict[str, Any]) -> None:
    """Refuse what the service itself checks and botocore does not: patterns, enums, maxima."""
    if service.invalid is None or model.input_shape is None:
        return
    found = violations(model.input_shape, parameters)
    if found:
        errors = "errors" if len(found) > 1 else "error"
        raise AwsError(
            service.invalid, f"{len(found)} validation {errors} detected: {'; '.join(found)}"
        )


def _check_code(service: Service, model: OperationModel, error: AwsError) -> None:
    known = {_error_code(shape) for shape in model.error_shapes} | service.documented
    assert error.code in known, f"{model.name} has no error {error.code}: {sorted(known)}"


def _error_code(shape: Any) -> str:
    return str(shape.error_code)


def _check_answer(service: Service, model: OperationModel, answer: dict[str, Any]) -> None:
    shape = model.output_shape
    if shape is None:
        assert answer == {}, f"{model.name} answers nothing: {answer}"
        return
    streaming = shape.serialization.get("payload") if model.has_streaming_output else None
    checked = {
        name: value for name, value in answer.items() if name != streaming and value is not None
    }
    report = ParamValidator().validate(checked, shape)
    assert not report.has_errors(), f"{model.name}: {report.generate_report()}"
    broken = [
        each
        for each in violations(shape, checked)
        if not (
            "enum value" in each and any(f"Value '{known}'" in each for known in service.beyond)
        )
    ]
    wrong = [*broken, *_unknown(shape, checked)]
    assert not wrong, f"{model.name} may not answer so: {wrong}"


def _unknown(shape: Any, answer: Any, path: str = "") -> list[str]:
    """Name members that the model does not have: the validator of requests lets some through."""
    if shape.type_name == "structure":
        strange = [f"{path}.{name} is no member" for name in answer if name not in shape.members]
        return strange + [
            wrong
            for name, value in answer.items()
            if name in shape.members
            for wrong in _unknown(shape.members[name], value, f"{path}.{name}")
        ]
    if shape.type_name == "list":
        return [wrong for item in answer for wrong in _unknown(shape.member, item, f"{path}[]")]
    return []


def _metadata(status: int, call: RecordedCall) -> dict[str, Any]:
    return {
        "RequestId": f"request-{call.number}",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }


def _refusal(error: AwsError, call: RecordedCall) -> tuple[Any, dict[str, Any]]:
    parsed = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": _metadata(error.status, call),
    }
    return SimpleNamespace(status_code=error.status, headers={}, raw=None), parsed


def _response(model: OperationModel, answer: dict[str, Any], call: RecordedCall) -> Any:
    parsed = copied(answer)
    shape = model.output_shape
    if shape is not None and model.has_streaming_output:
        body = parsed[shape.serialization["payload"]]
        parsed[shape.serialization["payload"]] = StreamingBody(io.BytesIO(body), len(body))
    parsed["ResponseMetadata"] = _metadata(200, call)
    return SimpleNamespace(status_code=200, headers={}, raw=None), parsed
