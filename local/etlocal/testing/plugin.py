"""Fixtures ``etlocal_stack`` (session) and ``etlocal`` (a clean harness for each test).

Options, each with an ini setting and an environment variable, which is taken where neither of the
others is given:

==========================  =======================  ============================================
option                      ini                      meaning
==========================  =======================  ============================================
``--etlocal-endpoint URL``  ``etlocal_endpoint``     use the stack that answers there, and start
                                                     none (``ETLOCAL_ENDPOINT``)
``--etlocal-clear``         ``etlocal_clear``        delete what that stack holds; else it must
                                                     hold nothing (``ETLOCAL_CLEAR``)
``--etlocal-enforce-iam``   ``etlocal_enforce_iam``  evaluate every request against the policies of
                                                     who makes it; a stack that runs must do so
                                                     (``ETLOCAL_ENFORCE_IAM``)
``--etlocal-time-scale X``  ``etlocal_time_scale``   real seconds for one emulated second of Wait
                                                     states, retries and timeouts (default 0.01,
                                                     ``ETLOCAL_TIME_SCALE``)
==========================  =======================  ============================================

A test with the mark ``embedded_only("why")`` is skipped where a running stack is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

# pytest loads this module in every run on the machine: what is heavy is imported in the fixtures.
if TYPE_CHECKING:
    from etlocal.target import Target
    from etlocal.testing.harness import Harness

_FIXTURES = frozenset({"etlocal", "etlocal_stack"})
_HARNESS: pytest.StashKey[Harness] = pytest.StashKey()
# Of AWS's variables those that say nothing of where calls go, or as whom.
_HARMLESS = frozenset({"AWS_CA_BUNDLE", "AWS_DATA_PATH", "AWS_PAGER"})
EMBEDDED_ONLY = "embedded_only"
SKIPPED = "embedded only: "
"""What the reason of a test that is skipped on a running stack begins with."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("etlocal", "AWS ETL pipelines, run locally")
    group.addoption(
        "--etlocal-endpoint",
        metavar="URL",
        help="use the stack whose AWS endpoint answers there (etlocal up, containers); start none",
    )
    parser.addini("etlocal_endpoint", "as --etlocal-endpoint", default=None)
    group.addoption(
        "--etlocal-clear",
        action="store_true",
        default=None,
        help="delete what the stack at --etlocal-endpoint holds; else it must hold nothing",
    )
    parser.addini("etlocal_clear", "as --etlocal-clear", type="bool", default=None)
    group.addoption(
        "--etlocal-enforce-iam",
        action="store_true",
        default=None,
        help="enforce permissions: deny what the policies of who asks do not allow, as AWS does",
    )
    parser.addini("etlocal_enforce_iam", "as --etlocal-enforce-iam", type="bool", default=None)
    group.addoption(
        "--etlocal-time-scale",
        metavar="X",
        help="real seconds for one emulated second of waits, retries and timeouts (default: 0.01)",
    )
    parser.addini("etlocal_time_scale", "as --etlocal-time-scale", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Enter the mark, and refuse options that cannot be."""
    config.addinivalue_line(
        "markers",
        f"{EMBEDDED_ONLY}(reason): skipped where tests use a running stack (--etlocal-endpoint)",
    )
    endpoint = chosen_endpoint(config)
    if endpoint is None:
        return
    from etlocal.clients import NotLocalError, require_local

    try:
        require_local(endpoint)
    except NotLocalError as error:
        raise pytest.UsageError(f"--etlocal-endpoint: {error}") from None
    options = config.option
    workers = len(getattr(options, "tx", None) or [])
    if workers > 1 and getattr(options, "dist", "no") not in ("no", "loadgroup"):
        raise pytest.UsageError(
            f"--etlocal-endpoint {endpoint}: {workers} processes of pytest-xdist would clear the "
            "one stack under one another's tests: add --dist loadgroup, or run one (-n 0)"
        )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which stack the tests use when it is not one of their own."""
    endpoint = chosen_endpoint(config)
    return f"etlocal: tests use the stack at {endpoint}" if endpoint else None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that share the stack on one pytest-xdist worker (``--dist loadgroup``).

    Those that want a stack of their own are skipped where a running one is used.
    """
    running = chosen_endpoint(config) is not None
    for item in items:
        if _FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("etlocal"))
        for mark in item.iter_markers(EMBEDDED_ONLY):
            if len(mark.args) != 1 or not isinstance(mark.args[0], str) or mark.kwargs:
                raise pytest.UsageError(
                    f'{item.nodeid}: {EMBEDDED_ONLY} takes the reason: {EMBEDDED_ONLY}("…")'
                )
            if running:
                item.add_marker(pytest.mark.skip(reason=SKIPPED + mark.args[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add where the flow stands to the report of a failed test."""
    report = yield
    harness = item.stash.get(_HARNESS, None)
    if harness is not None and call.when == "call" and report.failed and harness.pipelines:
        report.sections.append(("where the flow stands", _standing(harness)))
    return report


@pytest.fixture(scope="session")
def etlocal_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    """The stack of the whole session: one of its own, or the one of ``--etlocal-endpoint``."""
    from etlocal.clients import NotLocalError
    from etlocal.control import ControlError
    from etlocal.stack import StackError
    from etlocal.testing import running

    config = request.config
    scale = _time_scale(config)
    endpoint = chosen_endpoint(config)
    if endpoint is None:
        folder = tmp_path_factory.mktemp("etlocal") / "state"
        stack = running.started(
            folder,
            time_scale=scale,
            enforce_iam=_is_on(config, "enforce_iam"),
            progress=_progress(config),
        )
    else:
        stack = running.found(
            endpoint,
            time_scale=scale,
            enforce_iam=_is_on(config, "enforce_iam"),
            clear=_is_on(config, "clear"),
        )
    with ExitStack() as session:
        try:
            target = session.enter_context(stack)
        except (StackError, ControlError, NotLocalError) as error:
            pytest.fail(str(error), pytrace=False)
        yield target


@pytest.fixture
def etlocal(request: pytest.FixtureRequest, etlocal_stack: Target) -> Iterator[Harness]:
    """A harness on the session's stack, with nothing in it from other tests.

    AWS clients that the test makes without it, in this process or by a command, reach the stack as
    well, with its dummy credentials: the environment says so until the test ends.
    """
    from etlocal.testing.harness import Harness

    harness = Harness(etlocal_stack)
    request.node.stash[_HARNESS] = harness
    with pytest.MonkeyPatch.context() as patch:
        _point_at(etlocal_stack, patch)
        yield harness
    harness.reset()


def _point_at(stack: Target, patch: pytest.MonkeyPatch) -> None:
    """Have the environment lead AWS clients to a stack, and to nothing of real AWS."""
    import boto3

    from etlocal.clients import local_environment
    from etlocal.proxies import without_proxy

    host = urlsplit(stack.endpoint_url).hostname or ""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO_")) and name not in _HARMLESS:
            patch.delenv(name)
    wanted = local_environment(stack.endpoint_url, stack) | without_proxy(os.environ, host)
    for name, text in wanted.items():
        patch.setenv(name, text)
    # The session of boto3.client(…) may have been made, and have found credentials, before.
    patch.setattr(boto3, "DEFAULT_SESSION", None)


def _setting(config: pytest.Config, name: str) -> Any:
    """Give an option's value: the command line's, the ini file's, or the environment's."""
    given = config.getoption(f"--etlocal-{name.replace('_', '-')}")
    if given is None:
        given = config.getini(f"etlocal_{name}")
    return given if given not in (None, "") else os.environ.get(f"ETLOCAL_{name.upper()}")


def chosen_endpoint(config: pytest.Config) -> str | None:
    """Give the URL of the stack that tests use; None where they have one of their own."""
    return _setting(config, "endpoint") or None


def _is_on(config: pytest.Config, name: str) -> bool:
    return str(_setting(config, name)).lower() in ("1", "true", "yes", "on")


def _time_scale(config: pytest.Config) -> float:
    from etlocal.aws.clock import checked_scale

    given = _setting(config, "time_scale") or "0.01"
    try:
        return checked_scale(float(given))
    except ValueError as error:
        pytest.fail(f"--etlocal-time-scale {given}: {error}", pytrace=False)


def _progress(config: pytest.Config) -> Callable[[str], None]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")

    def tell(text: str) -> None:
        # Making the environments for the first time takes a minute: silence would look like a hang.
        if reporter is not None and ("environment" in text or "jar" in text):
            reporter.write_line(f"etlocal: {text}")

    return tell


def _standing(harness: Harness) -> str:
    try:
        return harness.describe_standing()
    except Exception as error:  # noqa: BLE001 - the test's own failure must still be reported
        return f"could not be told: {error!r}"
