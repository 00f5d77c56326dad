"""``AWS::RedshiftServerless::Namespace`` and ``AWS::RedshiftServerless::Workgroup``.

Source: AWS CloudFormation User Guide, "AWS::RedshiftServerless::Namespace",
"AWS::RedshiftServerless::Workgroup".
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
    text_attributes,
    without,
)


class ServerlessType(ResourceType):
    """A resource type of Amazon Redshift Serverless.

    Attributes
    ----------
    kind : str
        ``Namespace`` or ``Workgroup``: the noun of the operations, and the property under which
        the attributes are.
    """

    service = "redshift-serverless"
    kind: ClassVar[str]
    resets: ClassVar[dict[str, Any]] = {}

    def settled(self, model: Model) -> Model | None:
        """Give the attributes once the resource is available."""
        found = self._found(model)
        if found.get("status") != "AVAILABLE":
            return None
        return {**without(model, self.kind), self.kind: text_attributes(found)}

    def is_gone(self, model: Model) -> bool:
        """Say whether the service knows it no longer."""
        try:
            self._found(model)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return True
            raise
        return False

    def change(
        self, properties: Model, previous: Model, *, together: tuple[str, ...] = ()
    ) -> Model:
        """Change what differs; those of `together` are given together when one of them does."""
        model = without(properties, self.kind)
        before = without(previous, self.kind)
        unchanging = (self.identifier, "Tags", *self.deletion_only)
        differing = changed(model, before, resets=self.resets, ignore=unchanging)
        if any(name in differing for name in together):
            differing |= {name: model[name] for name in together if name in model}
        if differing:
            name = {self.identifier: previous[self.identifier]}
            self.call(f"Update{self.kind}", {**differing, **name})
        self._change_tags(model, before)
        return model

    deletion_only: ClassVar[tuple[str, ...]] = ()

    def _found(self, model: Model) -> dict[str, Any]:
        answer = self.call(f"Get{self.kind}", {self.identifier: model[self.identifier]})
        found: dict[str, Any] = answer[self.kind.lower()]
        return found

    def _change_tags(self, model: Model, previous: Model) -> None:
        setting, removed = tag_changes(tag_map(model.get("Tags")), tag_map(previous.get("Tags")))
        if not setting and not removed:
            return
        arn = self._found(model)[f"{self.kind.lower()}Arn"]
        if setting:
            tags = [{"Key": key, "Value": value} for key, value in setting.items()]
            self.call("TagResource", {"resourceArn": arn, "tags": tags})
        if removed:
            self.call("UntagResource", {"resourceArn": arn, "tagKeys": removed})


class ServerlessNamespace(ServerlessType):
    """A namespace; ``Ref`` gives its name."""

    type_name = "AWS::RedshiftServerless::Namespace"
    kind = "Namespace"
    identifier = "NamespaceName"
    required = ("NamespaceName",)
    create_only = ("NamespaceName",)
    attributes = ("Namespace",)
    resets: ClassVar[dict[str, Any]] = {"IamRoles": [], "LogExports": []}
    deletion_only = ("FinalSnapshotName", "FinalSnapshotRetentionPeriod")

    def create(self, properties: Model) -> Model:
        """Make the namespace, with its database."""
        self.call("CreateNamespace", without(properties, *self.deletion_only))
        return properties

    def update(self, properties: Model, previous: Model) -> Model:
        """Change what differs; user and password of the administrator go together."""
        return self.change(properties, previous, together=("AdminUsername", "AdminUserPassword"))

    def delete(self, model: Model) -> None:
        """Delete the namespace, with the final snapshot that the template asks for."""
        final = {name: model[name] for name in self.deletion_only if name in model}
        self.call("DeleteNamespace", {"NamespaceName": model["NamespaceName"], **final})


class ServerlessWorkgroup(ServerlessType):
    """A workgroup; ``Ref`` gives its name."""

    type_name = "AWS::RedshiftServerless::Workgroup"
    kind = "Workgroup"
    identifier = "WorkgroupName"
    required = ("WorkgroupName",)
    create_only = ("WorkgroupName", "NamespaceName")
    attributes = ("Workgroup",)
    resets: ClassVar[dict[str, Any]] = {"SecurityGroupIds": [], "SubnetIds": []}

    def create(self, properties: Model) -> Model:
        """Make the workgroup, which serves a namespace's database."""
        self.call("CreateWorkgroup", properties)
        return properties

    def update(self, properties: Model, previous: Model) -> Model:
        """Change what differs."""
        return self.change(properties, previous)

    def delete(self, model: Model) -> None:
        """Delete the workgroup; its namespace stays."""
        self.call("DeleteWorkgroup", {"WorkgroupName": model["WorkgroupName"]})
