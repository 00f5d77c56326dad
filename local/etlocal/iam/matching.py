"""Whether a statement is about a request: its principal, action, resource and conditions.

Sources: IAM User Guide, "IAM JSON policy elements: Action", "... NotAction", "... Resource",
"... NotResource", "AWS JSON policy elements: Principal" and "... NotPrincipal".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

from etlocal.iam.conditions import fulfilled
from etlocal.iam.documents import Principals, Statement
from etlocal.iam.patterns import ContextValue, matches, resource_tokens, tokens
from etlocal.iam.requests import Principal

_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")


class Naming(enum.IntEnum):
    """How a ``Principal`` element names a principal; a greater one grants more by itself.

    NONE: it does not. ACCOUNT: by its account, which only lets the account's identity-based
    policies decide. ROLE: a session by its role. ITSELF: its user, session, service or provider,
    or everyone.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    ITSELF = 3


def action_matches(pattern: str, action: str) -> bool:
    """Tell whether an action is one that a pattern like ``s3:Get*`` means, in whatever case."""
    found = tokens(pattern.lower(), None)
    return found is not None and matches(found, action.lower())


def resource_matches(
    pattern: str, resource: str, context: Mapping[str, ContextValue] | None = None
) -> bool:
    """Tell whether a resource is one that a pattern means; case matters.

    Parameters
    ----------
    pattern : str
        An ARN, with wildcards and policy variables, or ``*``.
    resource : str
    context : dict or None
        Keys in lower case, for policy variables; None where ``${...}`` is plain text.
    """
    found = resource_tokens(pattern, context)
    return found is not None and matches(found, resource)


def naming(element: Principals, principal: Principal) -> Naming:
    """Tell how a ``Principal`` element names a principal."""
    if element.everyone:
        return Naming.ITSELF
    if principal.kind == "service":
        names = {principal.arn, *principal.other_names}
        return Naming.NONE if names.isdisjoint(element.services) else Naming.ITSELF
    if principal.kind == "federated":
        return Naming.ITSELF if principal.arn in element.federated else Naming.NONE
    if not principal.has_identity:
        return Naming.NONE
    session_or_user = principal.kind == "user" or principal.arn != principal.role
    if principal.kind != "root" and session_or_user and principal.arn in element.aws:
        return Naming.ITSELF
    if principal.role in element.aws:
        return Naming.ROLE
    named = any(account_of(each) == principal.account for each in element.aws)
    return Naming.ACCOUNT if named else Naming.NONE


def excepted(element: Principals, principal: Principal) -> bool:
    """Tell whether a ``NotPrincipal`` element excepts a principal.

    AWS asks first for the account, then for the role, then for the session (or the user): each of
    them must be listed, or it is denied.
    """
    if element.everyone:
        return True
    if not principal.has_identity:
        return naming(element, principal) is Naming.ITSELF
    if not any(account_of(each) == principal.account for each in element.aws):
        return False
    own = {principal.arn, principal.role or principal.arn} if principal.kind != "root" else set()
    return own <= set(element.aws)


def account_of(principal: str) -> str | None:
    """Give the account that an entry of ``Principal.AWS`` means, if it means an account."""
    match = _ROOT.fullmatch(principal)
    if match:
        return match[1]
    return principal if re.fullmatch(r"\d{12}", principal) else None


def applies(
    statement: Statement, action: str, resource: str, context: Mapping[str, ContextValue]
) -> bool:
    """Tell whether a statement is about an action on a resource, whoever asks for it.

    Parameters
    ----------
    statement : Statement
    action, resource : str
    context : dict
        The request's condition keys in lower case.
    """
    if statement.actions is not None:
        if not any(action_matches(each, action) for each in statement.actions):
            return False
    elif any(action_matches(each, action) for each in statement.not_actions or ()):
        return False
    variables = context if statement.variables else None
    if statement.resources is not None:
        if not any(resource_matches(each, resource, variables) for each in statement.resources):
            return False
    elif not _outside(statement.not_resources or (), resource, variables):
        return False
    return all(
        fulfilled(condition, context, variables=statement.variables)
        for condition in statement.conditions
    )


def _outside(
    patterns: tuple[str, ...], resource: str, context: Mapping[str, ContextValue] | None
) -> bool:
    """Tell whether a resource is none that ``NotResource`` lists.

    Documented: where a variable has no value, every attempt to match fails and the statement is
    about nothing. A pattern for another service, region or account has no part in that.
    """
    for pattern in patterns:
        found = resource_tokens(pattern, context)
        if found is None:
            found = resource_tokens(":".join([*pattern.split(":", 5)[:5], "*"]), None)
        if found is not None and matches(found, resource):
            return False
    return True
