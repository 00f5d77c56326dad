"""The worker tidies up after workers that were killed, and after no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
