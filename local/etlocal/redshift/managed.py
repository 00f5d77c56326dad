"""Administrators' passwords that AWS manages: secrets in Secrets Manager."""

from __future__ import annotations

import json
import secrets

from etlocal.aws.call import Call


def make(call: Call, name: str, user: str) -> str:
    """Make the secret of a namespace or cluster; gives its ARN.

    AWS names it ``redshift!<name>-<user>``, with a character that only AWS's own services may use;
    here a dash stands for it.
    """
    answer = call.client("secretsmanager").create_secret(
        Name=f"redshift-{name}-{user}",
        Description=f"Secret associated with Amazon Redshift {name}",
        SecretString=json.dumps({"username": user, "password": secrets.token_urlsafe(32)}),
    )
    return str(answer["ARN"])


def delete(call: Call, arn: str | None) -> None:
    """Delete a secret, if there is one."""
    if arn is not None:
        call.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
