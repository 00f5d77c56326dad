"""What we change in LocalStack 4.13.0, one module a change, each with its reason.

The version is pinned and frozen, so what is patched stays patched. A change to a service is made
right after LocalStack has imported that service, so that starting imports no more than it has to.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from functools import partial

from etlocal.endpoint.patches.import_hooks import run_after_import
from etlocal.settings import Settings

_BEFORE_IMPORT = ("lazy_annotations", "lazy_batch", "plain_models", "plugin_discovery")
_AT_START = (
    "service_catalog",
    "no_network",
    "cors_origins",
    "http_overhead",
    "malformed_requests",
)
_SERVICES = "localstack.services"
# The patch → the module that is imported, in the order they are applied.
_WITH_SERVICE = {
    "alarm_actions": f"{_SERVICES}.cloudwatch.provider_v2",
    "kms_key_material": f"{_SERVICES}.kms.models",
    "s3_events": f"{_SERVICES}.s3.notifications",
    "s3_notifications": f"{_SERVICES}.s3.notifications",
    "s3_listing": f"{_SERVICES}.s3.provider",
    "event_transformer": f"{_SERVICES}.events.target",
    "event_to_executions": f"{_SERVICES}.events.target",
    "event_delivery": f"{_SERVICES}.events.target",
    "event_routing": f"{_SERVICES}.events.provider",
    "sns_queues": f"{_SERVICES}.sns.publisher",
    "asl_escapes": f"{_SERVICES}.stepfunctions.provider",
    "error_names": f"{_SERVICES}.stepfunctions.provider",
    "jsonpath_cache": f"{_SERVICES}.stepfunctions.provider",
    "shared_programs": f"{_SERVICES}.stepfunctions.provider",
    "task_clients": f"{_SERVICES}.stepfunctions.provider",
    "execution_logs": f"{_SERVICES}.stepfunctions.provider",
    "jsonata": f"{_SERVICES}.stepfunctions.provider",
    "sync_tasks": f"{_SERVICES}.stepfunctions.provider",
    "operation_models": f"{_SERVICES}.stepfunctions.provider",
    "sdk_integrations": f"{_SERVICES}.stepfunctions.provider",
    "clock_scale": f"{_SERVICES}.stepfunctions.provider",
    "lost_connections": f"{_SERVICES}.stepfunctions.provider",
    "stopped_executions": f"{_SERVICES}.stepfunctions.provider",
    "history_pages": f"{_SERVICES}.stepfunctions.provider",
    "unstarted_executions": f"{_SERVICES}.stepfunctions.provider",
    "log_tags": f"{_SERVICES}.logs.provider",
    "cfn_includes": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_unsupported_types": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_deploy_loop": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_updates": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_properties": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_tags": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_constraints": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_parameters": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_dynamic_references": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_rollback": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_events": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_change_sets": f"{_SERVICES}.cloudformation.v2.provider",
    "cfn_log_groups": f"{_SERVICES}.logs.resource_providers.aws_logs_loggroup",
    "cfn_buckets": f"{_SERVICES}.s3.resource_providers.aws_s3_bucket",
    "cfn_topics": f"{_SERVICES}.sns.resource_providers.aws_sns_topic",
    "cfn_keys": f"{_SERVICES}.kms.resource_providers.aws_kms_key",
    "cfn_secrets": f"{_SERVICES}.secretsmanager.resource_providers.aws_secretsmanager_secret",
    "cfn_state_machines": (
        f"{_SERVICES}.stepfunctions.resource_providers.aws_stepfunctions_statemachine"
    ),
}


def apply_before_import() -> None:
    """Apply what must be in place before LocalStack is imported."""
    for name in _BEFORE_IMPORT:
        importlib.import_module(f"{__name__}.{name}").apply()


def apply(settings: Settings) -> None:
    """Apply the others: now, or as soon as their service is imported.

    Parameters
    ----------
    settings : Settings
        etlocal's settings, for those that depend on them.
    """
    for name in _AT_START:
        _apply(name, settings)
    by_module: dict[str, list[str]] = defaultdict(list)
    for name, module in _WITH_SERVICE.items():
        by_module[module].append(name)
    for module, names in by_module.items():
        run_after_import(module, partial(_apply_all, names, settings))


def _apply_all(names: list[str], settings: Settings) -> None:
    for name in names:
        _apply(name, settings)


def _apply(name: str, settings: Settings) -> None:
    importlib.import_module(f"{__name__}.{name}").apply(settings)
