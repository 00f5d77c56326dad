"""The threads that crawl, and what a restart does with crawls left in the middle."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.announcing import announce_end, announce_start
from etlocal.glue.crawler.crawl import Crawl, CrawlError, acting_as
from etlocal.glue.crawler.listing import CrawlCancelledError
from etlocal.glue.crawler.log import CrawlLog
from etlocal.glue.crawler.sampling import Readers
from etlocal.glue.crawler.writing import Summary

COMPLETED, FAILED, STOPPED = "COMPLETED", "FAILED", "STOPPED"
_CRAWLS_AT_ONCE = 4
_LONGEST_ERROR = 2048
_ENDPOINT_PATIENCE = 60.0
_ENDPOINT_POLL = 0.2
_LOGGER = logging.getLogger(__name__)


class CrawlPool:
    """Runs crawls in the background, a few at a time; the others wait as RUNNING.

    Parameters
    ----------
    runtime : Runtime
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pool = ThreadPoolExecutor(_CRAWLS_AT_ONCE, thread_name_prefix="crawl")
        self._cancelled: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def submit(self, call: Call, name: str, crawl_id: str, patience: float = 0) -> None:
        """Run a crawl whose row was begun.

        Parameters
        ----------
        call : Call
        name, crawl_id : str
        patience : float
            For how many seconds an endpoint that does not take calls yet is tried again.
        """
        cancelled = threading.Event()
        with self._lock:
            self._cancelled[crawl_id] = cancelled
        self._pool.submit(self._run, call, name, crawl_id, cancelled, patience)

    def cancel(self, crawl_id: str) -> None:
        """End a crawl as soon as it looks; nothing happens if it is not under way."""
        cancelled = self.under_way(crawl_id)
        if cancelled is not None:
            cancelled.set()

    def under_way(self, crawl_id: str) -> threading.Event | None:
        """Give what cancels a crawl that runs or waits in this process, or None."""
        with self._lock:
            return self._cancelled.get(crawl_id)

    def recover(self) -> None:
        """Take up the crawls that a process before this one left in the middle.

        One that was asked to stop is ended; the others are run anew, under the same id.
        """
        with self._runtime.store.transaction() as tx:
            left = tx.execute(
                "SELECT c.account, c.region, c.name, c.crawl_id, r.state AS asked "
                "FROM crawler_crawlers c JOIN crawler_crawls r ON r.account = c.account "
                "AND r.region = c.region AND r.crawl_id = c.crawl_id WHERE c.state <> ?",
                (rows.READY,),
            ).fetchall()
        for row in left:
            call = crawler_call(self._runtime, row["account"], row["region"], row["crawl_id"])
            if row["asked"] == STOPPED:
                rows.end_crawl(call, row["name"], row["crawl_id"], STOPPED, None, {})
                continue
            with call.store.transaction() as tx:
                tx.execute(
                    "UPDATE crawler_crawlers SET state = ? "
                    "WHERE account = ? AND region = ? AND name = ?",
                    (rows.RUNNING, call.account, call.region, row["name"]),
                )
            # Crawls are taken up while the endpoint starts, before it takes calls.
            self.submit(call, row["name"], row["crawl_id"], _ENDPOINT_PATIENCE)

    def close(self) -> None:
        """End the threads; crawls under way stay RUNNING in their rows and are taken up later."""
        self._closing.set()
        with self._lock:
            for cancelled in self._cancelled.values():
                cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._runtime.component(Readers).pool.shutdown(wait=True, cancel_futures=True)

    def _run(
        self, call: Call, name: str, crawl_id: str, cancelled: threading.Event, patience: float
    ) -> None:
        log = CrawlLog(call, name, crawl_id)
        begun = time.monotonic()
        state, error, summary = FAILED, None, Summary()
        try:
            with call.store.transaction() as tx:
                definition = json.loads(rows.crawler(tx, call, name)["definition"])
            log.act_as(acting_as(call, name, definition["Role"]))
            summary = self._crawl(call, definition, crawl_id, cancelled, log, patience)
            state = COMPLETED
        except CrawlCancelledError:
            state = STOPPED
            log.info("The crawl was stopped")
        except (AwsError, ClientError, BotoCoreError, ValueError, CrawlError) as problem:
            error = str(problem)[:_LONGEST_ERROR]
            log.failed(error)
        except Exception as problem:
            _LOGGER.exception("crawl %s of crawler %s failed", crawl_id, name)
            error = f"Internal Service Exception: {type(problem).__name__}: {problem}"
            log.failed(error)
        with self._lock:
            self._cancelled.pop(crawl_id, None)
        if state == STOPPED and self._closing.is_set():
            return
        for kind, counts in summary.to_json().items():
            log.info(f"Run Summary For {kind}:")
            for change, count in counts.items():
                log.info(f"{change}: {count}")
        log.benchmark("Crawler has finished running and is in state READY")
        log.flush()
        rows.end_crawl(call, name, crawl_id, state, error, summary.to_json())
        if state != STOPPED:
            announce_end(call, name, time.monotonic() - begun, summary, error)

    @staticmethod
    def _crawl(
        call: Call,
        definition: Mapping[str, Any],
        crawl_id: str,
        cancelled: threading.Event,
        log: CrawlLog,
        patience: float,
    ) -> Summary:
        """Crawl; within `patience` seconds an endpoint that takes no calls yet is tried again."""
        if cancelled.is_set():
            raise CrawlCancelledError
        announce_start(call, definition["Name"])
        deadline = time.monotonic() + patience
        while True:
            try:
                return Crawl(call, definition, crawl_id, cancelled, log).run()
            except EndpointConnectionError:
                if time.monotonic() >= deadline:
                    raise
                if cancelled.wait(_ENDPOINT_POLL):
                    raise CrawlCancelledError from None


def crawler_call(runtime: Runtime, account: str, region: str, crawl_id: str) -> Call:
    """Give the call that a crawl works with, which outlives the request that started it."""
    return Call(account, region, f"arn:aws:iam::{account}:root", crawl_id, runtime)
