"""Starts the crawlers whose schedule is on, minute by minute."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from datetime import datetime, timedelta

from etlocal.aws.call import Runtime
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.pool import CrawlPool, crawler_call
from etlocal.glue.crawler.schedule import parse_cron

SCHEDULED = "SCHEDULED"
_LOGGER = logging.getLogger(__name__)


class Scheduler:
    """Looks at the schedules once a minute, by the wall clock whatever the time scale.

    Minutes that pass while nothing runs are not made up for, as on AWS.

    Parameters
    ----------
    runtime : Runtime
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="crawler-schedule", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def fire(self, minute: datetime) -> list[str]:
        """Start the crawlers whose schedule matches `minute`, and give their names.

        One that runs already is not started again: that time of its schedule is left out.
        """
        with self._runtime.store.transaction() as tx:
            scheduled = tx.execute(
                "SELECT account, region, name, definition FROM crawler_crawlers "
                "WHERE schedule_state = ?",
                (SCHEDULED,),
            ).fetchall()
        started = []
        for row in scheduled:
            if not parse_cron(json.loads(row["definition"])["Schedule"]).matches(minute):
                continue
            crawl_id = str(uuid.uuid4())
            call = crawler_call(self._runtime, row["account"], row["region"], crawl_id)
            with call.store.transaction() as tx:
                begun = rows.begin_crawl(tx, call, row["name"], crawl_id)
            if begun:
                self._runtime.component(CrawlPool).submit(call, row["name"], crawl_id)
                started.append(row["name"])
            else:
                _LOGGER.warning("crawler %s runs; its schedule is left out once", row["name"])
        return started

    def _loop(self) -> None:
        now = self._runtime.clock.now()
        minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while not self._stopped.wait((minute - self._runtime.clock.now()).total_seconds()):
            try:
                self.fire(minute)
            except Exception:
                _LOGGER.exception("the crawlers' schedules of %s failed", minute)
            minute += timedelta(minutes=1)
