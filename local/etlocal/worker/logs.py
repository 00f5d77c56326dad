"""What a run prints, on its way to CloudWatch Logs.

See "PutLogEvents" (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
API_PutLogEvents.html) for the limits kept here, and "Logging for AWS Glue jobs" for the groups.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import botocore.exceptions

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import InputLogEventTypeDef

_LOG = logging.getLogger(__name__)
_BATCH_EVENTS = 10_000
_BATCH_BYTES = 1_048_576
_EVENT_BYTES = 262_144
_EVENT_OVERHEAD = 26
_GATHER_SECONDS = 0.1
# Lines held while CloudWatch is slower than a script prints; then the script waits.
_HELD_LINES = 50_000
_ATTEMPTS = 3


class LogStream:
    """One log stream, written by a thread of its own in batches.

    Parameters
    ----------
    client : CloudWatchLogsClient
        Or what has its methods.
    group, stream : str
        Made when absent.
    """

    def __init__(self, client: Any, group: str, stream: str) -> None:
        self._client = client
        self._group = group
        self._stream = stream
        self._changed = threading.Condition()
        self._events: list[InputLogEventTypeDef] = []
        self._closed = False
        self._lost = 0
        self._thread = threading.Thread(target=self._work, name=f"logs-{group}", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add a line; CloudWatch takes no empty one, so that becomes a space."""
        event: InputLogEventTypeDef = {
            "timestamp": time.time_ns() // 1_000_000,
            "message": _cut(line) or " ",
        }
        with self._changed:
            while len(self._events) >= _HELD_LINES and not self._closed:
                self._changed.wait()
            self._events.append(event)
            self._changed.notify_all()

    def close(self) -> None:
        """Send what is left, and wait until it is sent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        self._call("create_log_group", logGroupName=self._group)
        self._call("create_log_stream", logGroupName=self._group, logStreamName=self._stream)
        while batch := self._next():
            self._put(batch)
        if self._lost:
            _LOG.warning("%d lines of %s/%s were lost", self._lost, self._group, self._stream)

    def _next(self) -> list[InputLogEventTypeDef]:
        """Wait for a batch; an empty one says that there is no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed)
            if not self._closed:
                # What is printed at once goes at once.
                self._changed.wait_for(lambda: self._closed, timeout=_GATHER_SECONDS)
            batch = take_batch(self._events)
            self._changed.notify_all()
            return batch

    def _put(self, batch: list[InputLogEventTypeDef]) -> None:
        for _ in range(_ATTEMPTS):
            failure = self._call(
                "put_log_events",
                logGroupName=self._group,
                logStreamName=self._stream,
                logEvents=batch,
            )
            if failure is None:
                return
            if failure == "ResourceNotFoundException":
                # Deleted while the run goes on, as a script's author may do.
                self._call("create_log_group", logGroupName=self._group)
                self._call(
                    "create_log_stream", logGroupName=self._group, logStreamName=self._stream
                )
        self._lost += len(batch)

    def _call(self, operation: str, **request: Any) -> str | None:
        """Call CloudWatch Logs; give the code of its error, or None."""
        try:
            getattr(self._client, operation)(**request)
        except botocore.exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code != "ResourceAlreadyExistsException":
                _LOG.warning("%s on %s failed: %s", operation, self._group, error)
            return code
        except botocore.exceptions.BotoCoreError as error:
            _LOG.warning("%s on %s failed: %s", operation, self._group, error)
            return type(error).__name__
        return None


class RunLogs:
    """The two streams of a run: what it prints, and its errors."""

    def __init__(self, client: Any, output_group: str, error_group: str, run_id: str) -> None:
        self._output = LogStream(client, output_group, run_id)
        self._error = LogStream(client, error_group, run_id)

    def write(self, stream: str, line: str) -> None:
        """Add a line of ``stdout`` or ``stderr``."""
        (self._output if stream == "stdout" else self._error).write(line)

    def close(self) -> None:
        """Send what is left of both, and wait until it is sent."""
        self._output.close()
        self._error.close()


def take_batch(events: list[InputLogEventTypeDef]) -> list[InputLogEventTypeDef]:
    """Take from the front of `events` as many as one PutLogEvents call may carry."""
    size = 0
    count = 0
    for event in events[:_BATCH_EVENTS]:
        size += len(event["message"].encode()) + _EVENT_OVERHEAD
        if size > _BATCH_BYTES:
            break
        count += 1
    batch, events[:count] = events[:count], []
    return batch


def _cut(line: str) -> str:
    raw = line.encode("utf-8", errors="replace")
    limit = _EVENT_BYTES - _EVENT_OVERHEAD
    return line if len(raw) <= limit else raw[:limit].decode("utf-8", errors="ignore")
