"""The containers, built and started once, and a deployed pipeline that nothing has come to yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from etlocal import deployments, target
from etlocal.flow import Flow
from etlocal.inbox import Inbox
from tests.chaos.verdict import Judge, Verdict
from tests.containers.compose import ROOT, Compose
from tests.e2e.flight_files import FlightFile, FlightFiles, airports

SECONDS = 300.0
"""How long a flow may take to settle: long enough for a busy machine, since the time decides
nothing."""


@dataclass
class Story:
    """A deployed pipeline, and all that was uploaded to it.

    Attributes
    ----------
    compose : Compose
    flow : Flow
    inbox : Inbox
        Subscribed to the pipeline's topic since before the first upload.
    uploaded : list of FlightFile
    """

    compose: Compose
    flow: Flow
    inbox: Inbox
    uploaded: list[FlightFile] = field(default_factory=list)
    _files: FlightFiles = field(
        default_factory=lambda: FlightFiles(7, airports(ROOT / "seed_data" / "airports.csv"))
    )

    def upload(self, *, rows: int = 200) -> FlightFile:
        """Upload a new file of flights."""
        file = self._files.make(rows=rows)
        self.flow.put(file.body, key=file.key)
        self.uploaded.append(file)
        return file

    def judge(self) -> Verdict:
        """Wait until all is settled; say what is wrong with what the uploads have left."""
        names = airports(ROOT / "seed_data" / "airports.csv")
        return Judge(self.flow, self.inbox, names).judge(self.uploaded, seconds=SECONDS)


@pytest.fixture(scope="session")
def compose() -> Iterator[Compose]:
    """The Compose project, built; its containers are started by whoever needs them."""
    project = Compose()
    project.build()
    yield project
    project.clear()


@pytest.fixture
def story(compose: Compose) -> Story:
    """The project's pipeline on running containers, as ``docker compose up`` leaves it."""
    compose.up()
    target.find(compose.url).control().call("POST", "reset")
    # What `up` does once more is what it does at first: deploy.
    compose.up()
    clients = target.find(compose.url).clients()
    flow = Flow(clients, deployments.discover(clients))
    return Story(compose, flow, flow.inbox())
