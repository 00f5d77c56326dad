"""Amazon Redshift: the Data API, Serverless and clusters.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
Redshift Data API", "... for Amazon Redshift Serverless" and "... for Amazon Redshift"; Amazon
Redshift Management Guide, "Authorizing access to the Amazon Redshift Data API".
"""

from __future__ import annotations

from collections.abc import Sequence

from etlocal.iam.actions.needs import ApiCall, Need, on_each, pass_role
from etlocal.iam.patterns import ContextValue

_DATA_TARGETED = frozenset(
    [
        "ExecuteStatement",
        "BatchExecuteStatement",
        "ListDatabases",
        "ListSchemas",
        "ListTables",
        "DescribeTable",
    ]
)
# Operation → action; a statement has no ARN.
_DATA_OWNED = {
    "CancelStatement": "CancelStatement",
    "DescribeStatement": "DescribeStatement",
    "GetStatementResult": "GetStatementResult",
    "GetStatementResultV2": "GetStatementResult",
}
_SERVERLESS_ANY = frozenset(["ListNamespaces", "ListWorkgroups", "ListUsageLimits"])
_TAGGING = frozenset(["TagResource", "UntagResource", "ListTagsForResource"])
_SERVERLESS_SERVICE = "redshift-serverless.amazonaws.com"
_SERVICE = "redshift.amazonaws.com"


def data_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of the Data API needs.

    A request with a secret reads it with the caller's permissions; one that names a cluster and a
    user asks for that user's credentials.
    """
    if call.operation in _DATA_OWNED:
        keys: dict[str, ContextValue] = {}
        owner = call.names.statement_owner(call.text("Id"))
        if owner is not None:
            keys["redshift-data:statement-owner-iam-userid"] = owner
        return [Need(f"redshift-data:{_DATA_OWNED[call.operation]}", context=keys)]
    if call.operation == "ListStatements":
        return [Need("redshift-data:ListStatements")]
    if call.operation not in _DATA_TARGETED:
        return None
    return [*on_each(f"redshift-data:{call.operation}", _targets(call)), *_login(call)]


def _targets(call: ApiCall) -> list[str]:
    workgroup, cluster = call.text("WorkgroupName"), call.text("ClusterIdentifier")
    if workgroup:
        return [workgroup if workgroup.startswith("arn:") else call.names.workgroup(workgroup)]
    return [call.arn("redshift", f"cluster:{cluster}")] if cluster else []


def _login(call: ApiCall) -> list[Need]:
    """Need what the Data API gets the login with."""
    if call.text("SecretArn"):
        arn = call.names.secret(call.text("SecretArn"))
        return [Need("secretsmanager:GetSecretValue", arn, {"secretsmanager:SecretId": arn})]
    if call.text("WorkgroupName"):
        return [Need("redshift-serverless:GetCredentials", _targets(call)[0])]
    cluster = call.text("ClusterIdentifier")
    if not cluster:
        return []
    database = call.text("Database")
    user = call.text("DbUser")
    if not user:
        arns = [call.arn("redshift", f"dbname:{cluster}/{database}")]
        return on_each("redshift:GetClusterCredentialsWithIAM", arns)
    arns = [
        call.arn("redshift", f"dbuser:{cluster}/{user}"),
        call.arn("redshift", f"dbname:{cluster}/{database}"),
    ]
    return on_each("redshift:GetClusterCredentials", arns)


def serverless_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of Redshift Serverless needs."""
    action = f"redshift-serverless:{call.operation}"
    if call.operation in _SERVERLESS_ANY:
        return [Need(action)]
    if call.operation in _TAGGING:
        return [Need(action, call.text("resourceArn"))]
    passed = [
        need
        for role in dict.fromkeys([*call.texts("iamRoles"), call.text("defaultIamRoleArn")])
        for need in pass_role(call, role, _SERVERLESS_SERVICE)
    ]
    if call.operation == "CreateUsageLimit":
        return [Need(action, call.text("resourceArn"))]
    if call.text("workgroupName"):
        return [Need(action, call.names.workgroup(call.text("workgroupName")))]
    if call.text("namespaceName"):
        return [Need(action, call.names.namespace(call.text("namespaceName"))), *passed]
    return None


def cluster_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of Redshift's clusters needs."""
    operation, cluster = call.operation, call.text("ClusterIdentifier")
    action = f"redshift:{operation}"
    if operation in ("CreateTags", "DeleteTags"):
        return [Need(action, call.text("ResourceName"))]
    if operation == "GetClusterCredentials":
        found = [call.arn("redshift", f"dbuser:{cluster}/{call.text('DbUser')}")]
        if call.text("DbName"):
            found.append(call.arn("redshift", f"dbname:{cluster}/{call.text('DbName')}"))
        return on_each(action, found)
    if operation == "GetClusterCredentialsWithIAM":
        name = call.text("DbName") or "*"
        return [Need(action, call.arn("redshift", f"dbname:{cluster}/{name}"))]
    if operation == "DescribeClusters":
        return [Need(action, call.arn("redshift", f"cluster:{cluster or '*'}"))]
    if not cluster:
        return None
    roles = [*call.texts("IamRoles"), *call.texts("AddIamRoles"), call.text("DefaultIamRoleArn")]
    passed = [need for role in dict.fromkeys(roles) for need in pass_role(call, role, _SERVICE)]
    return [Need(action, call.arn("redshift", f"cluster:{cluster}")), *passed]
