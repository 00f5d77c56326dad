"""One disturbed stream, from the start of the stack to the verdict."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from etlocal import deploy, templates
from etlocal.clients import LocalClients
from etlocal.flow import Flow
from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import Record, Stack
from tests.chaos import victims
from tests.chaos.stream import Stream
from tests.chaos.verdict import UNDER_WAY, Judge, Verdict
from tests.e2e.flight_files import FlightFiles, airports

PROJECT = Path(__file__).resolve().parents[2]
# Timeouts are scaled and work is not: a busy machine must not end runs that nobody killed.
JOB_MINUTES = "2880"
# A kind of which nothing lives for so long is left for later, and another one is taken.
_LOOK_SECONDS = 20.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is done to the pipeline.

    Attributes
    ----------
    seed : int
        Decides kinds, moments and files. The processes' own pace does not follow it.
    kills : int
    calm : tuple of (float, float)
        Between how many and how many seconds after everything is up again the next kill comes.
    pause : float
        Mean seconds between two uploads.
    rows : int
        Flights in a file.
    settle : float
        Seconds that the pipeline has, after the last upload, to end what it has begun.
    time_scale : float
        See `etlocal.settings.Settings`. Executions that wait for one another look again and again:
        much smaller, and a backlog of them is all that the endpoint deals with.
    """

    seed: int = 7
    kills: int = 50
    calm: tuple[float, float] = (0.5, 8.0)
    pause: float = 4.0
    rows: int = 30
    settle: float = 300.0
    time_scale: float = 0.05


def run(plan: Plan, state_dir: Path, tell: Tell) -> Verdict:
    """Deploy the project's pipeline on a stack of its own, disturb it, and judge.

    Parameters
    ----------
    plan : Plan
    state_dir : Path
        The stack's state folder; it must be empty.
    tell : callable
        Is told every kill and every restart.

    Raises
    ------
    StackError, DeployError
        If the stack does not come up (again), or the pipeline cannot be deployed.
    """
    settings = Settings(
        state_dir=state_dir,
        port=free_port(),
        worker_port=free_port(),
        time_scale=plan.time_scale,
        enforce_iam=True,
    )
    stack = Stack(settings)
    record = stack.start(tell, tied=True)
    try:
        clients = LocalClients(record.part("endpoint").url, settings)
        template = templates.load(PROJECT / "template.yaml")
        deployment = deploy.Deployment(
            clients, template, stack="pipeline", parameters={"JobTimeoutMinutes": JOB_MINUTES}
        )
        flow = Flow(clients, deployment.run())
        inbox = flow.inbox()
        names = airports(PROJECT / "seed_data" / "airports.csv")
        files = FlightFiles(plan.seed, names)
        stream = Stream(flow, files, plan.seed, pause=plan.pause, rows=plan.rows)
        killer = Killer(plan, stack, record, flow, tell)
        stream.start()
        try:
            killer.run()
        except BaseException:
            stream.give_up()
            raise
        stream.end()
        tell(
            f"{killer.offset()} the stream has ended; {stream.ledger.retries} uploads were retried"
        )
        verdict = Judge(flow, inbox, names).judge(stream.ledger.acknowledged, seconds=plan.settle)
        verdict.counts |= {f"kills of {kind}": killer.killed[kind] for kind in victims.KINDS}
        verdict.counts["uploads retried"] = stream.ledger.retries
        return verdict
    finally:
        stack.stop()


class Killer:
    """Kills parts of a stack, and starts again what does not come back by itself."""

    def __init__(self, plan: Plan, stack: Stack, record: Record, flow: Flow, tell: Tell) -> None:
        self.killed: Counter[str] = Counter()
        self._plan = plan
        self._stack = stack
        self._record = record
        self._glue = flow.clients.client("glue")
        self._job = flow.deployed.outputs["JobName"]
        self._tell = tell
        self._random = random.Random(plan.seed)
        self._began = time.monotonic()
        self._hand: list[str] = []

    def run(self) -> None:
        """Kill as often as planned."""
        for number in range(1, self._plan.kills + 1):
            threading.Event().wait(self._random.uniform(*self._plan.calm))
            found = self._choose()
            killed = found.kill()
            self.killed[found.kind] += 1
            self._tell(
                f"{self.offset()} kill {number}/{self._plan.kills} {found.kind}: "
                f"{', '.join(killed) or 'it had just ended'}"
            )
            if found.kind in ("worker", "endpoint", "all"):
                began = time.monotonic()
                self._record = self._stack.start(lambda _text: None, tied=True)
                self._tell(f"{self.offset()} up again in {time.monotonic() - began:.1f} s")

    def offset(self) -> str:
        """Seconds since the first upload, to print in front of what happens."""
        return f"[{time.monotonic() - self._began:7.2f} s]"

    def _choose(self) -> victims.Victims:
        """Choose a kind, each as often as the others, of which something lives."""
        if not self._hand:
            self._hand = self._random.sample(victims.KINDS, len(victims.KINDS))
        end = time.monotonic() + _LOOK_SECONDS
        while True:
            for kind in self._hand:
                found = victims.find(self._record, kind, running=self._is_running)
                if found is not None:
                    self._hand.remove(kind)
                    return found
                if time.monotonic() < end:
                    break
            else:
                # The ones that are left live during a run only: the others are dealt again.
                self._hand += [kind for kind in victims.KINDS if kind not in self._hand]
            threading.Event().wait(0.05)

    def _is_running(self) -> bool:
        try:
            runs = self._glue.get_job_runs(JobName=self._job, MaxResults=5)["JobRuns"]
        except (BotoCoreError, ClientError):
            return False
        return any(run["JobRunState"] in UNDER_WAY for run in runs)
