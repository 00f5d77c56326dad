"""The session's stack: started for it, or one that runs already."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from etlocal import target
from etlocal.control import scaled
from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import Stack
from etlocal.target import Target, TargetError

_CLEAR = (
    "Every test clears all that a stack holds. Give --etlocal-clear (or the ini setting "
    "etlocal_clear, or ETLOCAL_CLEAR=1) to have this one cleared, or name one that holds nothing."
)
_NOT_ENFORCED = (
    "the stack at {url} does not enforce permissions, as --etlocal-enforce-iam (or the ini setting "
    "etlocal_enforce_iam) wants: start it with ETLOCAL_ENFORCE_IAM=true"
)


@contextmanager
def started(
    folder: Path, *, time_scale: float, enforce_iam: bool, progress: Callable[[str], None]
) -> Iterator[Target]:
    """Start a stack on free ports with a state folder of its own, and end it afterwards.

    Parameters
    ----------
    folder : Path
        The state folder.
    time_scale : float
    enforce_iam : bool
        Whether permissions are enforced.
    progress : callable
        Is told what is being done.

    Raises
    ------
    etlocal.stack.StackError
        If it does not come up.
    """
    stack = Stack(
        Settings(
            state_dir=folder,
            port=free_port(),
            worker_port=free_port(),
            redshift_port=0,
            time_scale=time_scale,
            enforce_iam=enforce_iam,
        )
    )
    record = stack.start(progress, tied=True)
    try:
        yield Target.of(record)
    finally:
        stack.stop()


@contextmanager
def found(
    endpoint_url: str, *, time_scale: float, enforce_iam: bool, clear: bool
) -> Iterator[Target]:
    """Use the stack that answers at a URL, by the session's time scale; it goes on afterwards.

    Parameters
    ----------
    endpoint_url : str
    time_scale : float
        The stack has its former one back afterwards.
    enforce_iam : bool
        Whether it must enforce permissions: tests that pass where nothing is denied prove nothing
        of what their roles may do.
    clear : bool
        Whether what it holds may be deleted.

    Raises
    ------
    etlocal.clients.NotLocalError
        If the URL could be AWS's.
    etlocal.stack.StackError
        If nothing answers, what answers is no endpoint of this version, it does not enforce
        permissions and must, or it holds something that may not be deleted.
    etlocal.control.ControlError
        If it stops to answer.
    """
    found_there, said = target.described(endpoint_url)
    stack = dataclasses.replace(found_there, time_scale=time_scale)
    if enforce_iam and not said["settings"].get("enforce_iam"):
        raise TargetError(_NOT_ENFORCED.format(url=endpoint_url))
    if clear:
        # A session that was killed has left its scale behind: this gives the stack its own again.
        stack.control().call("POST", "reset")
    else:
        target.require_empty(stack, remedy=_CLEAR)
    with scaled(stack.control(), time_scale):
        yield stack
