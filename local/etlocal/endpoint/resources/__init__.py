"""CloudFormation resource types of our services.

A type is a short module that says which operation makes, changes and deletes the resource and
which attributes it offers; `plugins` makes LocalStack's plug-ins of them. Nothing here imports
LocalStack, so that the overlay can be written by any environment.
"""

from __future__ import annotations

_PLUGINS = "etlocal.endpoint.resources.plugins"

# Type name → plug-in, as an entry point of localstack.cloudformation.resource_providers names it.
ENTRY_POINTS: dict[str, str] = {
    "AWS::Glue::Classifier": f"{_PLUGINS}:GlueClassifierPlugin",
    "AWS::Glue::Connection": f"{_PLUGINS}:GlueConnectionPlugin",
    "AWS::Glue::Crawler": f"{_PLUGINS}:GlueCrawlerPlugin",
    "AWS::Glue::Database": f"{_PLUGINS}:GlueDatabasePlugin",
    "AWS::Glue::Job": f"{_PLUGINS}:GlueJobPlugin",
    "AWS::Glue::Partition": f"{_PLUGINS}:GluePartitionPlugin",
    "AWS::Glue::Table": f"{_PLUGINS}:GlueTablePlugin",
    "AWS::Redshift::Cluster": f"{_PLUGINS}:RedshiftClusterPlugin",
    "AWS::RedshiftServerless::Namespace": f"{_PLUGINS}:ServerlessNamespacePlugin",
    "AWS::RedshiftServerless::Workgroup": f"{_PLUGINS}:ServerlessWorkgroupPlugin",
}
