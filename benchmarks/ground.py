"""What is measured on: a stack of its own in a temporary folder, with the pipeline deployed."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from etlocal import deploy, templates
from etlocal.clients import LocalClients
from etlocal.flow import Flow
from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import ENDPOINT, WORKER, Record, Stack, health
from etlocal.waiting import await_answer

ROOT = Path(__file__).resolve().parents[1]
# A Wait state's 10 s take 10 ms.
SCALED_OUT = 0.001
# Timeouts are scaled as waits are: as long as the template lets them be.
PATIENCE = {"JobTimeoutMinutes": "2880", "DeadlineSeconds": "86400"}
_PATIENT_SECONDS = 600.0


class Ground:
    """A running stack.

    Parameters
    ----------
    stack : Stack
        Started and stopped by `ground`.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.record: Record = stack.start(_quiet, tied=True)
        self.clients = LocalClients(self.record.part(ENDPOINT).url, self.record.settings)

    def restart(self) -> None:
        """End the parts in order and start them again on the same state."""
        self.stack.stop()
        self.record = self.stack.start(_quiet, tied=True)

    def await_worker(self) -> None:
        """Wait until the worker has a warm JVM for the next run."""

        def look() -> bool | None:
            said = health(self.record.part(WORKER))
            return bool(said and said["ready"]) or None

        await_answer(look, seconds=_PATIENT_SECONDS, what="a warm worker")

    def processes(self) -> list[psutil.Process]:
        """Give every process of the stack, parts first."""
        found = []
        for part in self.record.parts:
            process = part.process.find()
            if process is not None:
                found += [process, *process.children(recursive=True)]
        return found

    def deploy(self) -> Pipeline:
        """Deploy the project's pipeline."""
        template = templates.load(ROOT / "template.yaml")
        deployed = deploy.Deployment(
            self.clients, template, stack="pipeline", parameters=dict(PATIENCE)
        ).run()
        return Pipeline(self.clients, deployed)


class Pipeline(Flow):
    """The pipeline on it, its topic's messages awaited by long polls."""

    def __init__(self, clients: LocalClients, deployed: deploy.Deployed) -> None:
        super().__init__(clients, deployed)
        self._days = itertools.count()
        self._sqs = clients.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="benchmark")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self.sns = clients.client("sns")
        self.sns.subscribe(
            TopicArn=deployed.outputs["TopicArn"],
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
        )
        self._s3 = clients.client("s3")

    def new_key(self, *, heard: bool = True) -> str:
        """Give a key of a day that has none yet.

        Parameters
        ----------
        heard : bool
            Whether an object of that key starts an execution. The rule wants ``.csv`` at its end;
            crawler and job read what is there, whatever it is called.
        """
        day = dt.date(2024, 1, 1) + dt.timedelta(days=next(self._days))
        return f"raw/date={day}/{day}.{'csv' if heard else 'text'}"

    def put(self, body: bytes, *, key: str) -> str:
        """Put an object where the pipeline takes its input."""
        self._s3.put_object(Bucket=self.upload_bucket, Key=key, Body=body)
        return key

    def messages(self, count: int = 1, *, seconds: float = _PATIENT_SECONDS) -> list[Any]:
        """Wait for `count` messages, and take them.

        Raises
        ------
        RuntimeError
            If one of them tells of a failure, or they do not come.
        """
        taken: list[Any] = []
        end = time.monotonic() + seconds
        while len(taken) < count:
            if time.monotonic() > end:
                raise RuntimeError(
                    f"{len(taken)} of {count} messages came within {seconds:g} s\n"
                    + self.describe_standing()
                )
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=5
            )
            for each in answer.get("Messages", []):
                taken.append(json.loads(json.loads(each["Body"])["Message"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        failed = [each for each in taken if each.get("Status", "Success") != "Success"]
        if failed:
            raise RuntimeError(f"the pipeline failed: {failed[0]}\n{self.describe_standing()}")
        return taken


@contextmanager
def ground(*, time_scale: float = SCALED_OUT, **given: Any) -> Iterator[Ground]:
    """Start a stack on free ports and in a temporary folder; end it and remove that.

    Parameters
    ----------
    time_scale : float
        Real seconds for one emulated second of waits.
    **given
        More of `etlocal.settings.Settings`.
    """
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder:
        stack = Stack(
            Settings(
                state_dir=Path(folder) / "state",
                port=free_port(),
                worker_port=free_port(),
                time_scale=time_scale,
                **given,
            )
        )
        try:
            yield Ground(stack)
        finally:
            stack.stop()


def _quiet(_text: str) -> None:
    """Take what is being done, and tell nobody."""
