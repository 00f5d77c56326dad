"""``AWS::RedshiftServerless::Namespace`` and ``AWS::RedshiftServerless::Workgroup``.

Source: AWS CloudFormation User Guide, "AWS::RedshiftServerless::Namespace",
"AWS::RedshiftServerless::Workgroup"; Amazon Redshift Serverless API Reference, "UpdateNamespace",
"UpdateWorkgroup".
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
from etlocal.endpoint.resources.conform import conform

# The changes that are still to be asked for, kept in the model between the rounds of one update.
_PENDING = "EtlocalPending"


class ServerlessType(ResourceType):
    """A resource type of Amazon Redshift Serverless.

    Attributes
    ----------
    kind : str
        ``Namespace`` or ``Workgroup``: the noun of the operations, and the property under which
        the attributes are.
    resets : dict
        What to ask for when a property is no longer given.
    together : tuple of tuple of str
        Properties that are changed by one request.
    deletion_only : tuple of str
        Properties that say how the resource is deleted.
    """

    service = "redshift-serverless"
    kind: ClassVar[str]
    resets: ClassVar[dict[str, Any]] = {}
    together: ClassVar[tuple[tuple[str, ...], ...]] = ()
    deletion_only: ClassVar[tuple[str, ...]] = ()

    def settled(self, model: Model) -> Model | None:
        """Give the attributes once the resource is available and every change is made."""
        found = self._found(model)
        if found.get("status") != "AVAILABLE":
            return None
        if model.get(_PENDING):
            name = {self.identifier: model[self.identifier]}
            self.call(f"Update{self.kind}", {**model[_PENDING].pop(0), **name})
            return None
        return {**without(model, self.kind, _PENDING), self.kind: text_attributes(found)}

    def is_gone(self, model: Model) -> bool:
        """Say whether the service knows it no longer."""
        try:
            self._found(model)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return True
            raise
        return False

    def update(self, properties: Model, previous: Model) -> Model:
        """Plan the changes, one request each: the service takes no two of them at once."""
        model = without(properties, self.kind)
        before = without(previous, self.kind)
        unchanging = (self.identifier, "Tags", *self.deletion_only)
        differing = changed(model, before, resets=self.resets, ignore=unchanging)
        pending = []
        while differing:
            group = self._group(next(iter(differing)))
            request = {name: model[name] for name in group if name in model}
            pending.append(request | {name: differing[name] for name in group if name in differing})
            differing = without(differing, *group)
        for request in pending:
            # Refused before the first of them is made.
            conform(self.service, f"Update{self.kind}", request)
        self._change_tags(model, before)
        return {**model, _PENDING: pending}

    def _group(self, name: str) -> tuple[str, ...]:
        """Give the properties that go into one request with `name`."""
        return next((group for group in self.together if name in group), (name,))

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
    together = (
        ("AdminUsername", "AdminUserPassword"),
        ("ManageAdminPassword", "AdminPasswordSecretKmsKeyId"),
        ("DefaultIamRoleArn", "IamRoles"),
    )
    deletion_only = ("FinalSnapshotName", "FinalSnapshotRetentionPeriod")

    def create(self, properties: Model) -> Model:
        """Make the namespace, with its database."""
        self.call("CreateNamespace", without(properties, *self.deletion_only))
        return properties

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

    def delete(self, model: Model) -> None:
        """Delete the workgroup; its namespace stays."""
        self.call("DeleteWorkgroup", {"WorkgroupName": model["WorkgroupName"]})
