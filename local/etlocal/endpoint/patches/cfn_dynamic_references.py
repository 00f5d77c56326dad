"""``{{resolve:…}}`` is looked up when a resource is made or changed, each reference by itself.

LocalStack looks references up while it only computes a change set too: a secret of the same stack
is not there then, which it logs (with a log call that itself fails), and a reference to one that
does not exist makes ``DescribeChangeSet`` an internal error. It puts the value of the first
reference in the place of every other one in the same text. A value belongs to its resource only, so
that no change set shows it.

Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.services.cloudformation.engine.v2 import resolving
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
)

from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_SECRET = re.compile(
    r"(?P<id>arn:[^:]+:secretsmanager:[^:]+:\d+:secret:[^:]+|[^:]+)"
    r"(:SecretString(:(?P<key>[^:]*)(:(?P<stage>[^:]*)(:(?P<version>[^:]*))?)?)?)?"
)


def apply(_: Settings) -> None:
    """Resolve in the executor of change sets, and nowhere else."""

    def keep(_: Any, delta: Any) -> Any:
        return delta

    for visitor in (ChangeSetModelPreproc, *_subclasses(ChangeSetModelPreproc)):
        if "_maybe_perform_dynamic_replacements" in vars(visitor):
            visitor._maybe_perform_dynamic_replacements = keep
    ChangeSetModelExecutor._maybe_perform_dynamic_replacements = _resolve_delta


def _subclasses(parent: type[Any]) -> list[type[Any]]:
    return [kind for child in parent.__subclasses__() for kind in (child, *_subclasses(child))]


def _resolve_delta(self: Any, delta: Any) -> Any:
    where = (self._change_set.account_id, self._change_set.region_name)
    if isinstance(delta.before, str):
        try:
            delta.before = resolved(delta.before, *where)
        except (ClientError, ValueError) as error:
            # What a resource was made from may be gone; it must not hinder changing the resource.
            LOG.debug("a former dynamic reference has no value: %s", error)
    if isinstance(delta.after, str):
        delta.after = resolved(delta.after, *where)
    return delta


def resolved(text: str, account: str, region: str) -> str:
    """Put values in place of the dynamic references in a text.

    Parameters
    ----------
    text : str
        A value of a template.
    account, region : str
        Where the stack is.

    Raises
    ------
    botocore.exceptions.ClientError
        If the service has no such value.
    ValueError
        If a reference is not in its service's format, names a key that the secret does not have, or
        names a service that there is no dynamic reference to.
    """

    def value(match: re.Match[str]) -> str:
        service, key = match[1], match[2]
        if service == "secretsmanager":
            return _secret_value(match[0], key, account, region)
        found = resolving.perform_dynamic_reference_lookup(
            resolving.DynamicReference(service, key), account, region
        )
        if found is None:
            raise ValueError(f"Dynamic references to {service} are not supported: {match[0]}")
        return str(found)

    return str(resolving.REGEX_DYNAMIC_REF.sub(value, text))


def _secret_value(reference: str, key: str, account: str, region: str) -> str:
    parts = _SECRET.fullmatch(key)
    if parts is None:
        raise ValueError(
            "Incorrect format is used in the following SecretsManager dynamic reference: "
            f"[{reference}]"
        )
    chosen = {"VersionStage": parts["stage"], "VersionId": parts["version"]}
    client = connect_to(aws_access_key_id=account, region_name=region).secretsmanager
    try:
        answer = client.get_secret_value(
            SecretId=parts["id"], **{name: value for name, value in chosen.items() if value}
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        message = error.response["Error"]["Message"]
        raise ValueError(f"{message} ({reference})") from error
    text = str(answer["SecretString"])
    return text if not parts["key"] else _value_of_key(text, parts["key"], reference)


def _value_of_key(text: str, key: str, reference: str) -> str:
    try:
        members = json.loads(text)
    except ValueError:
        # Without its cause, which would carry the secret.
        raise ValueError(
            f"Could not parse SecretString JSON of the dynamic reference {reference}"
        ) from None
    if not isinstance(members, dict) or key not in members:
        raise ValueError(
            f"Could not find a value associated with JSONKey in SecretString ({reference})"
        )
    return str(members[key])
