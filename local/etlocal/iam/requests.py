"""Who asks for what: principals and requests.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS global condition context
keys" (*Properties of the principal*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from etlocal.aws.arns import Arn, parse_arn
from etlocal.iam.patterns import ContextValue, folded

PrincipalKind = Literal["root", "user", "role", "service", "federated", "anonymous"]

ANONYMOUS = "anonymous"
# What has no identity of an account's own: it has no identity-based policies either.
_FOREIGN: tuple[PrincipalKind, ...] = ("service", "federated", "anonymous")
_TYPES: dict[PrincipalKind, str] = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "anonymous": "Anonymous",
}


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    Attributes
    ----------
    arn : str
        Of an account's root, a user, a role or a role's session; the name of a service
        (``glue.amazonaws.com``) or of an identity provider (``accounts.google.com``, or the ARN of
        a SAML or OIDC provider).
    account : str
        Where its identity is; empty where it has none.
    kind : str
        ``root``, ``user``, ``role`` (a session or the role itself), ``service``, ``federated`` (who
        comes with an identity provider's token to assume a role) or ``anonymous``.
    role_arn : str or None
        Of a session: the role it is of, with its path.
    other_names : tuple of str
        Of a service: its further names (``states.us-east-1.amazonaws.com``).
    """

    arn: str
    account: str
    kind: PrincipalKind
    role_arn: str | None = None
    other_names: tuple[str, ...] = ()

    @classmethod
    def from_arn(cls, arn: str, *, role_arn: str | None = None) -> Principal:
        """Make the principal that an ARN names.

        Parameters
        ----------
        arn : str
            Of a root, a user, a role or an assumed role's session.
        role_arn : str or None
            The session's role. A session's ARN has no path: without this the role has none.

        Raises
        ------
        ValueError
            If the ARN names no such principal.
        """
        parsed = parse_arn(arn)
        kind, _, name = parsed.resource.partition("/")
        if parsed.service == "iam" and parsed.resource == "root":
            return cls(arn, parsed.account, "root")
        if parsed.service == "iam" and kind == "user":
            return cls(arn, parsed.account, "user")
        if parsed.service == "iam" and kind == "role":
            return cls(arn, parsed.account, "role", arn)
        if parsed.service == "sts" and kind == "assumed-role":
            role = Arn(parsed.partition, "iam", "", parsed.account, f"role/{name.split('/')[0]}")
            return cls(arn, parsed.account, "role", role_arn or str(role))
        raise ValueError(f"{arn} names no root, user, role or session of a role")

    @classmethod
    def service(cls, name: str, *other_names: str) -> Principal:
        """Make the principal of an AWS service, e.g. ``glue.amazonaws.com``."""
        return cls(name, "", "service", other_names=other_names)

    @classmethod
    def federated(cls, provider: str) -> Principal:
        """Make the principal of who comes with an identity provider's token."""
        return cls(provider, "", "federated")

    @classmethod
    def anonymous(cls) -> Principal:
        """Make the principal of a request that is not signed."""
        return cls(ANONYMOUS, "", "anonymous")

    @property
    def role(self) -> str | None:
        """The role's ARN, of a role and of its sessions."""
        return (self.role_arn or self.arn) if self.kind == "role" else None

    @property
    def has_identity(self) -> bool:
        """Whether it is an account's, and may have identity-based policies."""
        return self.kind not in _FOREIGN

    def context(self) -> dict[str, ContextValue]:
        """Give the condition keys that say who the principal is.

        What its ARN does not tell (``aws:userid``, tags) is the request's to say.
        """
        keys: dict[str, ContextValue] = {}
        if self.kind in _TYPES:
            keys["aws:PrincipalType"] = _TYPES[self.kind]
        if self.has_identity:
            keys["aws:PrincipalArn"] = self.role or self.arn
            keys["aws:PrincipalAccount"] = self.account
        if self.kind == "user":
            keys["aws:username"] = self.arn.rpartition("/")[2]
        if self.kind == "service":
            keys["aws:PrincipalServiceName"] = self.arn
            keys["aws:PrincipalServiceNamesList"] = (self.arn, *self.other_names)
        if self.has_identity or self.kind == "service":
            keys["aws:PrincipalIsAWSService"] = str(self.kind == "service").lower()
        return keys


@dataclass(frozen=True)
class Request:
    """What a principal asks for.

    Attributes
    ----------
    principal : Principal
    action : str
        ``s3:GetObject``.
    resource : str
        The resource's ARN; ``*`` for an action that is about no particular one.
    context : dict
        Condition keys with their values: text of a single-valued key, a tuple of a multivalued one.
        What `Principal.context` gives need not be here.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)

    def full_context(self) -> dict[str, ContextValue]:
        """Give all the condition keys, in lower case."""
        return folded(self.principal.context()) | folded(self.context)
