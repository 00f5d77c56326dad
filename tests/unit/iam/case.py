"""A case: policies, a request, and the decision that a page of AWS's documentation promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etlocal.iam.documents import Kind, Policy, parse_policy
from etlocal.iam.evaluation import Decision, PolicyType, Reason, evaluate
from etlocal.iam.patterns import ContextValue
from etlocal.iam.requests import Principal, Request

ACCOUNT, OTHER = "111122223333", "444455556666"
BOB = f"arn:aws:iam::{ACCOUNT}:user/team/Bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/etl/Loader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Loader/nightly"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OBJECT = "arn:aws:s3:::lake/raw/a.csv"

USER = Principal.from_arn(BOB)
LOADER = Principal.from_arn(SESSION, role_arn=ROLE)
ROOT_USER = Principal.from_arn(ROOT)
GLUE = Principal.service("glue.amazonaws.com")

# A statement, or a whole document where the version matters.
Document = Mapping[str, Any]


def allow(action: object = "*", resource: object = "*", **more: object) -> Document:
    """A statement of an identity-based policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = "*", resource: object = "*", **more: object) -> Document:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def when(operator: str, key: str, values: object, **more: object) -> Document:
    """A statement that allows everything on a condition."""
    return allow(Condition={operator: {key: values}}, **more)


def to(principal: object, statement: Document) -> Document:
    """The statement, in a resource-based policy."""
    named = {"AWS": principal} if isinstance(principal, (str, list)) else principal
    return {**statement, "Principal": named}


def policy(document: Document | Sequence[Document], kind: Kind = "identity") -> Policy:
    """A policy of one statement, of several, or as its whole document says."""
    if isinstance(document, Mapping) and "Statement" in document:
        return parse_policy(document, kind)
    return parse_policy({"Version": "2012-10-17", "Statement": document}, kind)


@dataclass(frozen=True)
class Case:
    """What is asked with which policies, and what AWS says to it.

    Attributes
    ----------
    name : str
    page : str
        The documentation's page, and the section after a colon.
    expected : str
        The decision's reason.
    by : str or None
        The kind of policy that decides; not compared where None.
    """

    name: str
    page: str
    expected: Reason
    by: PolicyType | None = None
    identity: Sequence[Document] = ()
    resource_policy: Document | Sequence[Document] | None = None
    boundary: Document | None = None
    session: Sequence[Document] = ()
    principal: Principal = USER
    action: str = "s3:GetObject"
    resource: str = OBJECT
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_account: str | None = None
    required: bool = False

    def decide(self) -> Decision:
        return evaluate(
            Request(self.principal, self.action, self.resource, self.context),
            identity=[policy(each) for each in self.identity],
            resource=policy(self.resource_policy, "resource") if self.resource_policy else None,
            boundary=policy(self.boundary) if self.boundary else None,
            session=[policy(each) for each in self.session],
            resource_account=self.resource_account,
            resource_policy_required=self.required,
        )
