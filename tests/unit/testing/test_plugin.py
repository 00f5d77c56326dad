"""The plugin's options: what they refuse, and in which words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from etlocal import __version__
from etlocal.processes import free_port

pytest_plugins = ["pytester"]

SETTINGS = {"account": "000000000000", "region": "us-east-1", "time_scale": 1.0}
HEALTH = {"status": "ok", "version": __version__, "services": {}, "settings": SETTINGS}
A_TEST = """
def test_it(etlocal):
    pass

def test_something_else():
    pass
"""


class Server(ThreadingHTTPServer):
    """Answers every request alike."""

    daemon_threads = True
    status = 200
    body = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """Something that listens."""
    with Server(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _nothing_of_this_session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "CLEAR", "TIME_SCALE", "ENFORCE_IAM"):
        monkeypatch.delenv(f"ETLOCAL_{name}", raising=False)
    pytester.makepyfile(A_TEST)


@pytest.mark.parametrize(
    "url",
    [
        "https://glue.us-east-1.amazonaws.com",
        "http://example.com",
        "http://127.0.0.1.nip.io:4566",
        "http://127.0.0.1@evil.example",
        "http://52.216.0.1",
        "127.0.0.1:4566",
    ],
)
def test_endpoint_that_could_be_awss_ends_the_run_before_it_begins(
    pytester: pytest.Pytester, url: str
) -> None:
    result = pytester.runpytest("--etlocal-endpoint", url)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --etlocal-endpoint: '{url}' is not a local endpoint*"])


@pytest.mark.parametrize("by", ["option", "ini", "environment"])
def test_endpoint_where_nothing_answers_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    if by == "ini":
        pytester.makeini(f"[pytest]\netlocal_endpoint = {url}")
    elif by == "environment":
        monkeypatch.setenv("ETLOCAL_ENDPOINT", url)

    # A process of its own: pytester forgets what a run has imported, the plugin's errors among it.
    options = ["--etlocal-endpoint", url] if by == "option" else []
    result = pytester.runpytest_subprocess(*options)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            f"etlocal: tests use the stack at {url}",
            f"{url} does not answer: *Connection refused*; start one (etlocal up, *",
        ]
    )


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b"Not Found", "* is not an etlocal endpoint (GET /_etlocal/health: HTTP 404*"),
        (200, b"<html>", "* is not an etlocal endpoint (GET /_etlocal/health: *no JSON*"),
        (200, b'{"status": "ok"}', "* is not an etlocal endpoint (its health page says nothing *"),
        (503, b'{"services": {"s3": "error"}}', "the stack at * is not ready (s3: error)"),
        (
            200,
            json.dumps({**HEALTH, "version": "0.0.0"}).encode(),
            f"* is etlocal 0.0.0 and this is etlocal {__version__}: use the same *",
        ),
    ],
    ids=["another server", "no JSON", "other JSON", "not ready", "another version"],
)
def test_endpoint_that_cannot_be_used_is_told_why(
    pytester: pytest.Pytester, server: Server, status: int, body: bytes, words: str
) -> None:
    server.status, server.body = status, body

    result = pytester.runpytest_subprocess("--etlocal-endpoint", server.url)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([words])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("by", ["option", "ini"])
def test_stack_that_does_not_enforce_what_the_tests_want_enforced_is_refused(
    pytester: pytest.Pytester, server: Server, by: str
) -> None:
    server.body = json.dumps(HEALTH).encode()
    if by == "ini":
        pytester.makeini("[pytest]\netlocal_enforce_iam = true")

    options = ["--etlocal-enforce-iam"] if by == "option" else []
    result = pytester.runpytest_subprocess("--etlocal-endpoint", server.url, *options)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"the stack at {server.url} does not enforce permissions, *"])


def test_two_processes_that_would_clear_one_stack_are_refused(pytester: pytest.Pytester) -> None:
    endpoint = ("--etlocal-endpoint", "http://127.0.0.1:4566")

    result = pytester.runpytest_subprocess(*endpoint, "-n", "2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*2 processes *--dist loadgroup*"])
    assert pytester.runpytest_subprocess(
        *endpoint, "-n", "2", "--dist", "loadgroup", "-k", "something_else"
    ).parseoutcomes() == {"passed": 1}


@pytest.mark.parametrize("scale", ["0", "2", "fast"])
def test_time_scale_that_cannot_be_is_named(pytester: pytest.Pytester, scale: str) -> None:
    result = pytester.runpytest("--etlocal-time-scale", scale)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"--etlocal-time-scale {scale}: *"])


MARKED = """
import pytest

@pytest.mark.embedded_only("starts a stack of its own")
def test_it():
    pass
"""


def test_embedded_only_is_skipped_with_its_reason_on_a_running_stack(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(MARKED)

    pytester.runpytest("--strict-markers").assert_outcomes(passed=1)
    result = pytester.runpytest("-rs", "--etlocal-endpoint", "http://127.0.0.1:4566")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*embedded only: starts a stack of its own"])


def test_embedded_only_without_a_reason_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MARKED.replace('("starts a stack of its own")', ""))

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_it: embedded_only takes the reason*"])
