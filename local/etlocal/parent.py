"""Ends a part when the process that started it is gone."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

PARENT_VARIABLE = "ETLOCAL_PARENT_PID"


def watch_parent(pid: int, ended: Callable[[], None]) -> threading.Thread:
    """Call `ended` once when process `pid` has ended.

    The kernel tells (a process descriptor on Linux, a kernel queue elsewhere), so nothing polls.
    The death signal that Linux offers (``PR_SET_PDEATHSIG``) will not do: it is sent when the
    *thread* that started the child ends, which a thread pool's does long before its process.

    Parameters
    ----------
    pid : int
        The process to watch.
    ended : callable
        What to do; called from a thread of its own, at once when `pid` is gone already.

    Returns
    -------
    threading.Thread
        The thread that waits.
    """
    thread = threading.Thread(
        target=_await_end, args=(pid, ended), name="etlocal-parent", daemon=True
    )
    thread.start()
    return thread


def _await_end(pid: int, ended: Callable[[], None]) -> None:
    if hasattr(os, "pidfd_open"):
        _await_descriptor(pid)
    else:
        _await_queue(pid)
    ended()


def _await_descriptor(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
    finally:
        os.close(descriptor)


def _await_queue(pid: int) -> None:
    queue = select.kqueue()  # type: ignore[attr-defined]
    try:
        event = select.kevent(  # type: ignore[attr-defined]
            pid,
            filter=select.KQ_FILTER_PROC,  # type: ignore[attr-defined]
            flags=select.KQ_EV_ADD,  # type: ignore[attr-defined]
            fflags=select.KQ_NOTE_EXIT,  # type: ignore[attr-defined]
        )
        queue.control([event], 1)
    except ProcessLookupError:
        return
    finally:
        queue.close()
