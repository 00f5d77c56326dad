"""Faults that a test puts in the way of calls: rules, and the calls they are to hit.

A rule names a service and an operation as botocore's models do, and which of the matching calls it
hits. `FaultTable` counts the calls; who answers them asks it before it does so.
"""

from __future__ import annotations

import math
import threading
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Any, Literal

import botocore.loaders
import botocore.session
from botocore.exceptions import UnknownServiceError

from etlocal.aws.operations import service_model

Kind = Literal["fail", "delay", "cut_off"]
_KINDS = ("fail", "delay", "cut_off")

# What a job's process asks of Glue by a way that has no public name: the library's calls name it.
LIBRARY = "awsglue"
_LIBRARY_OPERATIONS = ("Job.init", "Job.commit")
_LIBRARY_PARAMETERS = ("JobName", "JobRunId")

# Errors that every service, or S3, answers without its model naming them; others are 400.
# Sources: "Common errors" of the services' API references, S3's "List of error codes".
_STATUS = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InvalidAccessKeyId": 403,
    "MethodNotAllowed": 405,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "OperationAborted": 409,
    "OptInRequired": 403,
    "PreconditionFailed": 412,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
}


class FaultError(ValueError):
    """A fault names what does not exist, or a number that cannot be; the message says which."""


@dataclass(frozen=True)
class FaultRule:
    """Which calls are hit, and what happens to them.

    Attributes
    ----------
    kind : str
        ``fail`` (not executed, answers `code`), ``delay`` (executed `seconds` later) or
        ``cut_off`` (executed, and the caller gets no answer).
    service : str
        botocore's name of the service (``redshift-data``), or ``awsglue``.
    operation : str
        AWS's name of the operation (``StartJobRun``); of ``awsglue`` ``Job.init`` or
        ``Job.commit``.
    nth : int
        The first matching call that is hit, counted from 1.
    times : int or None
        How many calls are hit from there on; None for all.
    where : dict
        Top-level parameters of the request, each with the value it must have.
    code, message : str or None
        The AWS error of ``fail``.
    seconds : float or None
        Of ``delay``: seconds of the emulated clock.

    Raises
    ------
    FaultError
        If one of them cannot be.
    """

    kind: Kind
    service: str
    operation: str
    nth: int = 1
    times: int | None = 1
    where: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    message: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise FaultError(f"a fault is one of {', '.join(_KINDS)}, not {self.kind!r}")
        known = _parameters(self.service, self.operation)
        for name in self.where:
            if name not in known:
                raise FaultError(
                    f"{self.service}.{self.operation} has no parameter {name!r} for `where`; "
                    f"it has {', '.join(sorted(known)) or 'none'}"
                )
        _check_count("nth", self.nth)
        if self.times is not None:
            _check_count("times", self.times)
        if self.kind == "fail" and not (isinstance(self.code, str) and self.code.strip()):
            raise FaultError("fail needs the code of an AWS error, e.g. ThrottlingException")
        if self.kind == "delay":
            _check_seconds(self.seconds)

    @classmethod
    def from_document(cls, document: object) -> FaultRule:
        """Make the rule that `to_document` gave.

        Raises
        ------
        FaultError
            If it is none.
        """
        if not isinstance(document, Mapping):
            raise FaultError("a fault is a JSON object")
        names = {each.name for each in fields(cls)}
        if unknown := sorted(set(document) - names):
            raise FaultError(f"a fault has no {', '.join(unknown)}; it has {', '.join(names)}")
        if missing := sorted({"kind", "service", "operation"} - set(document)):
            raise FaultError(f"the fault lacks {', '.join(missing)}")
        if not isinstance(document.get("where", {}), Mapping):
            raise FaultError("`where` maps parameters to the values they must have")
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        """Give the rule as JSON's types."""
        return asdict(self)

    @property
    def status(self) -> int:
        """The HTTP status that `code` is answered with."""
        code = self.code or ""
        stated, of_server = None, False
        if self.service != LIBRARY:
            shape = service_model(self.service).shape_for_error_code(code)  # type: ignore[arg-type]
            if shape is not None:
                stated = shape.metadata.get("error", {}).get("httpStatusCode")
                of_server = shape.name in _server_faults(self.service)
        return int(stated or _STATUS.get(code) or (500 if of_server else 400))

    def matches(self, service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Tell whether a call is one that this rule counts."""
        return (service, operation) == (self.service, self.operation) and all(
            parameters.get(name) == value for name, value in self.where.items()
        )

    def hits(self, call: int) -> bool:
        """Tell whether the `call`-th matching call is hit."""
        return call >= self.nth and (self.times is None or call < self.nth + self.times)


class PlacedFault:
    """A rule that is in force, and what it has seen.

    Attributes
    ----------
    id : str
    rule : FaultRule
    calls : int
        The matching calls so far.
    hits : list of int
        Which of them were hit, counted from 1.
    removed : threading.Event
        Set when the fault is no longer in force; a call that it delays goes on then.
    """

    def __init__(self, rule: FaultRule) -> None:
        self.id = uuid.uuid4().hex
        self.rule = rule
        self.calls = 0
        self.hits: list[int] = []
        self.removed = threading.Event()


class FaultTable:
    """The faults in force, in the order they were placed."""

    def __init__(self) -> None:
        self._placed: dict[str, PlacedFault] = {}
        self._lock = threading.Lock()

    def place(self, rule: FaultRule) -> PlacedFault:
        """Put a rule in force for the calls from now on."""
        placed = PlacedFault(rule)
        with self._lock:
            self._placed[placed.id] = placed
        return placed

    def get(self, fault_id: str) -> PlacedFault | None:
        """Give a fault that is in force; None when there is no such."""
        return self._placed.get(fault_id)

    def remove(self, fault_id: str) -> None:
        """Take a fault out of force; one that is not there is as it should be."""
        with self._lock:
            placed = self._placed.pop(fault_id, None)
        if placed is not None:
            placed.removed.set()

    def clear(self) -> None:
        """Take every fault out of force."""
        for fault_id in list(self._placed):
            self.remove(fault_id)

    def meet(
        self, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> list[PlacedFault]:
        """Count a call, and give the faults that hit it.

        Returns
        -------
        list of PlacedFault
            In the order they were placed, up to the first that makes the call fail: what comes
            after it counts the call and does nothing to it.
        """
        if not self._placed:
            return []
        found: list[PlacedFault] = []
        failing = False
        with self._lock:
            for placed in self._placed.values():
                if not placed.rule.matches(service, operation, parameters):
                    continue
                placed.calls += 1
                if not failing and placed.rule.hits(placed.calls):
                    placed.hits.append(placed.calls)
                    found.append(placed)
                    failing = placed.rule.kind == "fail"
        return found


def _parameters(service: str, operation: str) -> set[str]:
    """Give the top-level parameters of an operation, which must exist."""
    if service == LIBRARY:
        names, known = _LIBRARY_OPERATIONS, set(_LIBRARY_PARAMETERS)
        if operation not in names:
            raise FaultError(_unknown_operation(service, operation, names))
        return known
    try:
        model = service_model(str(service))
    except UnknownServiceError:
        raise FaultError(
            f"AWS has no service {service!r}; boto3 names them, e.g. "
            f"{', '.join(_similar(service))} (and {LIBRARY} for a job's own calls)"
        ) from None
    if operation not in model.operation_names:
        raise FaultError(_unknown_operation(service, operation, model.operation_names))
    shape = model.operation_model(operation).input_shape
    return set(shape.members) if shape is not None else set()


@cache
def _server_faults(service: str) -> frozenset[str]:
    """Name the errors that a model says are the server's fault; botocore's shapes do not tell."""
    shapes = botocore.loaders.Loader().load_service_model(service, "service-2")["shapes"]
    return frozenset(name for name, shape in shapes.items() if shape.get("fault"))


def _similar(service: object) -> list[str]:
    import difflib

    names = botocore.session.get_session().get_available_services()
    return difflib.get_close_matches(str(service), names, n=3, cutoff=0.5) or ["glue", "s3", "sns"]


def _unknown_operation(service: str, operation: object, names: Any) -> str:
    import difflib

    near = difflib.get_close_matches(str(operation), list(names), n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return f"{service} has no operation {operation!r}{hint}"


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise FaultError(f"{name} must be a whole number from 1, not {value!r}")


def _check_seconds(value: object) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:  # type: ignore[operator, arg-type]
        raise FaultError(f"seconds must be a number from 0, not {value!r}")
