"""The run this process is: its job bookmark, between `Job.init` and `Job.commit`.

The bookmark's states come from and go to the Glue service by private HTTP; without it (a script
started by hand) bookmarks are off, as in an interactive session.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ENABLE = "job-bookmark-enable"
DISABLE = "job-bookmark-disable"
PAUSE = "job-bookmark-pause"


# What is asked is beside this process; a proxy has nothing to do with it.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BookmarkError(Exception):
    """The Glue service refused to give or to take the job bookmark."""


@dataclass
class Run:
    """A job run's bookmark: the states it started from and those it will commit."""

    job_name: str
    url: str | None = None
    option: str = DISABLE
    version: int = 0
    states: dict[str, Any] = field(default_factory=dict)
    until: dict[str, Any] | None = None
    pending: dict[str, Any] = field(default_factory=dict)

    def tracks(self, ctx: str) -> bool:
        """Say whether a source with this `transformation_ctx` reads by the bookmark."""
        return bool(ctx) and self.option in (ENABLE, PAUSE)

    def state(self, ctx: str) -> Any:
        """Return what the source has read before this run, None for nothing."""
        return self.states.get(ctx)

    def range_end(self, ctx: str) -> tuple[bool, Any]:
        """Say whether a paused run reads a fixed range, and where this source's ends."""
        if self.option != PAUSE or self.until is None:
            return False, None
        return True, self.until.get(ctx)

    def advance(self, ctx: str, state: Any) -> None:
        """Record what a source has read, for `commit`."""
        self.pending[ctx] = state

    def commit(self) -> None:
        """Save every source's state at once; a paused or disabled run moves nothing."""
        if self.option == ENABLE and self.url is not None:
            body = {"version": self.version, "states": {**self.states, **self.pending}}
            answer = _http("PUT", self.url, body)
            self.version = int(answer["version"])
            self.states.update(self.pending)
        self.pending = {}


_current: list[Run] = []


def current() -> Run | None:
    """Return the run of this process, None before `Job.init`."""
    return _current[0] if _current else None


def end() -> None:
    """Forget the run: the next read is outside any job."""
    _current.clear()


def begin(job_name: str, args: Mapping[str, Any]) -> Run:
    """Start the process's run and fetch the bookmark it reads from.

    Raises
    ------
    BookmarkError
        When the Glue service cannot be reached or refuses.
    """
    run = Run(job_name, bookmark_url(job_name, args))
    if run.url is not None:
        answer = _http("GET", run.url, None)
        run.option = str(answer["option"])
        run.version = int(answer["version"])
        run.states = dict(answer["states"] or {})
        run.until = answer.get("until")
    _current[:] = [run]
    return run


def bookmark_url(job_name: str, args: Mapping[str, Any]) -> str | None:
    """Return where this run's bookmark is kept, None when nothing keeps one."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    run_id = args.get("JOB_RUN_ID") or _argument("JOB_RUN_ID")
    if not endpoint or not run_id:
        return None
    if urllib.parse.urlsplit(endpoint).scheme not in ("http", "https"):
        raise BookmarkError(f"AWS_ENDPOINT_URL must be an http(s) URL, not {endpoint!r}")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    account = os.environ.get("ETLOCAL_ACCOUNT", "000000000000")
    query = urllib.parse.urlencode({"account": account, "region": region, "run_id": run_id})
    name = urllib.parse.quote(job_name, safe="")
    return f"{endpoint.rstrip('/')}/_etlocal/glue/bookmarks/{name}?{query}"


def _argument(name: str) -> str | None:
    for position, token in enumerate(sys.argv):
        if token == f"--{name}" and position + 1 < len(sys.argv):
            return sys.argv[position + 1]
        if token.startswith(f"--{name}="):
            return token.partition("=")[2]
    return None


def _http(method: str, url: str, body: Any) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        url, data=data, method=method, headers={"Content-Type": "application/json"}
    )
    try:
        with _DIRECT.open(request, timeout=60) as response:
            answer: dict[str, Any] = json.loads(response.read())
            return answer
    except urllib.error.HTTPError as error:
        raise BookmarkError(_refusal(method, error)) from error
    except urllib.error.URLError as error:
        raise BookmarkError(f"The job bookmark cannot be reached: {error.reason}") from error
    except OSError as error:
        unknown = "" if method == "GET" else "; whether it was saved is not known"
        raise BookmarkError(f"The job bookmark's service gave no answer{unknown}") from error


def _refusal(method: str, error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        answer = json.loads(text)
        return f"{answer['code']}: {answer['message']}"
    except (ValueError, KeyError, TypeError):
        verb = "read" if method == "GET" else "saved"
        return f"The job bookmark could not be {verb}: HTTP {error.code} {text[:500]}"
