"""What a call of an operation needs: actions on resources, with condition keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from etlocal.aws.arns import Arn
from etlocal.iam.patterns import ContextValue

ANY = "*"


@dataclass(frozen=True)
class Need:
    """One permission that a call needs.

    Attributes
    ----------
    action : str
        ``s3:GetObject``.
    resource : str
        The ARN; ``*`` where the action is about no particular resource.
    context : dict
        Condition keys that the service fills in for this action.
    """

    action: str
    resource: str = ANY
    context: Mapping[str, ContextValue] = field(default_factory=dict)


class Names(Protocol):
    """Finds what a request does not tell of the resource it names; the emulator provides it."""

    def role(self, name: str) -> str:
        """Give the ARN of the role of this name, with its path."""
        ...

    def secret(self, secret_id: str) -> str:
        """Give the ARN of the secret of this name or ARN, with the characters AWS adds."""
        ...

    def workgroup(self, name: str) -> str:
        """Give the ARN of a workgroup, which has an id for a name."""
        ...

    def namespace(self, name: str) -> str:
        """Give the ARN of a namespace, which has an id for a name."""
        ...

    def statement_owner(self, statement_id: str) -> str | None:
        """Give ``aws:userid`` of who made a statement of the Data API; None if there is none."""
        ...

    def key(self, key_id: str) -> str:
        """Give the ARN of a KMS key by its id, alias or ARN."""
        ...

    def topic_key(self, topic_arn: str) -> str | None:
        """Give the ARN of the customer managed key that encrypts a topic; None if there is none."""
        ...

    def queue_key(self, queue_arn: str) -> str | None:
        """Give the ARN of the customer managed key that encrypts a queue; None if there is none."""
        ...


@dataclass(frozen=True)
class ApiCall:
    """A call as it came in.

    Attributes
    ----------
    service : str
        botocore's name (``stepfunctions``).
    operation : str
    parameters : dict
        In botocore's shape.
    account, region : str
    names : Names
    partition : str
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    account: str
    region: str
    names: Names = field(repr=False)
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """Give the ARN of a resource of this account and region."""
        return str(Arn(self.partition, service, self.region, self.account, resource))

    def global_arn(self, service: str, resource: str, account: str | None = None) -> str:
        """Give the ARN of a resource that has no region."""
        owner = self.account if account is None else account
        return str(Arn(self.partition, service, "", owner, resource))

    def text(self, name: str) -> str:
        """Give a parameter that is a text; empty if it is not there."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> Sequence[str]:
        """Give the texts of a parameter that is a list."""
        return [each for each in self.parameters.get(name) or () if isinstance(each, str)]

    def items(self, name: str) -> Sequence[Mapping[str, Any]]:
        """Give the structures of a parameter that is a list of them."""
        return [each for each in self.parameters.get(name) or () if isinstance(each, Mapping)]


Table = Callable[[ApiCall], "Sequence[Need] | None"]
"""Gives what a call of one service needs; None for an operation that it does not know."""


def on_each(action: str, resources: Sequence[str]) -> list[Need]:
    """Need one action on every one of several resources; on ``*`` where there are none."""
    return [Need(action, each) for each in dict.fromkeys(resources)] or [Need(action)]


def pass_role(call: ApiCall, role: object, service: str) -> list[Need]:
    """Need ``iam:PassRole`` for a role that is handed over to a service.

    Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service".

    Parameters
    ----------
    call : ApiCall
    role : object
        The parameter: an ARN, a role's name where the service takes one, or nothing.
    service : str
        ``glue.amazonaws.com``.
    """
    if not isinstance(role, str) or not role:
        return []
    arn = role if role.startswith("arn:") else call.names.role(role)
    return [Need("iam:PassRole", arn, {"iam:PassedToService": service})]
