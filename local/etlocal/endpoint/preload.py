"""Imports the services a pipeline uses while nobody waits for them.

LocalStack imports a service on its first request, which takes up to seconds; the first upload of a
session would pay for all of them in a row.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)

SERVICES = (
    "s3",
    "sts",
    "iam",
    "events",
    "stepfunctions",
    "sns",
    "sqs",
    "glue",
    "redshift-data",
    "redshift-serverless",
    "secretsmanager",
    "logs",
    "cloudformation",
    "cloudwatch",
)


def start(after_events: Callable[[], None]) -> threading.Thread:
    """Begin to import `SERVICES` in the background, in the order of their first use.

    Parameters
    ----------
    after_events : callable
        Called as soon as S3 and EventBridge know what they knew: from then on events can go on
        that the process before left. Their targets are imported when they are asked.
    """
    thread = threading.Thread(
        target=_load, args=(after_events,), name="etlocal-preload", daemon=True
    )
    thread.start()
    return thread


def _load(after_events: Callable[[], None]) -> None:
    from localstack.services.plugins import SERVICE_PLUGINS

    for name in SERVICES:
        try:
            SERVICE_PLUGINS.require(name)
            if name == "events":
                after_events()
        except Exception:
            # The first request to the service answers with this same failure.
            LOG.exception("%s could not be loaded", name)
    # What is loaded now stays: half a million objects that no collection need walk through again.
    gc.collect()
    gc.freeze()
