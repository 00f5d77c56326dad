"""Which permissions a call needs, as AWS's Service Authorization Reference says.

An operation that no table knows needs its own name on ``*``: nothing is allowed by being unknown.
"""

from __future__ import annotations

from etlocal.iam.actions import (
    glue,
    identities,
    messaging,
    monitoring,
    redshift,
    s3,
    secrets,
    states,
)
from etlocal.iam.actions.needs import ApiCall, Names, Need, Table

__all__ = ["ApiCall", "Names", "Need", "prefix_of", "required"]

_TABLES: dict[str, Table] = {
    "cloudwatch": monitoring.metrics_needs,
    "events": states.events_needs,
    "glue": glue.needs,
    "iam": identities.iam_needs,
    "kms": secrets.key_needs,
    "logs": monitoring.logs_needs,
    "redshift": redshift.cluster_needs,
    "redshift-data": redshift.data_needs,
    "redshift-serverless": redshift.serverless_needs,
    "s3": s3.needs,
    "secretsmanager": secrets.secret_needs,
    "sns": messaging.sns_needs,
    "sqs": messaging.sqs_needs,
    "stepfunctions": states.states_needs,
    "sts": identities.sts_needs,
}
# Services of one table under two names, and those whose actions have another prefix.
_SAME = {"sqs-query": "sqs"}
_PREFIXES = {"stepfunctions": "states", "s3control": "s3", "resourcegroupstaggingapi": "tag"}


def required(call: ApiCall) -> tuple[Need, ...]:
    """Give the permissions that a call needs: all of them.

    Parameters
    ----------
    call : ApiCall

    Returns
    -------
    tuple of Need
        Empty only for what everyone may call (``sts:GetCallerIdentity``).
    """
    table = _TABLES.get(_SAME.get(call.service, call.service))
    found = table(call) if table is not None else None
    if found is None:
        return (Need(f"{prefix_of(call.service)}:{call.operation}"),)
    return tuple(found)


def prefix_of(service: str) -> str:
    """Give what the actions of a service begin with (``states`` for ``stepfunctions``)."""
    name = _SAME.get(service, service)
    return _PREFIXES.get(name, name)
