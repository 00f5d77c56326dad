"""Clients on the stand-in for AWS, and the project's own pipeline to deploy on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from etlocal import templates
from etlocal.deploy import Deployment, Plan
from etlocal.templates import Template
from tests.copies import copy_files
from tests.unit.deploy.aws_stub import Stub

STACK = "flights"


@dataclass
class StubClients:
    """What `etlocal.clients.AwsClients` is on AWS, without its pauses."""

    stub: Stub
    place: str = "AWS account 123456789012 in eu-west-1"
    pause: float = 0.0
    patience: float = 60.0
    caller: str = "arn:aws:sts::123456789012:assumed-role/Deployer/ci"

    @property
    def account(self) -> str:
        return self.stub.account

    @property
    def region(self) -> str:
        return self.stub.region

    def client(self, service: str) -> Any:
        return self.stub.client(service)


@dataclass
class Site:
    """One account, and the pipeline's files as they are deployed into it."""

    stub: Stub
    folder: Path

    @property
    def clients(self) -> StubClients:
        return StubClients(self.stub)

    @property
    def template(self) -> Template:
        return templates.load(self.folder / "template.yaml")

    def deployment(self, **options: Any) -> Deployment:
        return Deployment(self.clients, self.template, stack=STACK, **options)

    def plan_shown(self, **options: Any) -> Plan:
        """Deploy, and give the plan that was shown before."""
        shown: list[Plan] = []

        def confirm(plan: Plan) -> bool:
            shown.append(plan)
            return True

        self.deployment(confirm=confirm, **options).run()
        [plan] = shown
        return plan


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An account with nothing in it."""
    # A question takes what is under way to its end: how often one has to ask is not of interest.
    return Site(Stub(pace=1000), copy_files(tmp_path))
