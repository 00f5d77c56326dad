"""The workers behind one URL: every address that its host has is one.

A container engine's DNS gives a service's name the addresses of all its containers, so that a
worker that is added, or gone, is known with the next question.
"""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from etlocal.glue.jobs.worker_client import (
    WorkerBusyError,
    WorkerClient,
    WorkerError,
    WorkerUnreachableError,
)
from etlocal.worker.protocol import Health


class Workers:
    """All workers, as the Glue service sees them; safe to use from many threads.

    Parameters
    ----------
    url : str
        Where they answer, ``http://host:port``.

    Raises
    ------
    ValueError
        If `url` is not such a URL.
    """

    def __init__(self, url: str) -> None:
        self._named = WorkerClient(url)
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._path = parts.path
        self._clients: dict[str, WorkerClient] = {url: self._named}
        self._lock = threading.Lock()
        self._closed = False

    def at(self, url: str | None) -> WorkerClient:
        """Give the worker that a run was handed to; None for the one that the settings name."""
        with self._lock:
            client = self._clients.get(url or self._named.url)
            if client is None:
                client = self._clients[str(url)] = WorkerClient(str(url))
                if self._closed:
                    client.close()
            return client

    def choose(self) -> WorkerClient:
        """Give the worker to hand a run to: the one with the most free slots.

        The only one there is given unasked: it says itself whether it has a slot.

        Raises
        ------
        WorkerBusyError
            If no worker has a free slot.
        WorkerUnreachableError
            If there is none, or none answers.
        """
        found = self._addresses()
        if len(found) == 1:
            return found[0]
        free = [(health.free, health.ready, client) for client, health in self._answering(found)]
        most = max(free, key=lambda each: each[:2])
        if most[0] < 1:
            raise WorkerBusyError(f"all slots of {len(free)} workers are taken")
        return most[2]

    def has_free_slot(self) -> bool:
        """Say whether a worker has a free slot.

        Raises
        ------
        WorkerUnreachableError
            If there is none, or none answers.
        """
        return any(health.free for _, health in self._answering(self._addresses()))

    def close(self) -> None:
        """Break off what is being waited for, and answer no more."""
        with self._lock:
            self._closed = True
            clients = list(self._clients.values())
        for client in clients:
            client.close()

    def _addresses(self) -> list[WorkerClient]:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            found = socket.getaddrinfo(self._host, self._port, family, socket.SOCK_STREAM)
        except OSError as error:
            raise WorkerUnreachableError(
                f"no worker is at {self._named.url}: {error}", sent=False
            ) from error
        hosts = sorted({str(address[0]) for *_, address in found})
        if len(hosts) == 1:
            # Its name says more in a message than its address.
            return [self._named] if hosts == [self._host] else [self.at(self._url(hosts[0]))]
        return [self.at(self._url(host)) for host in hosts]

    def _url(self, host: str) -> str:
        bracketed = f"[{host}]" if ":" in host else host
        return f"http://{bracketed}:{self._port}{self._path}"

    def _answering(self, clients: list[WorkerClient]) -> list[tuple[WorkerClient, Health]]:
        answers: list[tuple[WorkerClient, Health]] = []
        failures: list[WorkerError] = []
        for client in clients:
            try:
                answers.append((client, client.health()))
            except WorkerError as error:
                failures.append(error)
        if not answers:
            raise WorkerUnreachableError("; ".join(map(str, failures)), sent=False)
        return answers
