"""Policies as the emulated services keep them, read once each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from localstack.aws.api import CommonServiceException

from etlocal.iam.documents import Kind, MalformedPolicyDocument, Policy, parse_policy


class UnreadablePolicyError(CommonServiceException):  # type: ignore[misc]
    """A policy that is in force cannot be read: whoever it is about may do nothing."""

    def __init__(self, owner: str, error: Exception) -> None:
        super().__init__(
            "InternalFailure", f"A policy of {owner} cannot be read: {error}", status_code=500
        )


def read(
    document: str | Mapping[str, Any], kind: Kind, owner: str, *, arn: str | None = None
) -> Policy:
    """Read a policy.

    Parameters
    ----------
    document : str or dict
    kind : str
        See `etlocal.iam.documents.parse_policy`.
    owner : str
        Whose it is, for an error.
    arn : str or None
        The managed policy's ARN.

    Raises
    ------
    UnreadablePolicyError
        If it breaks the grammar.
    """
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        return _parsed(text, kind, arn)
    except MalformedPolicyDocument as error:
        raise UnreadablePolicyError(owner, error) from error


@lru_cache(maxsize=4096)
def _parsed(text: str, kind: Kind, arn: str | None) -> Policy:
    return parse_policy(text, kind, arn=arn)


def of_entity(entity: Any) -> tuple[Policy, ...]:
    """Give the inline and attached policies of a user, a group or a role of moto's."""
    inline = [read(text, "identity", entity.arn) for text in list(entity.policies.values())]
    attached = [of_managed(each) for each in list(entity.managed_policies.values())]
    return (*inline, *attached)


def of_managed(policy: Any) -> Policy:
    """Give a managed policy of moto's in its default version."""
    documents = [
        version.document
        for version in policy.versions
        if version.version_id == policy.default_version_id
    ]
    return read(documents[0], "identity", policy.arn, arn=policy.arn)


def together(groups: Iterable[Any]) -> tuple[Policy, ...]:
    """Give the policies of several groups."""
    return tuple(policy for group in groups for policy in of_entity(group))
