"""Tasks of one state machine share their AWS clients.

LocalStack assumes the state machine's role and makes a new client for every task, which costs more
than most tasks. Credentials of a role are used for a while here, as AWS's own SDKs do. And the role
is assumed for the state machine, whose ARN a trust policy may ask for: Step Functions Developer
Guide, "Creating an IAM role for your state machine" (*Prevent cross-service confused deputy
issue*).
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from localstack.services.stepfunctions.asl.utils import boto_client
from localstack.services.stepfunctions.backend.execution import Execution

from etlocal.settings import Settings

# Of the hour that AssumeRole's credentials are good for, unless it is asked for another time.
_SECONDS = 900.0
# Of the ARN of a state machine.
_PARTS = 7


_current: list[RoleSessions] = []


def apply(_: Settings) -> None:
    """Assume a role once for the tasks of the next minutes."""
    sessions = RoleSessions(_assumed(boto_client.connect_to))

    details = Execution._get_start_aws_execution_details

    def of_machine(self: Any) -> Any:
        made = details(self)
        # Behind a version's ARN stands its number.
        machine = ":".join(self.state_machine.arn.split(":")[:_PARTS])
        made.role_arn = MachineRole(made.role_arn, machine)
        return made

    Execution._get_start_aws_execution_details = of_machine
    boto_client.connect_to = SimpleNamespace(with_assumed_role=sessions.get)
    _current[:] = [sessions]


def forget() -> None:
    """Have every role assumed again: a reset ends the sessions there are."""
    for sessions in _current:
        sessions.forget()


class MachineRole(str):
    """The ARN of a role, with the state machine that it is assumed for."""

    __slots__ = ("state_machine",)
    state_machine: str

    def __new__(cls, role_arn: str, state_machine: str) -> MachineRole:
        made = super().__new__(cls, role_arn)
        made.state_machine = state_machine
        return made


class RoleSessions:
    """The roles that tasks have assumed.

    Parameters
    ----------
    assume : callable
        Takes keywords, ``role_arn`` and ``region_name`` among them, and gives a factory of clients
        with the role's credentials.
    """

    def __init__(self, assume: Any) -> None:
        self._assume = assume
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], tuple[float, Any]] = {}

    def get(self, *, role_arn: str, region_name: str, **others: Any) -> Any:
        """Give a factory of clients that act as the role."""
        key = role_arn, getattr(role_arn, "state_machine", ""), region_name
        with self._lock:
            until, factory = self._known.get(key, (0.0, None))
            if factory is None or time.monotonic() >= until:
                # Of one name, so that a later session of the role is the same user for services
                # that ask for it, as the Data API does of who reads a statement's result.
                others = {"session_name": _session_name(role_arn), **others}
                factory = self._assume(role_arn=role_arn, region_name=region_name, **others)
                self._known[key] = time.monotonic() + _SECONDS, factory
        return factory

    def forget(self) -> None:
        """Drop the sessions."""
        with self._lock:
            self._known.clear()


def _assumed(connect_to: Any) -> Callable[..., Any]:
    """Give what assumes a role for the state machine that its ARN comes with."""

    def assume(
        *, role_arn: str, region_name: str, service_principal: str, session_name: str, config: Any
    ) -> Any:
        client = connect_to(region_name=region_name, config=config).sts.request_metadata(
            service_principal=service_principal,
            source_arn=getattr(role_arn, "state_machine", None),
        )
        answer = client.assume_role(RoleArn=str(role_arn), RoleSessionName=session_name)
        return connect_to(
            region_name=region_name,
            config=config,
            aws_access_key_id=answer["Credentials"]["AccessKeyId"],
            aws_secret_access_key=answer["Credentials"]["SecretAccessKey"],
            aws_session_token=answer["Credentials"]["SessionToken"],
        )

    return assume


def _session_name(role_arn: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, role_arn).hex
