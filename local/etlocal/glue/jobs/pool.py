"""A bounded pool of background threads."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Pool:
    """Runs tasks in the background, in order of their coming, at most `limit` at once.

    Its threads are daemons: unlike those of `concurrent.futures`, they never hold up the end of
    the process, and what they leave unfinished is taken up at the next start.

    Parameters
    ----------
    limit : int
        How many threads at most; they are made when needed.
    name : str
        What the threads are called.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._closed = False

    def submit(self, task: Callable[[], None]) -> None:
        """Have `task` done; after `close` it is dropped."""
        with self._lock:
            if self._closed:
                return
            self._unfinished += 1
            if len(self._threads) < min(self._unfinished, self._limit):
                name = f"{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._tasks.put(task)

    def close(self, timeout: float) -> None:
        """Take no more tasks and wait for those under way, at most `timeout` seconds each."""
        with self._lock:
            self._closed = True
            threads = list(self._threads)
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            thread.join(timeout)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if not self._closed:
                    task()
            except Exception:
                # A thread of the pool outlives any task.
                LOG.exception("a background task failed")
            finally:
                with self._lock:
                    self._unfinished -= 1
