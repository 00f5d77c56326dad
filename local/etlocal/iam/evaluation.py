"""Whether a request is allowed.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny
access", "Policy evaluation for requests within a single account", "Cross-account policy evaluation
logic" and "Permissions boundaries for IAM entities".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from etlocal.iam.documents import Effect, Policy, Statement
from etlocal.iam.matching import Naming, applies, excepted, naming
from etlocal.iam.requests import Principal, Request

__all__ = ["Decision", "PolicyType", "Principal", "Reason", "Request", "evaluate"]

Reason = Literal["Allowed", "ExplicitDeny", "ImplicitDeny"]
PolicyType = Literal[
    "identity-based", "resource-based", "permissions boundary", "session", "role trust"
]


@dataclass(frozen=True)
class Decision:
    """What became of a request.

    Attributes
    ----------
    reason : str
        ``Allowed``; ``ExplicitDeny``: a statement denies it; ``ImplicitDeny``: none allows it.
    decided_by : str or None
        The kind of the policies that grant it, that deny it, or that do not allow it. None where an
        account's root is allowed what no policy grants.
    statements : tuple of Statement
        The statements that grant or deny it; none where it is denied implicitly.
    policy_arn : str or None
        The managed policy that denies it.
    """

    reason: Reason
    decided_by: PolicyType | None
    statements: tuple[Statement, ...] = ()
    policy_arn: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed."""
        return self.reason == "Allowed"


def evaluate(
    request: Request,
    *,
    identity: Sequence[Policy] = (),
    resource: Policy | None = None,
    boundary: Policy | None = None,
    session: Sequence[Policy] = (),
    resource_account: str | None = None,
    resource_policy_required: bool = False,
) -> Decision:
    """Decide on a request.

    Parameters
    ----------
    request : Request
    identity : sequence of Policy
        The principal's own policies, inline and attached, with those of a user's groups.
    resource : Policy or None
        The policy of the resource.
    boundary : Policy or None
        The permissions boundary of the user or role.
    session : sequence of Policy
        What was given for the session when the role was assumed. Together they are its limit.
    resource_account : str or None
        Where the resource is; None for the principal's account.
    resource_policy_required : bool
        Whether identity-based policies count only where the resource's policy names the account, as
        those of KMS keys and of roles (their trust) do.

    Returns
    -------
    Decision
        A statement that denies it goes before everything. Within one account, the resource's
        policy alone is enough where it names the principal: a user, a session or everyone without
        limit, a role within its boundary and the session's policies. Naming the account is not
        enough. Across accounts, the principal's policies and the resource's must both allow it.
    """
    policies = _Policies(request, identity, resource, boundary, session)
    denial = policies.denial()
    if denial is not None:
        return denial
    principal = request.principal
    if not principal.has_identity:
        granted = policies.allowing("resource-based")
        return Decision("Allowed" if granted else "ImplicitDeny", "resource-based", granted)
    if resource_account not in (None, principal.account):
        return _across_accounts(policies, principal)
    return _within_account(policies, principal, resource_policy_required)


def _across_accounts(policies: _Policies, principal: Principal) -> Decision:
    here, there = policies.allowing("identity-based"), policies.allowing("resource-based")
    if principal.kind != "root":
        if not here:
            return Decision("ImplicitDeny", "identity-based")
        if (limit := policies.limit()) is not None:
            return limit
    if not there:
        return Decision("ImplicitDeny", "resource-based")
    return Decision("Allowed", "identity-based" if here else "resource-based", (*here, *there))


def _within_account(policies: _Policies, principal: Principal, required: bool) -> Decision:
    here, there = policies.allowing("identity-based"), policies.allowing("resource-based")
    named = policies.named_by(there)
    if named is Naming.ITSELF:
        return Decision("Allowed", "resource-based", (*here, *there))
    if named is Naming.NONE and required:
        return Decision("ImplicitDeny", "resource-based")
    if principal.kind == "root":
        return Decision("Allowed", "resource-based" if there else None, there)
    if not here and named is not Naming.ROLE:
        return Decision("ImplicitDeny", "identity-based")
    if (limit := policies.limit()) is not None:
        return limit
    return Decision("Allowed", "identity-based" if here else "resource-based", (*here, *there))


class _Policies:
    """A request's policies by kind, in the order in which denials name them."""

    def __init__(
        self,
        request: Request,
        identity: Sequence[Policy],
        resource: Policy | None,
        boundary: Policy | None,
        session: Sequence[Policy],
    ) -> None:
        self._request = request
        self._context = request.full_context()
        self._kinds: dict[PolicyType, Sequence[Policy]] = {
            "identity-based": identity,
            "resource-based": [resource] if resource else [],
            "permissions boundary": [boundary] if boundary else [],
            "session": session,
        }

    def denial(self) -> Decision | None:
        """Give the first explicit denial there is."""
        for kind, policies in self._kinds.items():
            for policy in policies:
                found = tuple(self._about(policy.statements, "Deny", kind))
                if found:
                    return Decision("ExplicitDeny", kind, found, policy.arn)
        return None

    def allowing(self, kind: PolicyType) -> tuple[Statement, ...]:
        """Give the statements of one kind of policy that allow the request."""
        return tuple(
            statement
            for policy in self._kinds[kind]
            for statement in self._about(policy.statements, "Allow", kind)
        )

    def named_by(self, statements: Iterable[Statement]) -> Naming:
        """Give how statements of the resource's policy name the principal at best."""
        return max((self._naming(each) for each in statements), default=Naming.NONE)

    def limit(self) -> Decision | None:
        """Give the denial of the first boundary or session policy that does not allow it."""
        limits: tuple[PolicyType, ...] = ("permissions boundary", "session")
        for kind in limits:
            if self._kinds[kind] and not self.allowing(kind):
                return Decision("ImplicitDeny", kind)
        return None

    def _about(
        self, statements: Iterable[Statement], effect: Effect, kind: PolicyType
    ) -> Iterable[Statement]:
        request = self._request
        for statement in statements:
            if (
                statement.effect == effect
                and (kind != "resource-based" or self._means_principal(statement))
                and applies(statement, request.action, request.resource, self._context)
            ):
                yield statement

    def _means_principal(self, statement: Statement) -> bool:
        if statement.not_principals is not None:
            # Documented: it denies whoever has a permissions boundary, whomever it excepts.
            bounded = bool(self._kinds["permissions boundary"])
            return bounded or not excepted(statement.not_principals, self._request.principal)
        return self._naming(statement) is not Naming.NONE

    def _naming(self, statement: Statement) -> Naming:
        if statement.principals is None:
            return Naming.NONE
        return naming(statement.principals, self._request.principal)
