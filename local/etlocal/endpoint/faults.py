"""Faults of `etlocal.aws.faults`, in the way of every call that the endpoint answers.

All calls go through LocalStack's chain of handlers: those that come over HTTP, and those of the
endpoint's own services (a task of Step Functions, a rule's target). A fault that makes a call fail
or wait stands before the service; one that cuts it off comes after everything else, so that what
the call did is done, and written down.
"""

from __future__ import annotations

import threading
from typing import Any

from botocore.exceptions import ConnectionClosedError
from localstack.aws import client, handlers
from localstack.aws.api import CommonServiceException
from localstack.http import Request, Response
from rolo.serving import twisted as serving
from twisted.internet import reactor  # type: ignore[import-not-found]
from twisted.internet.threads import blockingCallFromThread  # type: ignore[import-not-found]

from etlocal.aws.clock import Clock
from etlocal.aws.faults import LIBRARY, FaultRule, FaultTable, PlacedFault

_TRANSPORT = "etlocal.transport"
_CUT_OFF = "etlocal.cut_off"
# The names of one service for LocalStack, where it speaks two protocols.
_SERVICES = {"sqs-query": "sqs"}


class Faults:
    """The faults in force in this process.

    Parameters
    ----------
    clock : Clock
        By which delays pass.
    """

    def __init__(self, clock: Clock) -> None:
        self.table = FaultTable()
        self._clock = clock
        self._lost = threading.local()

    def install(self) -> None:
        """Stand in the way of every request; to be called before any is answered."""
        handlers.serve_custom_service_request_handlers.append(self._before)
        handlers.run_custom_finalizers.append(self._after)
        serving.HeaderPreservingWSGIResponse = _ResponseWithTransport
        self._lose_answers_in_memory()

    def meet_library(self, request: Request, operation: str, job: str, run_id: str) -> None:
        """Let the faults hit a job's own call; see `etlocal.aws.faults.LIBRARY`.

        Parameters
        ----------
        request : localstack.http.Request
            The call; `cut_off_library` is to be called when it has been carried out.
        operation : str
            ``Job.init`` or ``Job.commit``.
        job, run_id : str
            Whose bookmark it is about.

        Raises
        ------
        localstack.aws.api.CommonServiceException
            If the call is not to be carried out.
        """
        parameters = {"JobName": job, "JobRunId": run_id}
        hit = self.table.meet(LIBRARY, operation, parameters)
        request.environ[_CUT_OFF] = self._suffer(hit)

    def cut_off_library(self, request: Request) -> None:
        """End the connection of a job's call that a fault cuts off."""
        if request.environ.get(_CUT_OFF):
            self._lose(request)

    def _before(self, _: Any, context: Any, __: Response) -> None:
        if context.service is None or context.operation is None:
            return
        name = context.service.service_name
        hit = self.table.meet(
            _SERVICES.get(name, name), context.operation.name, context.service_request or {}
        )
        context.etlocal_cut_off = self._suffer(hit)

    def _after(self, _: Any, context: Any, __: Response) -> None:
        if context.get("etlocal_cut_off"):
            self._lose(context.request)

    def _suffer(self, hit: list[PlacedFault]) -> bool:
        """Wait and fail as the faults say; tell whether the answer is to be lost."""
        cut_off = False
        for fault in hit:
            rule = fault.rule
            if rule.kind == "delay":
                self._clock.wait(rule.seconds or 0.0, fault.removed)
            elif rule.kind == "cut_off":
                cut_off = True
            else:
                raise _error(rule, fault.hits[-1])
        return cut_off

    def _lose(self, request: Request) -> None:
        transport = request.environ.get(_TRANSPORT)
        if transport is None:
            self._lost.answer = True
            return
        # Closed in an orderly way, it would first send what is written to it after this.
        blockingCallFromThread(reactor, transport.abortConnection)

    def _lose_answers_in_memory(self) -> None:
        """Give a client that calls the chain directly what a closed connection gives."""
        call = client.GatewayShortCircuit.__call__

        def call_or_lose(shortcut: Any, request: Any, **kwargs: Any) -> Any:
            answer = call(shortcut, request, **kwargs)
            if getattr(self._lost, "answer", False):
                self._lost.answer = False
                raise ConnectionClosedError(endpoint_url=request.url)
            return answer

        client.GatewayShortCircuit.__call__ = call_or_lose


class _ResponseWithTransport(serving.HeaderPreservingWSGIResponse):  # type: ignore[misc]
    """A response whose request knows its connection."""

    def __init__(self, reactor: Any, threadpool: Any, application: Any, request: Any) -> None:
        super().__init__(reactor, threadpool, application, request)
        self.environ[_TRANSPORT] = request.transport


def _error(rule: FaultRule, call: int) -> CommonServiceException:
    code = rule.code or ""
    # Where a model does not name the error, some protocols take the class's name for its code.
    kind = type(code, (CommonServiceException,), {})
    error: CommonServiceException = kind(
        code=code,
        message=rule.message or f"call {call} of {rule.operation} was made to fail by a fault",
        status_code=rule.status,
        sender_fault=rule.status < 500,
    )
    return error
