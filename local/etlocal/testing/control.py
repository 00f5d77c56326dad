"""The endpoint's private routes, as the harness asks them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class ControlError(Exception):
    """The endpoint refused what a test asked of it; the message is its answer."""


class Control:
    """Asks the private routes of one endpoint.

    Parameters
    ----------
    endpoint_url : str
        A loopback address.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._url = endpoint_url

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make a request and give the document that answers it.

        Raises
        ------
        ControlError
            If it is refused.
        """
        request = urllib.request.Request(  # noqa: S310 - loopback, checked
            f"{self._url}/_etlocal/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ControlError(_reason(error)) from None


def _reason(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error.code}: {text[:500]}"
