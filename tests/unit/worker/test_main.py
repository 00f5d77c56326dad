"""The worker tidies up after workers that were killed, and after no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from etlocal.worker.jvm import Jvm
from etlocal.worker.main import remove_leftovers


def test_only_the_folders_of_dead_workers_are_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"etlocal-worker-{dead.pid}-abc"
    kept = [tmp_path / f"etlocal-worker-{os.getpid()}-abc", tmp_path / "etlocal-worker-x-y"]
    for folder in (left, *kept):
        (folder / "jvm-1").mkdir(parents=True)
    remove_leftovers(tmp_path)
    assert not left.exists()
    assert all(folder.exists() for folder in kept)


def test_folder_of_a_dead_worker_stays_as_long_as_a_jvm_lives_in_it(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"etlocal-worker-{dead.pid}-abc"
    (left / "jvm-1").mkdir(parents=True)
    jvm = Jvm([sys.executable, "-c", "input()"], dict(os.environ), left / "jvm-1")

    remove_leftovers(tmp_path)
    assert (left / "jvm-1").exists()

    jvm.kill()
    remove_leftovers(tmp_path)
    assert not left.exists()
