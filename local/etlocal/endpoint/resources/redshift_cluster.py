"""``AWS::Redshift::Cluster``.

Source: AWS CloudFormation User Guide, "AWS::Redshift::Cluster".
"""

from __future__ import annotations

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from etlocal.endpoint.resources.base import (
    Model,
    ResourceType,
    changed,
    tag_changes,
    tag_map,
    without,
)

_MISSING = ("ClusterNotFound", "ClusterNotFoundFault")


class RedshiftCluster(ResourceType):
    """A provisioned cluster; ``Ref`` gives its identifier."""

    type_name = "AWS::Redshift::Cluster"
    service = "redshift"
    identifier = "ClusterIdentifier"
    required = ("ClusterType", "DBName", "MasterUsername", "NodeType")
    create_only = (
        "ClusterIdentifier",
        "OwnerAccount",
        "SnapshotIdentifier",
        "DBName",
        "SnapshotClusterIdentifier",
        "ClusterSubnetGroupName",
        "MasterUsername",
    )
    attributes = (
        "ClusterNamespaceArn",
        "DeferMaintenanceIdentifier",
        "Endpoint",
        "MasterPasswordSecretArn",
    )
    resets: ClassVar[dict[str, Any]] = {"VpcSecurityGroupIds": [], "ClusterSecurityGroups": []}

    def create(self, properties: Model) -> Model:
        """Make the cluster, with its database."""
        name = properties.get("ClusterIdentifier") or self.context.generated_name.lower()
        model = {**properties, "ClusterIdentifier": name}
        self.call("CreateCluster", model)
        return model

    def update(self, properties: Model, previous: Model) -> Model:
        """Change what differs; roles and tags by their own operations."""
        identifier = {"ClusterIdentifier": previous["ClusterIdentifier"]}
        model = {**without(properties, *self.attributes), **identifier}
        before = without(previous, *self.attributes)
        own = ("ClusterIdentifier", "IamRoles", "Tags")
        differing = changed(model, before, resets=self.resets, ignore=own)
        if differing:
            self.call("ModifyCluster", {**differing, **identifier})
        self._change_roles(model, before)
        self._change_tags(model, before)
        return model

    def delete(self, model: Model) -> None:
        """Delete the cluster without a final snapshot."""
        self.call(
            "DeleteCluster",
            {
                "ClusterIdentifier": model["ClusterIdentifier"],
                "SkipFinalClusterSnapshot": True,
            },
        )

    def settled(self, model: Model) -> Model | None:
        """Give the attributes once the cluster is available."""
        cluster = self._found(model)
        if cluster["ClusterStatus"] != "available":
            return None
        endpoint = cluster["Endpoint"]
        shown = {
            "Endpoint": {"Address": endpoint["Address"], "Port": str(endpoint["Port"])},
            "ClusterNamespaceArn": cluster.get("ClusterNamespaceArn"),
            "MasterPasswordSecretArn": cluster.get("MasterPasswordSecretArn"),
        }
        return {**model, **{name: value for name, value in shown.items() if value}}

    def is_gone(self, model: Model) -> bool:
        """Say whether the service knows it no longer."""
        try:
            self._found(model)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return True
            raise
        return False

    def _found(self, model: Model) -> dict[str, Any]:
        answer = self.call("DescribeClusters", {"ClusterIdentifier": model["ClusterIdentifier"]})
        found: dict[str, Any] = answer["Clusters"][0]
        return found

    def _change_roles(self, model: Model, previous: Model) -> None:
        new, old = set(model.get("IamRoles") or ()), set(previous.get("IamRoles") or ())
        if new != old:
            self.call(
                "ModifyClusterIamRoles",
                {
                    "ClusterIdentifier": model["ClusterIdentifier"],
                    "AddIamRoles": sorted(new - old),
                    "RemoveIamRoles": sorted(old - new),
                },
            )

    def _change_tags(self, model: Model, previous: Model) -> None:
        setting, removed = tag_changes(tag_map(model.get("Tags")), tag_map(previous.get("Tags")))
        region, account = self.context.region, self.context.account
        arn = f"arn:aws:redshift:{region}:{account}:cluster:{model['ClusterIdentifier']}"
        if setting:
            tags = [{"Key": key, "Value": value} for key, value in setting.items()]
            self.call("CreateTags", {"ResourceName": arn, "Tags": tags})
        if removed:
            self.call("DeleteTags", {"ResourceName": arn, "TagKeys": removed})
