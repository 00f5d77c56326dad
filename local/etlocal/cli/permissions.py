"""``permissions``: what the roles of a run used of what they are granted."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from etlocal.cli.context import Endpoint, StateDir, running
from etlocal.cli.output import say
from etlocal.control import ControlError
from etlocal.iam.documents import Policy, parse_policy
from etlocal.iam.usage import Grant, Use, grants, least_policy, unused


def permissions(
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    role: Annotated[
        str | None, typer.Option(help="Only this role, by its name or the beginning of it")
    ] = None,
    policy: Annotated[
        bool, typer.Option("--policy", help="Print the least policy of each role, as JSON")
    ] = False,
) -> None:
    """Show which granted permissions were used since the last reset, and which were not."""
    target = running(endpoint, state_dir)
    told = target.control().call("GET", "permissions")
    iam = target.clients().client("iam")
    used = _uses(told["decisions"])
    chosen = [
        each
        for page in iam.get_paginator("list_roles").paginate()
        for each in page["Roles"]
        if each["RoleName"].startswith(role or "") and (role or each["Arn"] in used)
    ]
    if role and not chosen:
        raise ControlError(f"there is no role whose name begins with {role!r}")
    if policy:
        least = {each["RoleName"]: least_policy(used.get(each["Arn"], [])) for each in chosen}
        sys.stdout.write(json.dumps(least, indent=2) + "\n")
        return
    for each in chosen:
        uses = used.get(each["Arn"], [])
        _print(each["RoleName"], uses, unused(grants(_policies(iam, each["RoleName"])), uses))
    if told["left_out"]:
        say(f"{told['left_out']} further ones were not kept", style="yellow")


def _uses(decisions: list[dict[str, Any]]) -> dict[str, list[Use]]:
    found: defaultdict[str, list[Use]] = defaultdict(list)
    for each in decisions:
        use = Use(each["action"], each["resource"], each["allowed"], each["count"])
        found[each["principal"]].append(use)
    return found


def _policies(iam: Any, role: str) -> Iterator[Policy]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            answer = iam.get_role_policy(RoleName=role, PolicyName=name)
            yield parse_policy(answer["PolicyDocument"])
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for each in page["AttachedPolicies"]:
            arn = each["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            yield parse_policy(answer["PolicyVersion"]["Document"], arn=arn)


def _print(role: str, uses: list[Use], never: list[Grant]) -> None:
    say(role, style="bold")
    by_action: defaultdict[tuple[bool, str], list[Use]] = defaultdict(list)
    for use in uses:
        by_action[use.allowed, use.action].append(use)
    for (allowed, action), on in sorted(by_action.items(), key=lambda each: each[0][1]):
        say(f"  {'used' if allowed else 'denied'} {action}", style=None if allowed else "red")
        for use in on:
            say(f"    {use.count} x {use.resource}")
    for grant in never:
        on_what = ", ".join(grant.resources) or "all but some"
        sid = f" ({grant.sid})" if grant.sid else ""
        say(f"  unused {grant.action}{sid} on {on_what}", style="yellow")
