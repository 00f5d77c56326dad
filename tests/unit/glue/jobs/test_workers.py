"""Several workers behind one name: a run goes to one that is free, and is followed there."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from etlocal.glue.jobs.worker_client import WorkerUnreachableError
from etlocal.glue.jobs.workers import Workers

if TYPE_CHECKING:
    from etlocal.settings import Settings
    from tests.unit.glue.jobs.conftest import FakeWorker, Glue

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has more loopback addresses than 127.0.0.1"
)

NAME = "spark"


class Names:
    """What the name of the workers leads to, as a container engine's DNS would say."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def getaddrinfo(self, host: str, port: int, *rest: Any, **named: Any) -> list[Any]:
        if host != NAME:
            return _getaddrinfo(host, port, *rest, **named)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in self.addresses
        ]


_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found = Names()
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    return found


@pytest.fixture
def fleet(worker: FakeWorker, names: Names) -> Iterator[list[FakeWorker]]:
    """Two workers with one slot each, on one port of two addresses."""
    from tests.unit.glue.jobs.conftest import FakeWorker

    other = FakeWorker("127.0.0.2", worker.port)
    workers = [worker, other]
    for each in workers:
        each.slots = 1
        names.addresses.append(each.host)
    yield workers
    other.die()


@pytest.fixture
def farm(settings: Settings, fleet: list[FakeWorker]) -> Iterator[Glue]:
    """A Glue service that knows the workers by their name."""
    from tests.unit.glue.jobs.conftest import Glue

    url = f"http://{NAME}:{fleet[0].port}"
    service = Glue(settings.model_copy(update={"worker_url": url}))
    service.create(ExecutionProperty={"MaxConcurrentRuns": 10})
    yield service
    service.stop()


def holder(fleet: list[FakeWorker], run_id: str) -> FakeWorker:
    return next(worker for worker in fleet if run_id in worker.requests)


def begin_running(farm: Glue, fleet: list[FakeWorker]) -> str:
    """Begin a run, and have its script started by whichever worker got it."""
    run_id = farm.begin()
    farm.until(lambda _: any(run_id in worker.requests for worker in fleet), run_id)
    holder(fleet, run_id).run(run_id)
    farm.wait(run_id, "RUNNING")
    return run_id


def test_two_runs_are_on_two_workers_at_once_and_a_third_waits_its_turn(
    farm: Glue, fleet: list[FakeWorker]
) -> None:
    first, second = begin_running(farm, fleet), begin_running(farm, fleet)
    third = farm.begin()

    assert holder(fleet, first) is not holder(fleet, second)
    assert farm.job_run(third)["JobRunState"] == "STARTING"
    assert not any(third in worker.requests for worker in fleet)

    freed = holder(fleet, second)
    freed.end(second)
    farm.wait(second, "SUCCEEDED")
    freed.end(third)

    farm.wait(third, "SUCCEEDED")
    assert farm.job_run(first)["JobRunState"] == "RUNNING"
    assert freed.submissions == [second, third]


def test_the_run_of_a_worker_that_vanishes_fails_and_the_others_go_on(
    farm: Glue, fleet: list[FakeWorker], names: Names
) -> None:
    farm.be_impatient()
    lost, kept = begin_running(farm, fleet), begin_running(farm, fleet)
    gone, left = holder(fleet, lost), holder(fleet, kept)

    gone.die()
    names.addresses.remove(gone.host)

    assert gone.url in farm.wait(lost, "FAILED")["ErrorMessage"]
    left.end(kept)
    farm.wait(kept, "SUCCEEDED")
    left.end(farm.begin())
    assert len(left.submissions) == 2


def test_a_worker_that_does_not_answer_yet_is_left_out(farm: Glue, fleet: list[FakeWorker]) -> None:
    fleet[0].die()

    run_id = farm.begin()
    fleet[1].end(run_id)

    farm.wait(run_id, "SUCCEEDED")


def test_a_worker_that_is_added_takes_the_run_that_waits(
    farm: Glue, fleet: list[FakeWorker], names: Names
) -> None:
    added = fleet[1]
    names.addresses.remove(added.host)
    begin_running(farm, fleet[:1])
    waiting = farm.begin()

    names.addresses.append(added.host)
    added.end(waiting)

    farm.wait(waiting, "SUCCEEDED")


def test_a_run_is_stopped_on_the_worker_that_has_it(farm: Glue, fleet: list[FakeWorker]) -> None:
    begin_running(farm, fleet)
    run_id = begin_running(farm, fleet)

    farm("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])

    holder(fleet, run_id).asked_to_stop(run_id)
    farm.wait(run_id, "STOPPED")


def test_a_restarted_service_follows_each_run_on_its_worker(
    farm: Glue, fleet: list[FakeWorker]
) -> None:
    runs = [begin_running(farm, fleet), begin_running(farm, fleet)]

    farm.stop()
    farm.start()
    for run_id in runs:
        holder(fleet, run_id).end(run_id)

    for run_id in runs:
        farm.wait(run_id, "SUCCEEDED")
    assert [len(worker.submissions) for worker in fleet] == [1, 1]


def test_a_state_file_of_an_earlier_version_is_taken_over(
    farm: Glue, fleet: list[FakeWorker]
) -> None:
    ended = begin_running(farm, fleet)
    holder(fleet, ended).end(ended)
    farm.wait(ended, "SUCCEEDED")
    farm.stop()
    with farm.runtime.store.transaction() as tx:
        tx.execute("ALTER TABLE jobs_run DROP COLUMN worker")

    farm.start()

    assert farm.job_run(ended)["JobRunState"] == "SUCCEEDED"
    begin_running(farm, fleet)


def test_a_name_that_leads_nowhere_says_so(names: Names) -> None:
    with pytest.raises(WorkerUnreachableError, match="no worker is at http://spark:4567") as raised:
        Workers("http://spark:4567").choose()

    assert not raised.value.sent
