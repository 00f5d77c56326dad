"""Fixtures ``etlocal_stack`` (session) and ``etlocal`` (a clean harness for each test).

Options, each with an ini setting and an environment variable:

==========================  =======================  ============================================
option                      ini                      meaning
==========================  =======================  ============================================
``--etlocal-time-scale X``  ``etlocal_time_scale``   real seconds for one emulated second of Wait
                                                     states, retries and timeouts (default 0.01)
==========================  =======================  ============================================

``ETLOCAL_TIME_SCALE`` is taken where neither is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import pytest

# pytest loads this module in every run on the machine: what is heavy is imported in the fixtures.
if TYPE_CHECKING:
    from etlocal.stack import Record
    from etlocal.testing.harness import Harness

_FIXTURES = frozenset({"etlocal", "etlocal_stack"})
_HARNESS: pytest.StashKey[Harness] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("etlocal", "AWS ETL pipelines, run locally")
    group.addoption(
        "--etlocal-time-scale",
        metavar="X",
        help="real seconds for one emulated second of waits, retries and timeouts (default: 0.01)",
    )
    parser.addini("etlocal_time_scale", "as --etlocal-time-scale", default=None)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share the stack on one pytest-xdist worker (``--dist loadgroup``)."""
    for item in items:
        if _FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("etlocal"))


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
) -> Iterator[Record]:
    """A stack on free ports with a state folder of its own, for the whole session."""
    from etlocal.processes import free_port
    from etlocal.settings import Settings
    from etlocal.stack import Stack

    config = request.config
    scale = (
        config.getoption("--etlocal-time-scale")
        or config.getini("etlocal_time_scale")
        or os.environ.get("ETLOCAL_TIME_SCALE")
        or "0.01"
    )
    stack = Stack(
        Settings(
            state_dir=tmp_path_factory.mktemp("etlocal") / "state",
            port=free_port(),
            worker_port=free_port(),
            redshift_port=0,
            time_scale=float(scale),
        )
    )
    record = stack.start(_progress(config), tied=True)
    yield record
    stack.stop()


@pytest.fixture
def etlocal(request: pytest.FixtureRequest, etlocal_stack: Record) -> Iterator[Harness]:
    """A harness on the session's stack, with nothing in it from other tests."""
    from etlocal.testing.harness import Harness

    harness = Harness(etlocal_stack)
    request.node.stash[_HARNESS] = harness
    yield harness
    harness.reset()


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
