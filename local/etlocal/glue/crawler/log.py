"""A crawl's log in CloudWatch Logs.

Source: AWS Glue Developer Guide, "Monitoring crawlers using CloudWatch" (group
``/aws-glue/crawlers``, one stream a crawler).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.call import Acting, Call, Runtime

LOG_GROUP = "/aws-glue/crawlers"
_LONGEST_LINE = 200_000
_LINES_A_REQUEST = 1_000
_LOGGER = logging.getLogger(__name__)


class Streams:
    """The log streams that are known to exist, so that each is made once a process."""

    def __init__(self, _runtime: Runtime) -> None:
        self._made: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def ensure(self, call: Call, client: Any, stream: str) -> None:
        """Make the group and the stream unless they exist."""
        key = (call.account, call.region, stream)
        with self._lock:
            if key in self._made:
                return
        for create, arguments in (
            (client.create_log_group, {"logGroupName": LOG_GROUP}),
            (client.create_log_stream, {"logGroupName": LOG_GROUP, "logStreamName": stream}),
        ):
            try:
                create(**arguments)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                    raise
        with self._lock:
            self._made.add(key)

    def forget(self, call: Call, stream: str) -> None:
        """Make a stream again next time: someone deleted it."""
        with self._lock:
            self._made.discard((call.account, call.region, stream))


class CrawlLog:
    """Lines of one crawl, sent in batches.

    A crawl does not fail because its log cannot be written; that is said in the process's own log.

    Parameters
    ----------
    call : Call
    crawler : str
        The crawler's name, which is the stream's.
    crawl_id : str
        What each line begins with.
    """

    def __init__(self, call: Call, crawler: str, crawl_id: str) -> None:
        self._call = call
        self._stream = crawler
        self._prefix = crawl_id
        self._lines: list[dict[str, Any]] = []

    def act_as(self, acting: Acting) -> None:
        """Write the log as the crawler's role, where permissions are enforced."""
        if self._call.runtime.authorizer is not None:
            self._call = replace(self._call, acting=acting)

    def benchmark(self, text: str) -> None:
        """Add a line on the crawl's progress."""
        self._add("BENCHMARK", text)

    def info(self, text: str) -> None:
        """Add a line on what was done."""
        self._add("INFO", text)

    def warn(self, text: str) -> None:
        """Add a line on what is not as it should be."""
        self._add("WARN", text)

    def failed(self, text: str) -> None:
        """Add a line on why the crawl fails."""
        self._add("ERROR", text)

    def flush(self) -> None:
        """Send the lines added so far."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        streams = self._call.runtime.component(Streams)
        try:
            client = self._call.client("logs", acting=self._call.acting)
            for start in range(0, len(lines), _LINES_A_REQUEST):
                self._put(client, streams, lines[start : start + _LINES_A_REQUEST])
        except (BotoCoreError, ClientError) as error:
            _LOGGER.warning("the log of crawler %s cannot be written: %s", self._stream, error)

    def _put(self, client: Any, streams: Streams, lines: list[dict[str, Any]]) -> None:
        streams.ensure(self._call, client, self._stream)
        arguments = {
            "logGroupName": LOG_GROUP,
            "logStreamName": self._stream,
            "logEvents": lines,
        }
        try:
            client.put_log_events(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            streams.forget(self._call, self._stream)
            streams.ensure(self._call, client, self._stream)
            client.put_log_events(**arguments)

    def _add(self, level: str, text: str) -> None:
        line = f"[{self._prefix}] {level} : {text}"
        moment = int(self._call.clock.now().timestamp() * 1000)
        self._lines.append({"timestamp": moment, "message": line[:_LONGEST_LINE]})
