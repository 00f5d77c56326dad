"""Who may assume a role, and what services say of a role that does not trust them.

Sources: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; Step Functions
API Reference, "CreateStateMachine"; the messages are those that AWS answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException

from etlocal.endpoint.enforcement import policies, refusals
from etlocal.endpoint.enforcement.callers import Caller, find_role, of_service
from etlocal.iam.documents import Policy
from etlocal.iam.evaluation import Decision
from etlocal.iam.patterns import ContextValue
from etlocal.iam.trust import may_assume

# Operations whose service looks, when it is handed a role, whether it may assume it: the service,
# the error's code and its message. The others find out when they use the role.
CHECKED = {
    "CreateStateMachine": "states",
    "UpdateStateMachine": "states",
    "CreateCrawler": "glue",
    "UpdateCrawler": "glue",
    "CreateJob": "glue",
    "UpdateJob": "glue",
    "PutTargets": "events",
}
_MESSAGES = {
    "states": (
        "AccessDeniedException",
        "Neither the global service principal states.amazonaws.com, nor the regional one is "
        "authorized to assume the provided role.",
    ),
    "events": (
        "ValidationException",
        "Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.",
    ),
    "crawler": (
        "InvalidInputException",
        "Service is unable to assume provided role. Please verify role's TrustPolicy",
    ),
    "job": (
        "InvalidInputException",
        "Role {role} should be given assume role permissions for Glue Service.",
    ),
}


def decide_assuming(
    caller: Caller, role_arn: str, action: str, context: Mapping[str, ContextValue]
) -> Decision:
    """Decide whether a caller may assume a role.

    Parameters
    ----------
    caller : Caller
    role_arn : str
    action : str
        ``sts:AssumeRole``, or with an identity provider's token.
    context : dict
        The request's condition keys.
    """
    trust = _trust(role_arn)
    if trust is None:
        # AWS does not tell that there is no such role.
        return Decision("ImplicitDeny", "identity-based")
    return may_assume(
        caller.principal,
        trust,
        role_arn=role_arn,
        action=action,
        context={**context, **caller.context},
        identity=caller.identity,
        boundary=caller.boundary,
        session=caller.session,
    )


def distrusted(
    operation: str, role_arn: str, source_arn: str, context: Any
) -> CommonServiceException | None:
    """Give the error of a request that hands over a role its service may not assume.

    Parameters
    ----------
    operation : str
    role_arn : str
    source_arn : str
        For which resource the service would assume it.
    context : localstack.aws.api.RequestContext
        Of the request.

    Returns
    -------
    CommonServiceException or None
        None if the service may, or does not look before it uses the role.
    """
    service = CHECKED.get(operation)
    if service is None:
        return None
    caller = of_service(service, source_arn, context)
    if decide_assuming(caller, role_arn, "sts:AssumeRole", {}).allowed:
        return None
    kind = service
    if service == "glue":
        kind = "crawler" if operation.endswith("Crawler") else "job"
    code, message = _MESSAGES[kind]
    return refusals.invalid(code, message.format(role=role_arn))


def _trust(role_arn: str) -> Policy | None:
    try:
        role = find_role(role_arn)
    except ValueError:
        return None
    if role is None:
        return None
    return policies.read(role.assume_role_policy_document, "trust", role_arn)
