"""STS: who calls."""

from __future__ import annotations

from tests.unit.deploy.aws_stub.service import Request, Response, Service


class Sts(Service):
    """AWS STS API Reference, ``GetCallerIdentity``."""

    name = "sts"

    def GetCallerIdentity(self, asked: Request) -> Response:
        """Say that it is a user of the stub's account."""
        return {
            "UserId": "AIDASTUBSTUBSTUBSTUB",
            "Account": self.world.account,
            "Arn": f"arn:aws:iam::{self.world.account}:user/deployer",
        }
