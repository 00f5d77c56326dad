"""``python -m etlocal.worker.main``: the Glue worker as a process of its own.

Ends on SIGTERM or SIGINT, and when the process that ``ETLOCAL_PARENT_PID`` names has ended; what it
started ends with it, however it ends.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from etlocal import outbound
from etlocal.environments import java
from etlocal.parent import PARENT_VARIABLE, watch_parent
from etlocal.settings import Settings
from etlocal.worker import jars
from etlocal.worker.app import make_app
from etlocal.worker.jvm import is_abandoned
from etlocal.worker.launcher import Launcher
from etlocal.worker.pool import Pool
from etlocal.worker.runs import Runs

EXIT_PORT_IN_USE = 98  # EADDRINUSE on Linux
_SCRATCH = "etlocal-worker-"


def main() -> int:
    """Run the worker until it is told to end; give the exit code."""
    settings = Settings()
    outbound.refuse_aws()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        home = java.ensure_java(settings.cache_dir, _say)
        spark = jars.spark_home()
        resolved = jars.ensure_jars(settings.cache_dir, java=home, progress=_say)
    except (java.JavaError, jars.JarError) as error:
        sys.stderr.write(f"etlocal: {error}\n")
        return 1
    listening = _listen(settings.bind_address, settings.worker_port)
    if listening is None:
        sys.stderr.write(
            f"etlocal: port {settings.worker_port} on {settings.bind_address} is in use; "
            "choose another with ETLOCAL_WORKER_PORT\n"
        )
        return EXIT_PORT_IN_USE
    remove_leftovers(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{os.getpid()}-") as scratch:
        pool = Pool(settings, Launcher(settings, home, spark, resolved, Path(scratch)))
        runs = Runs(settings, pool, Path(scratch))
        config = uvicorn.Config(
            make_app(runs),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        if parent := os.environ.get(PARENT_VARIABLE):
            watch_parent(int(parent), lambda: os.kill(os.getpid(), signal.SIGTERM))
        for number in (signal.SIGTERM, signal.SIGINT):
            # The server raises again what it was ended by: that must not end us before we tidy up.
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        pool.start()
        server.run(sockets=[listening])
    return 0


def remove_leftovers(folder: Path) -> None:
    """Remove the folders of workers that were killed; a living one's carries its process id.

    One in which a JVM still lives is left for the next time.
    """
    for left in folder.glob(f"{_SCRATCH}*-*"):
        pid = left.name.removeprefix(_SCRATCH).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)) and is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Another user's.
        return True
    return True


def _listen(where: str, port: int) -> socket.socket | None:
    """Take the port before anything is started; None when another has it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((where, port))
        listening.listen(128)
    except OSError:
        listening.close()
        return None
    return listening


def _say(text: str) -> None:
    logging.getLogger(__name__).info("%s", text)


if __name__ == "__main__":
    sys.exit(main())
