"""Private HTTP routes of the endpoint, under ``/_etlocal/``."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.http import Request, Response
from localstack.services.edge import ROUTER

import etlocal
from etlocal.endpoint.hosting import Host
from etlocal.endpoint.reset import end_executions, reset_localstack

LOG = logging.getLogger(__name__)

_BOOKMARKS = "etlocal.glue.bookmarks.http"
_NOT_EMULATED = 501


def add_routes(host: Host, forget_saved: Callable[[], None]) -> None:
    """Add the routes to LocalStack's router.

    ``GET /_etlocal/health`` makes a real call to each service that a pipeline stands on,
    ``POST /_etlocal/reset`` clears everything, and ``/_etlocal/glue/bookmarks/<job>`` is where a
    job's process reads and moves its bookmark.
    """
    routes = Routes(host, forget_saved)
    ROUTER.add("/_etlocal/health", endpoint=routes.health, methods=["GET"])
    ROUTER.add("/_etlocal/reset", endpoint=routes.reset, methods=["POST"])
    ROUTER.add(
        "/_etlocal/glue/bookmarks/<path:job_name>",
        endpoint=routes.bookmarks,
        methods=["GET", "PUT"],
    )


class Routes:
    """What the routes do.

    Parameters
    ----------
    host : Host
        Our services.
    forget_saved : callable
        Drops what was saved of LocalStack's state.
    """

    def __init__(self, host: Host, forget_saved: Callable[[], None]) -> None:
        self._host = host
        self._forget_saved = forget_saved

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
                "region": settings.region,
                "state_dir": str(settings.state_dir.absolute()),
                "sync_poll_seconds": settings.sync_poll_seconds,
                "time_scale": settings.time_scale,
                "worker": settings.worker_endpoint,
            },
        }
        return Response.for_json(document, status=200 if healthy else 503)

    def reset(self, _: Request) -> Response:
        """Clear the state of all services; executions and job runs that go on are stopped."""
        end_executions()
        self._host.reset()
        cleared = reset_localstack()
        self._forget_saved()
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
        body = request.get_json(force=True, silent=True) if request.method == "PUT" else None
        status, document = handle(
            request.method, job_name, dict(request.args), body, self._host.runtime
        )
        return Response.for_json(document, status=status)

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
