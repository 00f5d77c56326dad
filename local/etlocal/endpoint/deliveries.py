"""Makes the deliveries of the outbox: now, again as their policy says, and after a restart."""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from etlocal.aws.clock import Clock
from etlocal.endpoint.persistence.outbox import Delivery, Outbox

LOG = logging.getLogger(__name__)

# A target that does not answer holds one of them; all others go on.
_WORKERS = 64
_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 300.0
_QUEUE_DELAY_SECONDS = 10.0
# How long a reset waits for attempts that are under way.
_REST_SECONDS = 2.0

NOT_RETRYABLE = "NotRetryable"
MAXIMUM_RETRIES = "MaximumRetryAttempts"
MAXIMUM_AGE = "MaximumEventAgeInSeconds"


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, and whether another one can mend it."""

    code: str
    message: str
    is_permanent: bool = False


class UnavailableError(Exception):
    """The dead-letter queue does not answer now: it is to be asked again."""


class Carrier(Protocol):
    """Who knows targets and dead-letter queues."""

    def send(self, delivery: Delivery) -> None:
        """Make one attempt; raise whatever the target answers."""

    def explain(self, error: Exception) -> Failure:
        """Say what an error of `send` means."""

    def bury(self, delivery: Delivery) -> None:
        """Put an event that is not tried again into its queue, if it has one; raise
        `UnavailableError` if that is to be tried again."""


class Era:
    """The time between two resets: what began in one ends with it."""


@dataclass
class Hold:
    """What waits until a request has taken effect."""

    id: str
    era: Era
    deliveries: list[Delivery] = field(default_factory=list)
    calls: list[Callable[[], None]] = field(default_factory=list)


class Courier:
    """Makes deliveries, in threads of its own.

    Parameters
    ----------
    outbox : Outbox
        Where they are kept.
    clock : Clock
        By which delays and ages pass.
    """

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._carrier: Carrier | None = None
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="etlocal-delivery")
        self._changed = threading.Condition()
        self._era = Era()
        self._is_suspended = False
        self._under_way = 0
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._known: set[str] = set()
        self._numbers = itertools.count()
        self._timer: threading.Thread | None = None
        self._holds: dict[str, Hold] = {}

    @property
    def era(self) -> Era:
        """The present era; to be asked for before rules are looked up."""
        return self._era

    def serve(self, carrier: Carrier) -> None:
        """Say who makes the attempts."""
        self._carrier = carrier

    def hold(self, request_id: str) -> Hold:
        """Give the hold of a request that has not taken effect yet."""
        with self._changed:
            return self._holds.setdefault(request_id, Hold(request_id, self._era))

    def take_hold(self, request_id: str) -> Hold | None:
        """Give a request's hold, if it has one, to be released or cancelled."""
        with self._changed:
            return self._holds.pop(request_id, None)

    def post(self, deliveries: Iterable[Delivery], era: Era, hold: Hold | None = None) -> None:
        """Accept deliveries; they will be made, whatever happens, when this returns.

        Parameters
        ----------
        deliveries : iterable of Delivery
            New ones.
        era : Era
            The one in which their rules were looked up; of an earlier one, nothing is accepted.
        hold : Hold or None
            What they wait for.

        Raises
        ------
        sqlite3.Error
            If they cannot be written down.
        """
        new = list(deliveries)
        with self._changed:
            if not new or era is not self._era:
                return
            self._outbox.add(new, hold.id if hold else None)
            self._known.update(each.id for each in new)
            if hold:
                hold.deliveries += new
            else:
                self._schedule(new)

    def release(self, hold: Hold) -> None:
        """Say that a request has taken effect: what waited for it is done now.

        Raises
        ------
        sqlite3.Error
            If that cannot be written down.
        """
        if hold.deliveries:
            with self._changed:
                if hold.era is not self._era:
                    return
                self._outbox.release(hold.id)
                self._schedule(hold.deliveries)

    def cancel(self, hold: Hold) -> None:
        """Say that a request has taken no effect."""
        if hold.deliveries:
            self._outbox.drop(hold.id)
            with self._changed:
                self._known.difference_update(each.id for each in hold.deliveries)

    def settle(self, happened: Iterable[str]) -> None:
        """Say which held requests of the process before took effect; the others did not."""
        self._outbox.settle(happened)

    def is_empty(self) -> bool:
        """Tell whether nothing is on its way."""
        return self._outbox.is_empty()

    def resume(self) -> None:
        """Go on with what the process before left; to be called when targets answer."""
        with self._changed:
            left = [each for each in self._outbox.pending() if each.id not in self._known]
            self._schedule(left)
        if left:
            LOG.warning("%s deliveries were pending when the endpoint ended: resumed", len(left))

    def suspend(self) -> None:
        """Begin no more attempts, and wait a little for those that are under way."""
        with self._changed:
            self._is_suspended = True
        self._rest()

    def go_on(self) -> None:
        """Begin attempts again."""
        with self._changed:
            self._is_suspended = False
            self._changed.notify_all()

    def forget(self) -> None:
        """Drop everything, and begin a new era."""
        with self._changed:
            self._era = Era()
            self._waiting.clear()
            self._known.clear()
            self._holds.clear()
            self._outbox.clear()
        self._rest()

    def _rest(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._under_way, _REST_SECONDS):
                LOG.warning("%s attempts to deliver an event did not end in time", self._under_way)

    def _schedule(self, deliveries: Iterable[Delivery]) -> None:
        """Have deliveries made when they are due; called with the condition held."""
        now, wall = time.monotonic(), time.time()
        for delivery in deliveries:
            self._known.add(delivery.id)
            due = now + max(delivery.due - wall, 0.0)
            heapq.heappush(self._waiting, (due, next(self._numbers), delivery))
        if self._timer is None:
            self._timer = threading.Thread(target=self._run, name="etlocal-outbox", daemon=True)
            self._timer.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (due := self._take_due()):
                    self._changed.wait(self._until_next())
                era = self._era
                self._under_way += len(due)
            for delivery in due:
                self._pool.submit(self._attempt, delivery, era)

    def _take_due(self) -> list[Delivery]:
        due: list[Delivery] = []
        while not self._is_suspended and self._waiting and self._until_next() == 0:
            due.append(heapq.heappop(self._waiting)[2])
        return due

    def _until_next(self) -> float | None:
        if self._is_suspended or not self._waiting:
            return None
        return max(self._waiting[0][0] - time.monotonic(), 0.0)

    def _attempt(self, delivery: Delivery, era: Era) -> None:
        try:
            if era is self._era and self._carrier is not None:
                self._deliver(delivery, era, self._carrier)
        except Exception:
            LOG.exception("the delivery of event %s broke off", delivery.event.get("id"))
            self._again(delivery, era, _LONGEST_DELAY_SECONDS)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _deliver(self, delivery: Delivery, era: Era, carrier: Carrier) -> None:
        if not delivery.verdict and delivery.attempts and self._time_left(delivery) <= 0:
            delivery.verdict = MAXIMUM_AGE
        if not delivery.verdict:
            try:
                carrier.send(delivery)
            except Exception as error:  # noqa: BLE001  (whatever a target answers has failed it)
                self._note(delivery, carrier.explain(error))
            else:
                self._finish(delivery, era)
                return
        if era is not self._era:
            return
        if delivery.verdict:
            self._bury(delivery, era, carrier)
        else:
            self._again(delivery, era, _FIRST_DELAY_SECONDS * 2**delivery.retries)

    def _note(self, delivery: Delivery, failure: Failure) -> None:
        delivery.attempts += 1
        delivery.code, delivery.message = failure.code, failure.message
        if failure.is_permanent:
            delivery.verdict = NOT_RETRYABLE
        elif delivery.retries >= delivery.maximum_retries:
            delivery.verdict = MAXIMUM_RETRIES
        elif self._time_left(delivery) <= 0:
            delivery.verdict = MAXIMUM_AGE

    def _bury(self, delivery: Delivery, era: Era, carrier: Carrier) -> None:
        try:
            carrier.bury(delivery)
        except UnavailableError as error:
            LOG.error(  # noqa: TRY400  (what the queue answered is all there is to tell)
                "event %s could not be put into its dead-letter queue yet: %s",
                delivery.event.get("id"),
                error,
            )
            self._again(delivery, era, _QUEUE_DELAY_SECONDS)
        else:
            self._finish(delivery, era)

    def _finish(self, delivery: Delivery, era: Era) -> None:
        with self._changed:
            if era is not self._era:
                return
            self._known.discard(delivery.id)
            try:
                self._outbox.remove(delivery)
            except sqlite3.Error:
                # The next process delivers it once more, as EventBridge may.
                LOG.exception("event %s was delivered and stays noted", delivery.event.get("id"))

    def _again(self, delivery: Delivery, era: Era, delay: float) -> None:
        delay = min(delay, _LONGEST_DELAY_SECONDS) * random.uniform(0.5, 1.0)
        pause = self._clock.scaled(delay)
        if not delivery.verdict:
            # Not longer than the event may live: then it is given up, on time.
            pause = min(pause, max(self._time_left(delivery), 0.0))
        delivery.due = time.time() + pause
        try:
            self._outbox.update(delivery)
        except sqlite3.Error:
            LOG.exception("a failed attempt for event %s is not noted", delivery.event.get("id"))
        with self._changed:
            if era is self._era:
                self._schedule([delivery])

    def _time_left(self, delivery: Delivery) -> float:
        """Real seconds until the event is too old for its target's policy."""
        return delivery.accepted + self._clock.scaled(delivery.maximum_age) - time.time()


_current: list[Courier] = []


def set_courier(courier: Courier) -> None:
    """Enter the process's courier, for the patches, which are made without it."""
    _current[:] = [courier]


def get_courier() -> Courier:
    """Give the process's courier.

    Raises
    ------
    RuntimeError
        If LocalStack was started by other means than `etlocal.endpoint.launch`.
    """
    if not _current:
        raise RuntimeError("EventBridge needs `python -m etlocal.endpoint.launch`")
    return _current[0]
