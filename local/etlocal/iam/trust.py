"""Who may assume a role, and who may pass it to a service.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access"
(*Resource-based policies*: role trust policies), "Grant a user permissions to pass a role to an AWS
service" and "IAM and AWS STS condition context keys" (``iam:PassedToService``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from etlocal.aws.arns import parse_arn
from etlocal.iam.documents import Policy
from etlocal.iam.evaluation import Decision, evaluate
from etlocal.iam.patterns import ContextValue
from etlocal.iam.requests import Principal, Request


def may_assume(
    principal: Principal,
    trust: Policy,
    *,
    role_arn: str,
    action: str = "sts:AssumeRole",
    context: Mapping[str, ContextValue] | None = None,
    identity: Sequence[Policy] = (),
    boundary: Policy | None = None,
    session: Sequence[Policy] = (),
) -> Decision:
    """Decide whether a principal may assume a role.

    Parameters
    ----------
    principal : Principal
        A user, a role, a service, or who comes with an identity provider's token.
    trust : Policy
        The role's trust policy.
    role_arn : str
    action : str
        Also ``sts:AssumeRoleWithSAML``, ``sts:AssumeRoleWithWebIdentity``, ``sts:TagSession``.
    context : dict or None
        Condition keys, e.g. ``sts:ExternalId``.
    identity, boundary, session
        The principal's policies, see `evaluate`.

    Returns
    -------
    Decision
        The trust policy must allow it in any case. It is enough where it names a user, role or
        session of the role's own account; otherwise identity-based policies must allow it too.
    """
    decision = evaluate(
        Request(principal, action, role_arn, context or {}),
        identity=identity,
        resource=trust,
        boundary=boundary,
        session=session,
        resource_account=parse_arn(role_arn).account,
        resource_policy_required=True,
    )
    by_trust = decision.decided_by == "resource-based"
    return replace(decision, decided_by="role trust") if by_trust else decision


def may_pass(
    principal: Principal,
    trust: Policy,
    *,
    role_arn: str,
    service: str | Principal,
    context: Mapping[str, ContextValue] | None = None,
    trust_context: Mapping[str, ContextValue] | None = None,
    identity: Sequence[Policy] = (),
    boundary: Policy | None = None,
    session: Sequence[Policy] = (),
) -> Decision:
    """Decide whether a principal may pass a role to a service, and the service may assume it.

    Parameters
    ----------
    principal : Principal
        Who calls the service.
    trust : Policy
        The role's trust policy.
    role_arn : str
    service : str or Principal
        ``glue.amazonaws.com``.
    context : dict or None
        Condition keys of ``iam:PassRole``; ``iam:PassedToService`` is there anyway.
    trust_context : dict or None
        Condition keys of the service's ``sts:AssumeRole``, e.g. ``aws:SourceAccount``.
    identity, boundary, session
        The principal's policies, see `evaluate`.

    Returns
    -------
    Decision
        About ``iam:PassRole`` if that is denied (a role of another account cannot be passed),
        otherwise the role's trust in the service: ``decided_by`` is then ``role trust``.
    """
    assumer = Principal.service(service) if isinstance(service, str) else service
    keys = {"iam:PassedToService": assumer.arn, **(context or {})}
    if parse_arn(role_arn).account != principal.account:
        return Decision("ImplicitDeny", "identity-based")
    passing = evaluate(
        Request(principal, "iam:PassRole", role_arn, keys),
        identity=identity,
        boundary=boundary,
        session=session,
    )
    if not passing.allowed:
        return passing
    return may_assume(assumer, trust, role_arn=role_arn, context=trust_context)
