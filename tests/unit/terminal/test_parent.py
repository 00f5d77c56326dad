"""A part that ends with the process that started it."""

from __future__ import annotations

import subprocess
import sys
import threading

from etlocal.parent import watch_parent


def test_the_end_of_the_process_is_told_once_and_not_before() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
    told = threading.Event()
    watcher = watch_parent(process.pid, told.set)
    assert not told.wait(0.2)
    process.kill()
    assert told.wait(5)
    watcher.join(5)
    assert not watcher.is_alive()
    process.wait()


def test_a_process_that_is_gone_already_is_told_at_once() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    told = threading.Event()
    watch_parent(process.pid, told.set)
    assert told.wait(5)
