"""The containers, built and started once, and a deployed pipeline that nothing has come to yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from etlocal import deploy, deployments, target, templates
from etlocal.clients import LocalClients
from etlocal.flow import Flow
from etlocal.inbox import Inbox
from etlocal.testing.faults import Fault, Faults
from tests.chaos.verdict import Judge, Verdict
from tests.containers.compose import ROOT, Compose
from tests.e2e.flight_files import FlightFile, FlightFiles, airports

SERVICES = ("localstack", "spark", "warehouse")
SECONDS = 900.0
"""How long a flow may take to settle: long enough for a busy machine, since the time decides
nothing."""
# Longer than any test: what it holds up goes on when the test lets it.
HELD = 1_000_000.0


@dataclass
class Story:
    """A deployed pipeline, and all that was uploaded to it.

    Attributes
    ----------
    compose : Compose
    flow : Flow
    inbox : Inbox
        Subscribed to the pipeline's topic since before the first upload.
    faults : Faults
    uploaded : list of FlightFile
    """

    compose: Compose
    flow: Flow
    inbox: Inbox
    faults: Faults
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

    def hold_commit(self) -> Fault:
        """Have the next run wait when its rows are loaded, before its bookmark moves."""
        return self.faults.delay("awsglue", "Job.commit", HELD)

    def hold_write(self) -> Fault:
        """Have the next run wait before anything of it is in the warehouse."""
        where = {"Bucket": self.flow.deployed.outputs["TempBucketName"]}
        return self.faults.delay("s3", "PutObject", HELD, where=where)

    def judge(self) -> Verdict:
        """Wait until all is settled; say what is wrong with what the uploads have left."""
        names = airports(ROOT / "seed_data" / "airports.csv")
        return Judge(self.flow, self.inbox, names).judge(self.uploaded, seconds=SECONDS)


@pytest.fixture(scope="session")
def built() -> Iterator[Compose]:
    """The Compose project with its images built; nothing runs yet."""
    project = Compose()
    project.build()
    yield project
    project.clear()


@pytest.fixture
def compose(built: Compose) -> Compose:
    """The containers, all of them running and well."""
    if not set(SERVICES) <= built.running():
        built.up()
    return built


@pytest.fixture
def story(compose: Compose) -> Story:
    """The project's pipeline, as ``docker compose up`` leaves it: nothing has come to it yet."""
    running = target.find(compose.url)
    clients = running.clients()
    flow = _untouched(clients)
    if flow is None:
        running.control().call("POST", "reset")
        template = templates.load(ROOT / "template.yaml")
        flow = Flow(clients, deploy.Deployment(clients, template, stack="etlocal").run())
    return Story(compose, flow, flow.inbox(), Faults(running.control()))


def _untouched(clients: LocalClients) -> Flow | None:
    try:
        flow = Flow(clients, deployments.discover(clients))
    except deploy.DeployError:
        return None
    s3 = clients.client("s3")
    uploads = s3.list_objects_v2(Bucket=flow.upload_bucket, Prefix="raw/")["KeyCount"]
    return None if uploads or flow.executions() else flow
