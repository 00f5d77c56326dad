"""Glue's crawlers: real ones, that read the data and write the catalog."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.glue.crawler import classifiers, control, crawlers, rows
from etlocal.glue.crawler.firing import Scheduler
from etlocal.glue.crawler.pool import CrawlPool
from etlocal.glue.crawler.sampling import Readers

# Importing these modules enters their operations.
__all__ = ["classifiers", "control", "crawlers", "reset", "start", "stop"]


def start(runtime: Runtime) -> None:
    """Make the room's tables and take up what was left in the middle."""
    runtime.store.ensure(rows.SCHEMA)
    runtime.component(CrawlPool).recover()
    runtime.component(Scheduler).start()


def stop(runtime: Runtime) -> None:
    """End what runs in the background."""
    runtime.component(Scheduler).stop()
    runtime.component(CrawlPool).close()
    for component in (Scheduler, CrawlPool, Readers):
        runtime.drop_component(component)


def reset(runtime: Runtime) -> None:
    """Clear the room's state; crawls under way end without writing."""
    runtime.component(CrawlPool).close()
    for component in (CrawlPool, Readers):
        runtime.drop_component(component)
    with runtime.store.transaction() as tx:
        for table in rows.TABLES:
            tx.execute(f"DELETE FROM {table}")  # noqa: S608  (a constant of this package)
