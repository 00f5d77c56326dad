"""``python -m etlocal.worker.runner``: the process that one run's script runs in.

It is started before its run is known: it attaches to a JVM, makes it ready, says so, and waits for
a line on its standard input. The script then runs as ``__main__``, as by ``python script.py``.

The worker speaks on standard input: `WARM_STORAGE` at most once, then a `Task` as a JSON text on
one line. This process answers on the file descriptor that ``ETLOCAL_RUNNER_STATUS`` names, one JSON
text a line: ``{"event": "ready"}``, ``{"event": "warm"}`` after each warming,
``{"event": "started"}`` and ``{"event": "ended", "error": <message or null>}``. A task that comes
while the JVM is being warmed does not wait for the rest of it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypedDict

from etlocal import outbound
from etlocal.worker import failures

STATUS_VARIABLE = "ETLOCAL_RUNNER_STATUS"
SETUP_VARIABLE = "ETLOCAL_RUNNER_SETUP"


WARM_STORAGE = "warm-storage"


class Setup(TypedDict):
    """What a runner is told at its start."""

    hadoop: dict[str, str]
    warm: bool


class Task(TypedDict):
    """What a runner is told of its run."""

    script: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    hadoop: dict[str, str]
    properties: dict[str, str]
    app_name: str
    executors: dict[str, str]
    python_files: list[str]
    data_catalog: bool


def main() -> int:
    """Prepare, wait for the task, run it; the exit code is the script's."""
    # Unbuffered: whether a line waits must be told by the descriptor.
    control = os.fdopen(os.dup(0), "rb", buffering=0)
    with open(os.devnull) as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    status = os.fdopen(int(os.environ.pop(STATUS_VARIABLE)), "w", encoding="utf-8")
    os.set_inheritable(status.fileno(), False)
    setup: Setup = json.loads(os.environ.pop(SETUP_VARIABLE))

    def tell(event: str, **more: Any) -> None:
        status.write(json.dumps({"event": event, **more}) + "\n")
        status.flush()

    # Whatever a script asks of whichever library: it runs here.
    outbound.refuse_aws()
    session = _prepare(setup)
    tell("ready")
    if session.first and setup["warm"]:
        _warm(session, session.warm(), control)
    tell("warm")
    session.collect_garbage()
    while (line := control.readline().strip().decode()) == WARM_STORAGE:
        _warm(session, session.warm_storage(), control)
        tell("warm")
    if not line:
        return 0
    threading.Thread(target=_end_with_worker, args=(control,), daemon=True).start()
    task: Task = json.loads(line)
    _enter(task, session)
    tell("started")
    error, code = run_script(task["script"], task["arguments"])
    tell("ended", error=error)
    return code


def run_script(script: str, arguments: list[str]) -> tuple[str | None, int]:
    """Run a script as ``__main__``.

    Parameters
    ----------
    script : str
        Its path.
    arguments : list of str
        What follows the script in ``sys.argv``.

    Returns
    -------
    tuple
        The run's error message, None when it succeeded, and the exit code.
    """
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).parent))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        if leaving.code is None or leaving.code == 0:
            return None, 0
        if not isinstance(leaving.code, int):
            sys.stderr.write(f"{leaving.code}\n")
        return failures.error_message(leaving), 1
    except BaseException as error:  # noqa: BLE001 - whatever leaves the script ends the run
        sys.stderr.write(failures.script_traceback(error, script))
        return failures.error_message(error), 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return None, 0


def _prepare(setup: Setup) -> Any:
    # Imported before the run is known, so that the script finds them loaded.
    import boto3  # noqa: F401
    import pyspark.sql  # noqa: F401

    from etlocal.worker.session import WarmSession

    with contextlib.suppress(ImportError):
        import awsglue.context
        import awsglue.job
        import awsglue.transforms  # noqa: F401
        from awsglue import _aws

        _aws.preload()

    session = WarmSession(setup["hadoop"])
    gc.freeze()
    return session


def _warm(session: Any, steps: Iterator[None], control: IO[bytes]) -> None:
    """Take the steps of a warming until there are no more, or the worker has something to say."""
    try:
        with contextlib.closing(steps):  # type: ignore[type-var]
            for _ in steps:
                if select.select([control], [], [], 0)[0]:
                    return
    except Exception as error:  # noqa: BLE001 - a job can run in a JVM that is not warm
        sys.stderr.write(f"warming failed: {type(error).__name__}: {error}\n")
    session.collect_garbage()


def _enter(task: Task, session: Any) -> None:
    os.environ.update(task["environment"])
    os.chdir(task["folder"])
    for file in map(Path, task["python_files"]):
        sys.path.insert(0, str(file.parent if file.suffix == ".py" else file))
    session.configure(task["hadoop"], task["properties"], task["app_name"])
    session.adopt(task["python_files"], task["executors"])
    if task["data_catalog"]:
        from etlocal.worker import spark_catalog

        spark_catalog.install()


def _end_with_worker(control: Any) -> None:
    """End this process and all it started when the worker is gone."""
    control.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
