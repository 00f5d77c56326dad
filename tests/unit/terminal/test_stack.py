"""What cannot start says what, where and what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from etlocal.processes import ProcessId, free_port
from etlocal.settings import Settings
from etlocal.stack import NotRunningError, Stack, StackError


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
