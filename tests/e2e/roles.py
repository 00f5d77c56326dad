"""Roles of the tests that make their resources by hand, on a stack that enforces permissions."""

from __future__ import annotations

import json
from typing import Any


def make_role(iam: Any, name: str, service: str, *actions: str) -> str:
    """Make a role that a service may assume, and that may do some actions on everything.

    Parameters
    ----------
    iam : boto3 client
    name : str
    service : str
        Without ``.amazonaws.com``.
    *actions : str

    Returns
    -------
    str
        Its ARN.
    """
    assume = {"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_allowing(assume))
    iam.put_role_policy(
        RoleName=name,
        PolicyName="work",
        PolicyDocument=_allowing({"Action": list(actions), "Resource": "*"}),
    )
    arn: str = made["Role"]["Arn"]
    return arn


def _allowing(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
