"""The stub: the services of AWS together, in one account and region."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.aws_stub.cfn_effects import Effects
from tests.unit.deploy.aws_stub.cloudformation import CloudFormation
from tests.unit.deploy.aws_stub.glue import Glue
from tests.unit.deploy.aws_stub.recorder import RecordedCall, Recorder, Refusal, When
from tests.unit.deploy.aws_stub.redshift_data import RedshiftData
from tests.unit.deploy.aws_stub.redshift_serverless import RedshiftServerless
from tests.unit.deploy.aws_stub.s3 import S3
from tests.unit.deploy.aws_stub.s3_state import DIRECT
from tests.unit.deploy.aws_stub.service import Service
from tests.unit.deploy.aws_stub.sts import Sts
from tests.unit.deploy.aws_stub.warehouse import Executes, Warehouse
from tests.unit.deploy.aws_stub.wire import Wire
from tests.unit.deploy.aws_stub.world import World


class Stub:
    """AWS, in memory.

    Parameters
    ----------
    account, region : str
    pace : int
        How many steps of what is under way a question makes.
    page_size : int
        The most items that a page of any listing has.
    own_tables : str
        See `Warehouse`: the pattern of statements that run on real tables.
    executes : callable or None
        Runs all SQL instead.

    Attributes
    ----------
    s3, cloudformation, redshift_data, redshift_serverless, glue : Service
        The services, for injections and for tests that look inside.
    """

    def __init__(
        self,
        account: str = "123456789012",
        region: str = "eu-west-1",
        *,
        pace: int = 1,
        page_size: int = 10,
        own_tables: str = "etlocal",
        executes: Executes | None = None,
    ) -> None:
        self._world = World(account, region)
        self._world.pace = pace
        self._world.page_size = page_size
        self._recorder = Recorder()
        self.s3 = S3(self._world)
        self.glue = Glue(self._world)
        self.redshift_serverless = RedshiftServerless(self._world)
        self.redshift_data = RedshiftData(
            self._world, self.redshift_serverless, Warehouse(own_tables, executes)
        )
        self.cloudformation = CloudFormation(
            self._world,
            self.s3.buckets,
            Effects(self.s3.buckets, self.redshift_serverless, self.glue),
        )
        services: list[Service] = [
            Sts(self._world), self.s3, self.glue, self.redshift_serverless, self.redshift_data,
            self.cloudformation,
        ]  # fmt: skip
        self._services = {each.name: each for each in services}
        self._wire = Wire(self._services, self._recorder, region)

    @property
    def account(self) -> str:
        """The account."""
        return self._world.account

    @property
    def region(self) -> str:
        """The region."""
        return self._world.region

    @property
    def pace(self) -> int:
        """How many steps of what is under way a question makes."""
        return self._world.pace

    @pace.setter
    def pace(self, steps: int) -> None:
        self._world.pace = steps

    def client(self, service: str) -> Any:
        """Give a boto3 client, which never sends anything."""
        return self._wire.client(service)

    @property
    def calls(self) -> list[RecordedCall]:
        """Every call, in order."""
        return self._recorder.calls

    def interrupt(self, *, at: int, when: When) -> None:
        """Raise `Interrupted` at the n-th call, counted from the stub's first.

        Parameters
        ----------
        at : int
        when : str
            ``before`` it has any effect, or ``after`` it, before its answer reaches the caller.
        """
        assert at > len(self.calls), f"call {at} has been made already"
        self._recorder.interruptions[at] = when

    def refuse(
        self,
        call: str,
        *,
        code: str = "AccessDenied",
        message: str = "User is not authorized to perform this operation",
        status: int = 403,
        times: int | None = None,
    ) -> None:
        """Let an operation answer an error instead of having its effect.

        Parameters
        ----------
        call : str
            As ``s3:PutObject``: botocore's name of the service, and the operation.
        code, message, status
            The error: the test answers for its being AWS's.
        times : int or None
            How often; None for always. botocore does not try again: nothing was sent.
        """
        service, _, operation = call.partition(":")
        self._services[service].operation(operation)
        self._recorder.refusals.append(Refusal(call, code, message, status, times))

    def settle(self) -> None:
        """End all that is under way, as AWS would with nobody asking."""
        for service in self._services.values():
            service.settle()

    def snapshot(self) -> dict[str, Any]:
        """Give what there is, without ids and times: to compare two deployments by.

        Ids that the stub made are labels (``<stack/Logical>``). What the deployment itself made up
        (a time, a uuid) is not known here and stays, in objects' content as well.
        """
        return {
            "buckets": self.s3.buckets.snapshot(),
            "stacks": self.cloudformation.snapshot(),
            "warehouse": self.redshift_data.snapshot(),
            "usage limits": self.redshift_serverless.snapshot(),
            "crawlers": self.glue.snapshot(),
        }

    def outside_the_stack(self) -> dict[str, Any]:
        """Give what direct calls made, rather than a stack: buckets, objects and usage limits.

        Objects are by bucket, also those in buckets of a stack; names are as they are.
        """
        own = self.s3.buckets.own()
        limits = self.redshift_serverless
        return {
            "buckets": [bucket.name for bucket in own if bucket.origin == DIRECT],
            "objects": {bucket.name: bucket.listed() for bucket in own if bucket.listed()},
            "usage limits": [
                limits.limits[each] for each in limits.limit_origins if each in limits.limits
            ],
        }
