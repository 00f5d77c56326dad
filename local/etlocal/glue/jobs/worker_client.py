"""The one place that talks to a worker: `etlocal.worker.protocol` over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ValidationError

from etlocal.worker.protocol import Health, RunRequest, RunStatus

M = TypeVar("M", bound=BaseModel)

_ANSWER_SECONDS = 10.0
_BUSY, _UNKNOWN = 503, 404


class WorkerError(Exception):
    """The worker did not do what it was asked; the message says what it answered."""


class WorkerBusyError(WorkerError):
    """No slot is free."""


class RunUnknownError(WorkerError):
    """The worker knows no run of that id."""


class WorkerUnreachableError(WorkerError):
    """There was no answer.

    Attributes
    ----------
    sent : bool
        Whether the worker may have got the request.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class WorkerClient:
    """A worker, as the Glue service sees it; safe to use from many threads.

    Parameters
    ----------
    url : str
        Where it answers, ``http://host:port``.

    Raises
    ------
    ValueError
        If `url` is not such a URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the worker's URL is not http://host:port: {url!r}")
        self.url = url
        self._host, self._port = parts.hostname, parts.port or 80
        self._prefix = parts.path.rstrip("/")
        self._open: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, request: RunRequest) -> RunStatus:
        """Hand a run over; handing it over again changes nothing.

        Raises
        ------
        WorkerBusyError
            If no slot is free: the worker does not have the run.
        WorkerUnreachableError, WorkerError
        """
        body = request.model_dump(mode="json")
        return _parsed(RunStatus, self._ask("POST", "/runs", body))

    def status(self, run_id: str, *, wait: float, seen: str) -> RunStatus:
        """Say where a run stands, as soon as its state is not `seen` or after `wait` seconds.

        Raises
        ------
        RunUnknownError, WorkerUnreachableError, WorkerError
        """
        path = f"/runs/{quote(run_id, safe='')}?wait={wait:.3f}&state={quote(seen)}"
        return _parsed(RunStatus, self._ask("GET", path, seconds=wait + _ANSWER_SECONDS))

    def stop(self, run_id: str) -> RunStatus:
        """Ask that a run be stopped.

        Raises
        ------
        RunUnknownError, WorkerUnreachableError, WorkerError
        """
        return _parsed(RunStatus, self._ask("POST", f"/runs/{quote(run_id, safe='')}/stop"))

    def health(self) -> Health:
        """Say what the worker has ready.

        Raises
        ------
        WorkerUnreachableError, WorkerError
        """
        return _parsed(Health, self._ask("GET", "/health"))

    def close(self) -> None:
        """Break off what is being waited for, and answer no more."""
        with self._lock:
            self._closed = True
            sockets = [connection.sock for connection in self._open]
        for sock in sockets:
            _shut(sock)

    def _ask(
        self, method: str, path: str, body: Any = None, seconds: float = _ANSWER_SECONDS
    ) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        sent = False
        try:
            connection.connect()
            self._enter(connection)
            sent = True
            payload = json.dumps(body).encode() if body is not None else b""
            headers = {"Content-Type": "application/json", "Connection": "close"}
            connection.request(method, self._prefix + path, body=payload, headers=headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise WorkerUnreachableError(
                f"the worker at {self.url} did not answer ({type(error).__name__}: {error})",
                sent=sent,
            ) from error
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
        return _answer(response.status, text)

    def _enter(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._open.add(connection)
                return
        raise ConnectionAbortedError("the service is stopping")


def _answer(status: int, text: bytes) -> Any:
    try:
        answer = json.loads(text) if text else {}
    except ValueError as error:
        raise WorkerError(f"the worker's answer ({status}) is not JSON") from error
    if 200 <= status < 300:
        return answer
    sentence = answer.get("error") if isinstance(answer, dict) else None
    message = str(sentence or f"the worker answered {status}")
    if status == _BUSY:
        raise WorkerBusyError(message)
    if status == _UNKNOWN:
        raise RunUnknownError(message)
    raise WorkerError(message)


def _parsed(model: type[M], answer: Any) -> M:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise WorkerError(f"the worker's answer is not a {model.__name__}: {error}") from error


def _shut(sock: socket.socket | None) -> None:
    if sock is None:
        return
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It was closed in the meantime, which is what was wanted.
        return
