"""Notes whatever would leave this machine, or carries a real credential, and stops it.

Two traps, which know nothing of what etlocal does against it. One listens as a proxy, to which the
environment sends whoever asks one. The other is Python code that every part runs as it starts: a
name that is looked up, or an address that is connected to, is shown to whatever may refuse it in
that process; when nothing does, it would have left.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REAL_KEY = "AKIAQ3EGREALREALREAL"
REAL_SECRET = "wJalrXUtnFEMIrealrealrealrealrealrealreal"
_SITECUSTOMIZE = """
import ipaddress, json, os, socket, sys

FILE, KEY = {file!r}, {key!r}.encode()
OWN = socket.gethostname().lower()
PRIVATE = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]

def outside(host):
    if host is None:
        return False
    host = (host.decode() if isinstance(host, bytes) else str(host)).lower().partition("%")[0]
    if host in ("", "localhost", OWN):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return not host.endswith(".localhost")
    here = address.is_loopback or address.is_unspecified
    return not (here or any(address in network for network in PRIVATE))

def note(**what):
    line = json.dumps(dict(what, process=sys.argv[:1] + [str(os.getpid())])) + "\\n"
    with open(FILE, "ab", buffering=0) as file:
        file.write(line.encode())

_getaddrinfo = socket.getaddrinfo
_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_recv, _recv_into = socket.socket.recv, socket.socket.recv_into

def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    if outside(host):
        sys.audit("socket.getaddrinfo", host, port, family, type, proto)
        note(left=str(host), how="looked up")
        raise socket.gaierror(socket.EAI_NONAME, "the trap knows no " + str(host))
    return _getaddrinfo(host, port, family, type, proto, flags)

def guarded(real):
    def connect(self, address):
        if isinstance(address, tuple) and outside(address[0]):
            sys.audit("socket.connect", self, address)
            note(left=str(address[0]), how="connected to")
            raise ConnectionRefusedError("the trap connects to no " + str(address[0]))
        return real(self, address)
    return connect

def recv(self, *given):
    data = _recv(self, *given)
    if KEY in data:
        note(key="received")
    return data

def recv_into(self, buffer, *given):
    count = _recv_into(self, buffer, *given)
    if KEY in bytes(memoryview(buffer)[:count]):
        note(key="received")
    return count

socket.getaddrinfo = getaddrinfo
socket.socket.connect, socket.socket.connect_ex = guarded(_connect), guarded(_connect_ex)
socket.socket.recv, socket.socket.recv_into = recv, recv_into
"""


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []


class _Answer(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline(1000).decode(errors="replace").strip())
        self.wfile.write(b"HTTP/1.1 502 Trap\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class Trap:
    """Both traps.

    Parameters
    ----------
    folder : Path
        Where the second one's code and its notes are.
    proxy : _Proxy
    """

    def __init__(self, folder: Path, proxy: _Proxy) -> None:
        self._proxy = proxy
        self._notes = folder / "notes.jsonl"
        self._notes.touch()
        self.code = folder / "code"
        self.set_in(self.code)

    @property
    def proxy_url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self._proxy.server_address[1]}"

    @property
    def asked(self) -> list[str]:
        """What the proxy was asked for, by anybody."""
        return list(self._proxy.asked)

    @property
    def noted(self) -> list[dict[str, Any]]:
        """What the parts' processes would have let out, and the real credentials that came in."""
        return [json.loads(line) for line in self._notes.read_text().splitlines()]

    def forget(self) -> None:
        """Forget what was noted so far, which was done on purpose."""
        self._notes.write_text("")

    def set_in(self, folder: Path) -> None:
        """Have Pythons with `folder` on their ``PYTHONPATH`` run into the trap."""
        folder.mkdir(exist_ok=True)
        code = _SITECUSTOMIZE.format(file=str(self._notes), key=REAL_KEY)
        (folder / "sitecustomize.py").write_text(code)


@contextmanager
def set_trap(folder: Path) -> Iterator[Trap]:
    """Set the traps up for the time of a block."""
    with _Proxy() as proxy:
        serving = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield Trap(folder, proxy)
        finally:
            proxy.shutdown()
            serving.join()


def real_environment(folder: Path, proxy_url: str) -> dict[str, str]:
    """The environment of somebody who works on AWS: everything says that it is real AWS.

    Parameters
    ----------
    folder : Path
        For the home folder with a profile, a token and boto's old configuration.
    proxy_url : str
        What the proxy variables name.
    """
    profile = folder / ".aws"
    profile.mkdir()
    keys = f"aws_access_key_id = {REAL_KEY}\naws_secret_access_key = {REAL_SECRET}\n"
    (profile / "config").write_text(
        "[profile prod]\nregion = eu-west-1\nendpoint_url = https://s3.amazonaws.com\n"
        "role_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = default\n"
        "use_fips_endpoint = true\ns3 =\n  use_accelerate_endpoint = true\n"
    )
    (profile / "credentials").write_text(f"[default]\n{keys}\n[prod]\n{keys}")
    (folder / ".boto").write_text(f"[Credentials]\n{keys}")
    (folder / "token").write_text("token")
    endpoints = ("", "_S3", "_STS", "_GLUE", "_DYNAMODB", "_CLOUDFORMATION", "_SFN", "_EVENTBRIDGE")
    return {
        "AWS_ACCESS_KEY_ID": REAL_KEY,
        "AWS_SECRET_ACCESS_KEY": REAL_SECRET,
        "AWS_SESSION_TOKEN": "real-token",
        "AWS_PROFILE": "prod",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(profile / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(profile / "credentials"),
        "AWS_CREDENTIAL_PROFILES_FILE": str(profile / "credentials"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/admin",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "BOTO_CONFIG": str(folder / ".boto"),
        **{f"AWS_ENDPOINT_URL{each}": "https://s3.amazonaws.com" for each in endpoints},
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy_url),
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), proxy_url),
        "NO_PROXY": "",
        "no_proxy": "",
        # Java finds the profile of this one by itself.
        "HOME": str(folder),
    }
