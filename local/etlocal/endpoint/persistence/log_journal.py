"""CloudWatch Logs' events in a journal: lines come often, and a group may hold very many."""

from __future__ import annotations

import pickle
import threading
from typing import Any

from moto.logs.models import LogEvent, logs_backends

from etlocal.endpoint.persistence.journal import Journal


class LogJournal:
    """Writes down the events that came to a stream.

    Parameters
    ----------
    journal : Journal
        Where to.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._lock = threading.Lock()

    def record(self, account: str, region: str, group: str, name: str) -> None:
        """Write down the events of a stream that are not written yet.

        Parameters
        ----------
        account, region, group, name : str
            The stream that events came to.
        """
        with self._lock:
            stream = _find(account, region, group, name)
            if stream is None:
                return
            start = getattr(stream, "journaled", 0)
            events = pack(stream.events[start:])
            if events:
                where = (account, region, group, name, stream.creation_time)
                state = (start, events, stream.last_ingestion_time)
                self.journal.append(pickle.dumps((where, state)))
                stream.journaled = start + len(events)

    def replay(self) -> int:
        """Bring the loaded streams to what the records say; give how many there were."""
        count = 0
        for record in self.journal.records():
            where, state = pickle.loads(record)  # noqa: S301  (written by this very class)
            stream = _find(*where[:-1])
            if stream is not None and stream.creation_time == where[-1]:
                _extend(stream, *state)
            count += 1
        for stream in _streams():
            stream.journaled = len(stream.events)
            # Events to come are numbered after those of the processes before.
            last = max((event.event_id for event in stream.events), default=-1)
            LogEvent._event_id = max(LogEvent._event_id, last + 1)
        return count


def pack(events: list[Any]) -> list[tuple[Any, ...]]:
    """Give log events as tuples, which are pickled many times faster."""
    return [
        (event.ingestion_time, event.timestamp, event.message, event.event_id) for event in events
    ]


def unpack(events: list[tuple[Any, ...]]) -> list[Any]:
    """Give the log events that `pack` was given."""
    made = []
    for values in events:
        event = LogEvent.__new__(LogEvent)
        event.ingestion_time, event.timestamp, event.message, event.event_id = values
        made.append(event)
    return made


def _extend(stream: Any, start: int, events: list[tuple[Any, ...]], ingested: int) -> None:
    # What a later snapshot has of them already is not entered twice.
    new = unpack(events[max(len(stream.events) - start, 0) :])
    stream.events += new
    stream.stored_bytes += sum(len(event.message) for event in new)
    stream.upload_sequence_token += 1 if new else 0
    stream.last_ingestion_time = max(ingested, stream.last_ingestion_time or 0)


def _find(account: str, region: str, group: str, name: str) -> Any:
    found = logs_backends[account][region].groups.get(group)
    return None if found is None else found.streams.get(name)


def _streams() -> list[Any]:
    return [
        stream
        for regions in list(logs_backends.values())
        for backend in list(regions.values())
        for group in list(backend.groups.values())
        for stream in list(group.streams.values())
    ]
