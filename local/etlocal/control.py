"""The endpoint's private routes, as the terminal and the harness ask them."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

# A proxy of the environment must not be asked for what is on this machine or beside it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlError(Exception):
    """The endpoint refused what it was asked, or does not answer; the message says which.

    Attributes
    ----------
    status : int or None
        The answer's HTTP status; None when there was no answer.
    document : object
        The answer's JSON; None when it is no JSON.
    """

    def __init__(self, message: str, *, status: int | None = None, document: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.document = document


class Control:
    """Asks the private routes of one endpoint.

    Parameters
    ----------
    endpoint_url : str
        A local address; see `etlocal.clients.require_local`.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._url = endpoint_url

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make a request and give the document that answers it.

        Raises
        ------
        ControlError
            If it is refused, is not answered, or the answer is no JSON.
        """
        request = urllib.request.Request(  # noqa: S310 - local, checked
            f"{self._url}/_etlocal/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with DIRECT.open(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            # What speaks another protocol than HTTP is no answer either.
            reason = error.reason if isinstance(error, urllib.error.URLError) else repr(error)
            raise ControlError(f"{self._url} does not answer: {reason}") from None
        try:
            return json.loads(text)
        except ValueError:
            raise ControlError(
                f"{request.full_url} answers with what is no JSON", status=status
            ) from None


@contextmanager
def scaled(control: Control, time_scale: float) -> Iterator[None]:
    """Let the waits of a running stack pass by a scale, and give the former one back.

    Parameters
    ----------
    control : Control
    time_scale : float
        Real seconds for one emulated second.

    Raises
    ------
    ControlError
        If the endpoint refuses the scale or does not answer.
    """
    former = control.call("GET", "clock")
    control.call("PUT", "clock", {"time_scale": time_scale})
    try:
        yield
    except BaseException:
        # What went wrong is the news, also where it was the endpoint's end.
        with suppress(ControlError):
            control.call("PUT", "clock", former)
        raise
    control.call("PUT", "clock", former)


def _refusal(error: urllib.error.HTTPError) -> ControlError:
    text = error.read().decode(errors="replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    message = document.get("message") if isinstance(document, dict) else None
    return ControlError(
        str(message or f"HTTP {error.code}: {text[:500]}"), status=error.code, document=document
    )
