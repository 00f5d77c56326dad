"""``python -m etlocal.endpoint.launch``: the endpoint as a process of its own.

Prints one line on stdout when every service answers; logs go to stderr. Ends on SIGTERM or SIGINT,
and when the process named by ``ETLOCAL_PARENT_PID`` has ended.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence

from etlocal import outbound
from etlocal.endpoint.configuration import localstack_environment
from etlocal.parent import PARENT_VARIABLE, watch_parent
from etlocal.settings import Settings

EXIT_PORT_IN_USE = 98  # EADDRINUSE on Linux


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the endpoint until it is told to end.

    Parameters
    ----------
    arguments : sequence of str or None
        The command line; None for the process's own.

    Returns
    -------
    int
        The exit code: 0 after an orderly end, `EXIT_PORT_IN_USE` when the port is taken.
    """
    settings = _settings(arguments)
    if not _port_is_free(settings):
        return _refuse_port(settings)
    end = _end_event()
    wanted = localstack_environment(settings, os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    time.tzset()
    outbound.refuse_outside()
    # Imported now, because LocalStack reads its configuration while it is imported.
    from etlocal.endpoint import boot

    try:
        return boot.run(settings, end)
    except boot.PortInUseError:
        return _refuse_port(settings)


def _settings(arguments: Sequence[str] | None) -> Settings:
    parser = argparse.ArgumentParser(prog="python -m etlocal.endpoint.launch")
    parser.add_argument("--port", help="port on 127.0.0.1 (default: ETLOCAL_PORT, else 4566)")
    options = parser.parse_args(arguments)
    if options.port is not None:
        os.environ["ETLOCAL_PORT"] = options.port
    return Settings()


def _end_event() -> threading.Event:
    """Give an event that is set by SIGTERM, by SIGINT and by the parent's end."""
    end = threading.Event()

    def stop(*_: object) -> None:
        end.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if parent := os.environ.get(PARENT_VARIABLE):
        watch_parent(int(parent), end.set)
    return end


def _port_is_free(settings: Settings) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind_address, settings.port))
        except OSError:
            return False
    return True


def _refuse_port(settings: Settings) -> int:
    sys.stderr.write(
        f"etlocal: port {settings.port} on {settings.bind_address} is in use; "
        "choose another with --port or ETLOCAL_PORT\n"
    )
    return EXIT_PORT_IN_USE


def _exit(code: int) -> None:
    """End the process now: threads of emulated services may be in the middle of a long wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _exit(main())
