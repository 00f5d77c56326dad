"""Our resource types as LocalStack's plug-ins."""

from __future__ import annotations

from typing import Any

import localstack.services.cloudformation.provider_utils as names
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

from etlocal.endpoint.resources import engine, handler
from etlocal.endpoint.resources.base import Context, ResourceType
from etlocal.endpoint.resources.glue_classifier import GlueClassifier
from etlocal.endpoint.resources.glue_connection import GlueConnection
from etlocal.endpoint.resources.glue_crawler import GlueCrawler
from etlocal.endpoint.resources.glue_database import GlueDatabase
from etlocal.endpoint.resources.glue_job import GlueJob
from etlocal.endpoint.resources.glue_partition import GluePartition
from etlocal.endpoint.resources.glue_table import GlueTable
from etlocal.endpoint.resources.redshift_cluster import RedshiftCluster
from etlocal.endpoint.resources.serverless import ServerlessNamespace, ServerlessWorkgroup

# Kept by LocalStack between the rounds of one event.
_BEGUN = "begun"


class _Provider(ResourceProvider):  # type: ignore[misc]
    """Hands a stack's events to a resource type."""

    resource_type: type[ResourceType]

    def create(self, request: ResourceRequest) -> ProgressEvent:
        """Make the resource."""
        begun = _BEGUN in request.custom_context
        return _event(
            handler.create(self._resource(request), dict(request.desired_state), begun=begun)
        )

    def update(self, request: ResourceRequest) -> ProgressEvent:
        """Change the resource in place."""
        begun = _BEGUN in request.custom_context
        return _event(
            handler.update(
                self._resource(request),
                dict(request.desired_state),
                dict(request.previous_state or {}),
                begun=begun,
            )
        )

    def delete(self, request: ResourceRequest) -> ProgressEvent:
        """Delete the resource."""
        begun = _BEGUN in request.custom_context
        return _event(
            handler.delete(self._resource(request), dict(request.desired_state), begun=begun)
        )

    def _resource(self, request: ResourceRequest) -> ResourceType:
        return self.resource_type(
            Context(
                client=lambda service: getattr(
                    request.aws_client_factory, service.replace("-", "_")
                ),
                account=request.account_id,
                region=request.region_name,
                generated_name=names.generate_default_name(
                    stack_name=request.stack_name, logical_resource_id=request.logical_resource_id
                ),
            )
        )


def _event(progress: handler.Progress) -> ProgressEvent:
    return ProgressEvent(
        status=OperationStatus[progress.status],
        resource_model=progress.model,
        message=progress.message,
        custom_context={_BEGUN: True},
    )


def _provider(resource_type: type[ResourceType]) -> type[_Provider]:
    attributes: dict[str, Any] = {
        "TYPE": resource_type.type_name,
        "SCHEMA": {
            "typeName": resource_type.type_name,
            "primaryIdentifier": [f"/properties/{resource_type.identifier}"],
            "createOnlyProperties": [f"/properties/{name}" for name in resource_type.create_only],
            "readOnlyProperties": [f"/properties/{name}" for name in resource_type.attributes],
        },
        "resource_type": resource_type,
    }
    return type(f"{resource_type.__name__}Provider", (_Provider,), attributes)


class _Plugin(CloudFormationResourceProviderPlugin):  # type: ignore[misc]
    resource_type: type[ResourceType]

    def __init__(self) -> None:
        self.factory: type[_Provider] | None = None

    def load(self) -> None:
        """Offer the provider; LocalStack calls it on the type's first use."""
        self.factory = _PROVIDERS[self.resource_type.type_name]


class GlueClassifierPlugin(_Plugin):
    """``AWS::Glue::Classifier``."""

    name = GlueClassifier.type_name
    resource_type = GlueClassifier


class GlueConnectionPlugin(_Plugin):
    """``AWS::Glue::Connection``."""

    name = GlueConnection.type_name
    resource_type = GlueConnection


class GlueCrawlerPlugin(_Plugin):
    """``AWS::Glue::Crawler``."""

    name = GlueCrawler.type_name
    resource_type = GlueCrawler


class GlueDatabasePlugin(_Plugin):
    """``AWS::Glue::Database``."""

    name = GlueDatabase.type_name
    resource_type = GlueDatabase


class GlueJobPlugin(_Plugin):
    """``AWS::Glue::Job``."""

    name = GlueJob.type_name
    resource_type = GlueJob


class GluePartitionPlugin(_Plugin):
    """``AWS::Glue::Partition``."""

    name = GluePartition.type_name
    resource_type = GluePartition


class GlueTablePlugin(_Plugin):
    """``AWS::Glue::Table``."""

    name = GlueTable.type_name
    resource_type = GlueTable


class RedshiftClusterPlugin(_Plugin):
    """``AWS::Redshift::Cluster``, in place of LocalStack's own."""

    name = RedshiftCluster.type_name
    resource_type = RedshiftCluster


class ServerlessNamespacePlugin(_Plugin):
    """``AWS::RedshiftServerless::Namespace``."""

    name = ServerlessNamespace.type_name
    resource_type = ServerlessNamespace


class ServerlessWorkgroupPlugin(_Plugin):
    """``AWS::RedshiftServerless::Workgroup``."""

    name = ServerlessWorkgroup.type_name
    resource_type = ServerlessWorkgroup


_PROVIDERS = {
    plugin.name: _provider(plugin.resource_type)
    for plugin in (
        GlueClassifierPlugin,
        GlueConnectionPlugin,
        GlueCrawlerPlugin,
        GlueDatabasePlugin,
        GlueJobPlugin,
        GluePartitionPlugin,
        GlueTablePlugin,
        RedshiftClusterPlugin,
        ServerlessNamespacePlugin,
        ServerlessWorkgroupPlugin,
    )
}
# LocalStack imports every plug-in before it carries out the first change of a stack.
engine.apply(_PROVIDERS)
