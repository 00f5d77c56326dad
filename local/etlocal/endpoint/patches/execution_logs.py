"""The log of executions is written in batches, beside the executions.

LocalStack makes a state wait for a PutLogEvents of its own at every event of its history, some five
for each state. On AWS log delivery is asynchronous and best effort, too.

Source: Step Functions Developer Guide, "Logging using CloudWatch Logs" (delivery is best effort).
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from localstack.aws.api.logs import InputLogEvent
from localstack.services.stepfunctions.asl.eval.event import logging as event_logging

from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

# What comes within this time after a first event goes with it.
_GATHER_SECONDS = 0.05
# PutLogEvents takes 10,000 events and 1 MiB: an event with its data is seldom over some KiB.
_LARGEST_BATCH = 200


def apply(_: Settings) -> None:
    """Hand the events of every execution's log to one thread."""
    writer = LogWriter()

    def publish_history_log(self: Any, history_log: Any) -> None:
        event = InputLogEvent(
            timestamp=int(history_log["event_timestamp"].timestamp() * 1000),
            message=event_logging.to_json_str(history_log),
        )
        writer.add(self, event)

    event_logging.CloudWatchLoggingSession.publish_history_log = publish_history_log


class LogWriter:
    """Writes what it is given, in the order in which it was given, from a thread of its own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
        self._thread: threading.Thread | None = None

    def add(self, session: Any, event: Any) -> None:
        """Take an event to write.

        Parameters
        ----------
        session : localstack CloudWatchLoggingSession
            Knows the log's group and stream, and writes to them.
        event : InputLogEvent
        """
        log = session.configuration
        key = log.log_account_id, log.log_region, log.log_group_name, log.log_stream_name
        with self._changed:
            self._waiting.setdefault(key, []).append((session, event))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="etlocal-execution-logs", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        gathered = threading.Event()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            gathered.wait(_GATHER_SECONDS)
            with self._changed:
                waiting, self._waiting = self._waiting, {}
            for entries in waiting.values():
                for start in range(0, len(entries), _LARGEST_BATCH):
                    self._write(entries[start : start + _LARGEST_BATCH])

    def _write(self, entries: list[tuple[Any, Any]]) -> None:
        session = entries[-1][0]
        # PutLogEvents wants them by their time; those of one time keep their order.
        events = sorted((event for _, event in entries), key=lambda event: event["timestamp"])
        try:
            session._publish_history_log_or_setup(log_events=events)
        except Exception:
            LOG.exception("%s events of executions could not be logged", len(events))
