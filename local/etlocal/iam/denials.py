"""What AWS answers when a request is denied.

Source: IAM User Guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from etlocal.iam.evaluation import Decision, PolicyType
from etlocal.iam.requests import Request

# How a message names a kind of policy where it denies, and where it does not allow.
_NAMES: dict[PolicyType, tuple[str, str]] = {
    "identity-based": ("an identity-based policy", "identity-based policy"),
    "resource-based": ("a resource-based policy", "resource-based policy"),
    "permissions boundary": ("a permissions boundary", "permissions boundary"),
    "session": ("a session policy", "session policy"),
    "role trust": ("the role trust policy", "role trust policy"),
}


def denial_message(request: Request, decision: Decision) -> str:
    """Give the text of the error ``AccessDenied``.

    Parameters
    ----------
    request : Request
    decision : Decision
        One that denies it.

    Returns
    -------
    str
        It names the resource unless it is ``*``, and the managed policy that denies, if it is one.

    Raises
    ------
    ValueError
        If the decision allows the request.
    """
    if decision.decided_by is None or decision.allowed:
        raise ValueError(f"{request.action} is allowed: there is no denial to tell of")
    text = f"User: {request.principal.arn} is not authorized to perform: {request.action}"
    if request.resource != "*":
        text += f" on resource: {request.resource}"
    denying, allowing = _NAMES[decision.decided_by]
    if decision.reason == "ImplicitDeny":
        return f"{text} because no {allowing} allows the {request.action} action"
    text += f" with an explicit deny in {denying}"
    return f"{text}: {decision.policy_arn}" if decision.policy_arn else text
