"""Private HTTP routes of the endpoint, under ``/_etlocal/``."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.api import ServiceException
from localstack.http import Request, Response
from localstack.services.edge import ROUTER

import etlocal
from etlocal.aws.faults import FaultError, FaultRule, PlacedFault
from etlocal.endpoint.deliveries import Courier
from etlocal.endpoint.enforcement import Enforcement
from etlocal.endpoint.faults import Faults
from etlocal.endpoint.hosting import Host
from etlocal.endpoint.reset import end_executions, forget_sessions, reset_localstack

LOG = logging.getLogger(__name__)

_BOOKMARKS = "etlocal.glue.bookmarks.http"
_NOT_EMULATED = 501


def add_routes(
    host: Host,
    courier: Courier,
    faults: Faults,
    forget_saved: Callable[[], None],
    enforcement: Enforcement | None = None,
) -> None:
    """Add the routes to LocalStack's router.

    ``GET /_etlocal/health`` makes a real call to each service that a pipeline stands on,
    ``POST /_etlocal/reset`` clears everything, ``/_etlocal/glue/bookmarks/<job>`` is where a job's
    process reads and moves its bookmark, and by ``/_etlocal/faults`` and ``/_etlocal/clock`` a test
    puts faults in the way of calls and scales the time. ``GET /_etlocal/permissions`` tells which
    permissions were asked for since the last reset, where they are enforced.
    """
    routes = Routes(host, courier, faults, forget_saved, enforcement)
    ROUTER.add("/_etlocal/health", endpoint=routes.health, methods=["GET"])
    ROUTER.add("/_etlocal/reset", endpoint=routes.reset, methods=["POST"])
    ROUTER.add(
        "/_etlocal/glue/bookmarks/<path:job_name>",
        endpoint=routes.bookmarks,
        methods=["GET", "PUT"],
    )
    ROUTER.add("/_etlocal/faults", endpoint=routes.faults, methods=["POST", "DELETE"])
    ROUTER.add("/_etlocal/faults/<fault_id>", endpoint=routes.fault, methods=["GET", "DELETE"])
    ROUTER.add("/_etlocal/clock", endpoint=routes.clock, methods=["GET", "PUT"])
    ROUTER.add("/_etlocal/permissions", endpoint=routes.permissions, methods=["GET", "DELETE"])


class Routes:
    """What the routes do.

    Parameters
    ----------
    host : Host
        Our services.
    courier : Courier
        Delivers events.
    faults : Faults
        What is in the way of calls.
    forget_saved : callable
        Drops what was saved of LocalStack's state.
    enforcement : Enforcement or None
        What evaluates permissions, if they are enforced.
    """

    def __init__(
        self,
        host: Host,
        courier: Courier,
        faults: Faults,
        forget_saved: Callable[[], None],
        enforcement: Enforcement | None = None,
    ) -> None:
        self._host = host
        self._courier = courier
        self._faults = faults
        self._forget_saved = forget_saved
        self._enforcement = enforcement

    def health(self, _: Request) -> Response:
        """Answer 200 when every probed service answers, 503 otherwise, with each one's state."""
        services = {
            "s3": self._probe("s3", "list_buckets"),
            "stepfunctions": self._probe("stepfunctions", "list_state_machines", maxResults=1),
            "glue": self._probe("glue", "get_databases", MaxResults=1),
        }
        settings = self._host.settings
        healthy = self._host.is_started and "error" not in services.values()
        document = {
            "status": "ok" if healthy else "error",
            "version": etlocal.__version__,
            "services": services,
            "settings": {
                "account": settings.account,
                "enforce_iam": settings.enforce_iam,
                "redshift": self._host.wire.address,
                "region": settings.region,
                "state_dir": str(settings.state_dir.absolute()),
                "sync_poll_seconds": settings.sync_poll_seconds,
                "time_scale": self._host.runtime.clock.time_scale,
                "worker": settings.worker_endpoint,
            },
        }
        return Response.for_json(document, status=200 if healthy else 503)

    def reset(self, _: Request) -> Response:
        """Clear the state of all services; executions and job runs that go on are stopped.

        Faults are taken out of force, and the clock goes back to its scale.
        """
        # An event that arrived now would start an execution of what is about to go.
        self._courier.suspend()
        try:
            self._faults.table.clear()
            end_executions()
            self._host.reset()
            self._host.runtime.clock.reset()
            cleared = reset_localstack()
            self._courier.forget()
            self._forget_saved()
            forget_sessions()
            if self._enforcement is not None:
                self._enforcement.forget()
        finally:
            self._courier.go_on()
        self._host.clients.forget()
        return Response.for_json({"reset": sorted({*cleared, *self._host.services})})

    def bookmarks(self, request: Request, job_name: str) -> Response:
        """Hand a job's bookmark request to the Glue service."""
        if importlib.util.find_spec(_BOOKMARKS) is None:
            return Response.for_json(
                {"code": "NotImplemented", "message": "bookmarks are not emulated"},
                status=_NOT_EMULATED,
            )
        handle = importlib.import_module(_BOOKMARKS).handle
        put = request.method == "PUT"
        body = request.get_json(force=True, silent=True) if put else None
        try:
            self._faults.meet_library(
                request,
                "Job.commit" if put else "Job.init",
                job_name,
                request.args.get("run_id", ""),
            )
        except ServiceException as error:
            return _refused(error.code, error.message, error.status_code)
        status, document = handle(
            request.method, job_name, dict(request.args), body, self._host.runtime
        )
        self._faults.cut_off_library(request)
        return Response.for_json(document, status=status)

    def faults(self, request: Request) -> Response:
        """Put a fault in force (POST, its rule as JSON), or take all out of force (DELETE)."""
        if request.method == "DELETE":
            self._faults.table.clear()
            return Response.for_json({})
        try:
            rule = FaultRule.from_document(request.get_json(force=True, silent=True))
        except FaultError as error:
            return _refused("InvalidFault", str(error), 400)
        return Response.for_json(_seen(self._faults.table.place(rule)), status=201)

    def fault(self, request: Request, fault_id: str) -> Response:
        """Say what a fault has seen (GET), or take it out of force (DELETE)."""
        placed = self._faults.table.get(fault_id)
        if placed is None:
            return _refused("NoSuchFault", f"no fault {fault_id} is in force", 404)
        if request.method == "DELETE":
            self._faults.table.remove(fault_id)
        return Response.for_json(_seen(placed))

    def clock(self, request: Request) -> Response:
        """Say by which scale the time passes (GET), or set it until the next reset (PUT)."""
        clock = self._host.runtime.clock
        if request.method == "PUT":
            document = request.get_json(force=True, silent=True)
            try:
                clock.time_scale = document["time_scale"]
            except (KeyError, TypeError):
                return _refused("InvalidClock", 'the body is not {"time_scale": <number>}', 400)
            except ValueError as error:
                return _refused("InvalidClock", str(error), 400)
        return Response.for_json({"time_scale": clock.time_scale})

    def permissions(self, request: Request) -> Response:
        """Tell which permissions were asked for and what was decided (GET), or forget (DELETE)."""
        if self._enforcement is None:
            return _refused(
                "NotEnforced", "permissions are not enforced: set ETLOCAL_ENFORCE_IAM=true", 409
            )
        if request.method == "DELETE":
            self._enforcement.record.clear()
            return Response.for_json({})
        return Response.for_json(self._enforcement.record.document())

    def _probe(self, service: str, operation: str, **arguments: Any) -> str:
        settings = self._host.settings
        client = self._host.clients(service, account=settings.account, region=settings.region)
        try:
            getattr(client, operation)(**arguments)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == _NOT_EMULATED:
                return "not emulated"
            LOG.warning("%s does not answer: %s", service, error)
            return "error"
        except BotoCoreError as error:
            LOG.warning("%s does not answer: %s", service, error)
            return "error"
        return "running"


def _seen(placed: PlacedFault) -> dict[str, Any]:
    return {"id": placed.id, "calls": placed.calls, "hits": list(placed.hits)}


def _refused(code: str, message: str, status: int) -> Response:
    return Response.for_json({"code": code, "message": message}, status=status)
