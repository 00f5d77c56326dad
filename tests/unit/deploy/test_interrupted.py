"""Cut off at any call and run again, a deployment comes to where it would have come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etlocal.deploy import DeployError, Destruction
from tests.copies import copy_files
from tests.unit.deploy.aws_stub import Interrupted, Stub
from tests.unit.deploy.conftest import STACK, Site

# Each has every fourth call: so that they run beside each other.
PARTS = 4


def fresh(folder: Path, pace: int = 1000) -> Site:
    return Site(Stub(pace=pace), folder)


def change(folder: Path) -> None:
    """The next version: the job, the ASL and a table."""
    with (folder / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\n# version 2\n")
    asl = folder / "statemachine.asl.json"
    asl.write_text(asl.read_text().replace('"Comment": "Crawls', '"Comment": "2: Crawls', 1))
    (folder / "warehouse" / "ddl" / "070_note.sql").write_text(
        "ALTER TABLE airlines.load_history ADD COLUMN note VARCHAR(20)"
    )


def comparable(site: Site) -> dict[str, Any]:
    """What there is, but for what asking once more leaves: questions, and a crawl more."""
    site.stub.settle()
    found = site.stub.snapshot()
    warehouse = found["warehouse"]
    statements = [
        each
        for each in warehouse["statements"]
        if not str(each).upper().count("CREATE TABLE IF NOT EXISTS PUBLIC.ETLOCAL_MIGRATIONS")
        and "SELECT script" not in str(each)
    ]
    crawlers = {name: bool(each) for name, each in found["crawlers"].items()}
    return {**found, "warehouse": statements, "crawlers": crawlers}


def first_call(site: Site, operation: str) -> int:
    """Deploy to the end, and say at which call an operation came first."""
    site.deployment().run()
    operations = [call.operation for call in site.stub.calls]
    return operations.index(operation) + 1


def calls_of(site: Site) -> int:
    before = len(site.stub.calls)
    site.deployment().run()
    return len(site.stub.calls) - before


@pytest.mark.parametrize("part", range(PARTS))
def test_a_first_deployment_cut_off_at_each_call_is_taken_up(tmp_path: Path, part: int) -> None:
    folder = copy_files(tmp_path)
    whole = fresh(folder)
    calls = calls_of(whole)
    wanted = comparable(whole)
    assert calls > 40

    # Before a call is after the one before it: nothing is done in between. So "after" is enough.
    for at in range(part + 1, calls + 1, PARTS):
        site = fresh(folder)
        site.stub.interrupt(at=at, when="after")
        with pytest.raises(Interrupted):
            site.deployment().run()
        site.deployment().run()
        assert comparable(site) == wanted, f"cut off after {site.stub.calls[at - 1]}"


@pytest.mark.parametrize("part", range(PARTS))
def test_an_update_cut_off_at_each_call_is_taken_up(tmp_path: Path, part: int) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = copy_files(tmp_path / "old"), copy_files(tmp_path / "new")
    change(new)
    whole = fresh(old)
    whole.deployment().run()
    whole.folder = new
    calls = calls_of(whole)
    wanted = comparable(whole)
    assert calls > 30

    for at in range(part + 1, calls + 1, PARTS):
        site = fresh(old)
        site.deployment().run()
        site.folder = new
        site.stub.interrupt(at=len(site.stub.calls) + at, when="after")
        with pytest.raises(Interrupted):
            site.deployment().run()
        site.deployment().run()
        assert comparable(site) == wanted, f"cut off after call {at} of the update"


def test_a_destruction_cut_off_at_each_call_is_taken_up(tmp_path: Path) -> None:
    folder = copy_files(tmp_path)
    whole = fresh(folder)
    whole.deployment().run()
    before = len(whole.stub.calls)
    Destruction(whole.clients, STACK).run()
    calls = len(whole.stub.calls) - before
    wanted = comparable(whole)

    for at in range(1, calls + 1):
        site = fresh(folder)
        site.deployment().run()
        site.stub.interrupt(at=len(site.stub.calls) + at, when="after")
        with pytest.raises(Interrupted):
            Destruction(site.clients, STACK).run()
        Destruction(site.clients, STACK).run()
        assert comparable(site) == wanted, f"cut off after call {at} of the destruction"


def test_a_deployment_cut_off_at_its_change_set_can_be_destroyed(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path))
    made = first_call(site, "CreateChangeSet")
    site = fresh(site.folder)
    site.stub.interrupt(at=made, when="after")
    with pytest.raises(Interrupted):
        site.deployment().run()

    gone = Destruction(site.clients, STACK).run()

    assert gone is not None
    assert gone.lost == ()
    assert Destruction(site.clients, STACK).run() is None


def test_a_stack_that_is_still_being_made_is_waited_for(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path), pace=1)
    told: list[str] = []
    executed = first_call(site, "ExecuteChangeSet")
    site = fresh(site.folder, pace=1)
    site.stub.interrupt(at=executed, when="after")
    with pytest.raises(Interrupted):
        site.deployment().run()

    site.deployment(progress=told.append).run()

    assert f"waiting for the stack {STACK}, which is in CREATE_IN_PROGRESS" in told
    made = [call for call in site.stub.calls if call.operation == "ExecuteChangeSet"]
    assert len(made) == 1, "the stack was made twice"


def test_a_script_that_still_runs_is_waited_for_and_not_run_again(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path), pace=1)
    sent = first_call(site, "BatchExecuteStatement")
    site = fresh(site.folder, pace=1)
    told: list[str] = []
    site.stub.interrupt(at=sent, when="after")
    with pytest.raises(Interrupted):
        site.deployment().run()

    site.deployment(progress=told.append).run()

    assert any(line.startswith("waiting for etlocal/flights/010_schema.sql") for line in told)
    batches = [c for c in site.stub.calls if c.operation == "BatchExecuteStatement"]
    names = [call.parameters["StatementName"] for call in batches]
    assert len(names) == len(set(names)), "a script was sent twice"


def test_a_creation_that_fails_is_begun_anew(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path))
    site.stub.cloudformation.fail("Topic", on="create", reason="Quota exceeded")

    with pytest.raises(DeployError, match=r"(?s)ROLLBACK_COMPLETE.*Topic .*Quota exceeded"):
        site.deployment().run()
    with pytest.raises(DeployError, match="could not be created and has nothing"):
        site.deployment().plan()
    described = site.clients.client("cloudformation").describe_stacks(StackName=STACK)
    assert described["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE", "looking has deleted it"
    left = [bucket for bucket in site.stub.snapshot()["buckets"] if "artifacts" not in bucket]
    site.stub.cloudformation.heal("Topic")
    site.deployment().run()

    assert left == [], "a bucket that holds nothing is in nobody's stack"

    described = site.clients.client("cloudformation").describe_stacks(StackName=STACK)
    assert described["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_an_update_that_fails_keeps_the_old_template_and_runs_no_script(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path))
    site.deployment().run()
    old = comparable(site)
    change(site.folder)
    site.stub.cloudformation.fail("StateMachine", on="update", reason="It is refused")

    with pytest.raises(DeployError, match=r"(?s)UPDATE_ROLLBACK_COMPLETE.*It is refused"):
        site.deployment().run()

    now = comparable(site)
    assert now["warehouse"] == old["warehouse"]
    [kept], [was] = now["stacks"].values(), old["stacks"].values()
    assert kept["template"] == was["template"]


def test_a_script_that_fails_is_rolled_back_and_runs_when_it_is_mended(tmp_path: Path) -> None:
    site = fresh(copy_files(tmp_path))
    site.stub.redshift_data.fail(containing="flights_staging", message="ERROR: out of disk")

    with pytest.raises(DeployError, match=r"050_loading\.sql failed and was rolled back: .*disk"):
        site.deployment().run()
    site.stub.redshift_data.heal()
    site.deployment().run()

    applied = site.stub.snapshot()["warehouse"]["statements"]
    assert all(each["times"] == 1 for each in applied if "airlines." in each["sql"]), applied
