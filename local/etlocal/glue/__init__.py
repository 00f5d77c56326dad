"""AWS Glue: the catalog, crawlers, jobs and bookmarks, one room each."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.aws.operations import Service
from etlocal.glue import bookmarks, catalog, crawler, jobs
from etlocal.glue.operations import OPERATIONS

_ROOMS = (catalog, crawler, jobs, bookmarks)


def _start(runtime: Runtime) -> None:
    for room in _ROOMS:
        room.start(runtime)


def _stop(runtime: Runtime) -> None:
    for room in reversed(_ROOMS):
        room.stop(runtime)


def _reset(runtime: Runtime) -> None:
    for room in reversed(_ROOMS):
        room.reset(runtime)


SERVICES = [Service("glue", OPERATIONS, start=_start, stop=_stop, reset=_reset)]
