"""What cannot start says what, where and what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etlocal.processes import ProcessId, free_port
from etlocal.settings import Settings
from etlocal.stack import ENDPOINT, WORKER, NotRunningError, Part, Stack, StackError


def quiet(_text: str) -> None:
    pass


def test_port_in_use_is_named_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = Stack(Settings(state_dir=tmp_path, port=port, worker_port=free_port()))
        with pytest.raises(StackError, match=rf"port {port} .* ETLOCAL_PORT or --port"):
            stack.start(quiet)


def test_redshifts_port_must_be_free_only_where_it_was_asked_for(tmp_path: Path) -> None:
    one, other = free_port(), free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        asked = Settings(state_dir=tmp_path, port=one, worker_port=other, redshift_port=port)
        with pytest.raises(StackError, match=rf"port {port} .* ETLOCAL_REDSHIFT_PORT"):
            Stack(asked).start(quiet)
    for free in (None, 0):
        given = Settings(state_dir=tmp_path, redshift_port=free)
        assert given.environment().get("ETLOCAL_REDSHIFT_PORT") == (None if free is None else "0")


def test_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    stack = Stack(Settings(state_dir=tmp_path / "file" / "state"))
    with pytest.raises(StackError, match=r"state folder .*file/state cannot be written.*ETLOCAL_"):
        stack.start(quiet)


def test_full_disk_is_told_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1024

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage)
    with pytest.raises(StackError, match="full"):
        Stack(Settings(state_dir=tmp_path)).start(quiet)


def test_nothing_running_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="etlocal up"):
        Stack(Settings(state_dir=tmp_path)).require()


def test_reset_refuses_a_folder_that_is_not_etlocals(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StackError, match="nothing was deleted"):
        Stack(Settings(state_dir=tmp_path)).reset()
    assert (tmp_path / "thesis.txt").exists()


def test_process_of_another_time_with_the_same_id_is_not_taken_for_ours() -> None:
    mine = ProcessId.of(os.getpid())
    assert mine.find() is not None
    assert ProcessId(pid=mine.pid, created=mine.created - 1000).find() is None


def test_settings_reach_a_part_through_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Settings(state_dir=tmp_path, port=4999, time_scale=0.5, worker_cold=True)
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == given


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("TIME_SCALE", "-1"), ("REGION", "mars"), ("ACCOUNT", "12")]
)
def test_setting_outside_its_rule_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ETLOCAL_{name}", value)
    with pytest.raises(ValueError, match=name.lower()):
        Settings()


class Idle(Stack):
    """A stack whose parts do nothing, and answer as long as they live."""

    made: list[subprocess.Popen[bytes]]

    def prepare(self, progress: object) -> None:
        pass

    def _launch(self, name: str, *, tied: bool) -> tuple[Part, subprocess.Popen[bytes]]:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.made.append(child)
        log = self.settings.state_dir / f"{name}.log"
        return Part(name=name, process=ProcessId.of(child.pid), url="", log=log), child


@pytest.fixture
def idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Idle]:
    monkeypatch.setattr("etlocal.stack._answers", lambda part: part.is_alive())
    stack = Idle(Settings(state_dir=tmp_path, port=free_port(), worker_port=free_port()))
    stack.made = []
    yield stack
    for child in stack.made:
        child.kill()
        child.wait()


@pytest.mark.parametrize(("killed", "kept"), [(ENDPOINT, WORKER), (WORKER, ENDPOINT)])
def test_only_the_part_that_was_killed_is_started_again(idle: Idle, killed: str, kept: str) -> None:
    before = idle.start(quiet)
    victim = before.part(killed).process.find()
    assert victim is not None
    victim.kill()
    victim.wait()

    after = idle.start(quiet)

    assert after.part(kept) == before.part(kept)
    assert after.part(killed).process != before.part(killed).process
    assert idle.record() == after
    assert all(part.is_alive() for part in after.parts)


def test_part_of_other_settings_does_not_stay(idle: Idle) -> None:
    before = idle.start(quiet)
    victim = before.part(ENDPOINT).process.find()
    assert victim is not None
    victim.kill()
    victim.wait()
    other = Idle(idle.settings.model_copy(update={"time_scale": 0.5}))
    other.made = idle.made

    after = other.start(quiet)

    assert not before.part(WORKER).is_alive()
    assert all(part.is_alive() for part in after.parts)


def test_part_that_answers_no_more_is_replaced(idle: Idle, monkeypatch: pytest.MonkeyPatch) -> None:
    before = idle.start(quiet)
    victim = before.part(ENDPOINT).process.find()
    assert victim is not None
    victim.kill()
    victim.wait()
    hung = before.part(WORKER)
    monkeypatch.setattr("etlocal.stack._answers", lambda part: part.is_alive() and part != hung)

    after = idle.start(quiet)

    assert not hung.is_alive()
    assert after.part(WORKER) != hung
