"""Uploads flight files one after the other, whatever happens to the endpoint meanwhile."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.flow import Flow
from tests.e2e.flight_files import FlightFile, FlightFiles

_KINDS = ("good", "good", "good", "bad lines", "header only", "BOM")
_RETRY_SECONDS = 0.2


@dataclass
class Ledger:
    """What was uploaded.

    Attributes
    ----------
    acknowledged : list of FlightFile
        Each was answered with success, once.
    retries : int
        Tries that got no such answer, and were made again.
    """

    acknowledged: list[FlightFile] = field(default_factory=list)
    retries: int = 0


class Stream:
    """A thread that uploads files at random intervals until it is told to end.

    An upload that is not acknowledged is tried again under the same key; one that is never is.

    Parameters
    ----------
    flow : Flow
    files : FlightFiles
    seed : int
    pause : float
        Mean seconds between two uploads.
    rows : int
        Flights in a file.
    """

    def __init__(
        self, flow: Flow, files: FlightFiles, seed: int, *, pause: float, rows: int
    ) -> None:
        self.ledger = Ledger()
        self._flow = flow
        self._files = files
        self._random = random.Random(seed)
        self._pause = pause
        self._rows = rows
        self._end = threading.Event()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begin to upload."""
        self._thread.start()

    def end(self) -> None:
        """Finish the upload that is under way, and upload one file more."""
        self._end.set()
        self._thread.join()
        self._upload(self._files.make(rows=self._rows))

    def give_up(self) -> None:
        """End at once: nothing will take an upload any more."""
        self._end.set()
        self._given_up.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._random.expovariate(1 / self._pause)):
            self._upload(self._files.make(self._random.choice(_KINDS), rows=self._rows))

    def _upload(self, file: FlightFile) -> None:
        while not self._given_up.is_set():
            try:
                self._flow.put(file.body, key=file.key)
            except (BotoCoreError, ClientError):
                self.ledger.retries += 1
                self._given_up.wait(_RETRY_SECONDS)
            else:
                self.ledger.acknowledged.append(file)
                return
