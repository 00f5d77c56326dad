"""AWS Glue.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Glue"; AWS
Glue Developer Guide, "Specifying AWS Glue resource ARNs": an operation of the catalog needs its
action on the resource and on all that it is in; deleting needs it on what goes with it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from etlocal.iam.actions.needs import ApiCall, Need, on_each, pass_role

_SERVICE = "glue.amazonaws.com"
_TABLE_OPERATIONS = frozenset(
    f"{verb}{noun}"
    for verb, noun in (
        ("Get", "Table"), ("Delete", "Table"), ("Update", "Table"), ("Create", "Table"),
        ("Get", "TableVersion"), ("Get", "TableVersions"), ("Delete", "TableVersion"),
        ("BatchDelete", "TableVersion"), ("Get", "Partition"), ("Get", "Partitions"),
        ("Create", "Partition"), ("Update", "Partition"), ("Delete", "Partition"),
        ("BatchCreate", "Partition"), ("BatchUpdate", "Partition"), ("BatchGet", "Partition"),
        ("BatchDelete", "Partition"), ("Create", "PartitionIndex"), ("Get", "PartitionIndexes"),
        ("Delete", "PartitionIndex"),
    )
)  # fmt: skip
_DATABASE_OPERATIONS = frozenset(
    ["GetDatabase", "UpdateDatabase", "CreateDatabase", "DeleteDatabase", "GetTables"]
)
_CONNECTION_OPERATIONS = frozenset(
    ["GetConnection", "CreateConnection", "UpdateConnection", "DeleteConnection"]
)
_FUNCTION_OPERATIONS = frozenset(
    f"{verb}UserDefinedFunction" for verb in ("Create", "Delete", "Get", "Update")
)
_CATALOG_OPERATIONS = frozenset(["GetDatabases", "SearchTables"])
# Operation → kind of the resource, and the parameter that names it.
_NAMED = {
    **{
        f"{verb}Crawler": ("crawler", "Name")
        for verb in ("Create", "Delete", "Get", "Start", "Stop", "Update")
    },
    **{
        f"{verb}CrawlerSchedule": ("crawler", "CrawlerName") for verb in ("Start", "Stop", "Update")
    },
    "ListCrawls": ("crawler", "CrawlerName"),
    "CreateJob": ("job", "Name"),
    **{
        f"{verb}": ("job", "JobName")
        for verb in (
            "DeleteJob", "GetJob", "UpdateJob", "StartJobRun", "GetJobRun", "GetJobRuns",
            "BatchStopJobRun", "GetJobBookmark", "ResetJobBookmark",
        )
    },
}  # fmt: skip
_SEVERAL = {
    "BatchGetCrawlers": ("crawler", "CrawlerNames"),
    "BatchGetJobs": ("job", "JobNames"),
}
_TAGGING = {"TagResource", "UntagResource", "GetTags"}
# What they hand a role over with.
_PASSING = {"CreateJob", "UpdateJob", "CreateCrawler", "UpdateCrawler"}


def needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of Glue needs."""
    action = f"glue:{call.operation}"
    resources = _resources(call)
    if resources is None:
        return None
    return [*on_each(action, resources), *_passed(call)]


def catalog_needs(
    call: ApiCall, action: str, *, database: str | None = None, table: str | None = None
) -> list[Need]:
    """Need an action on a table or a database, and on all that it is in."""
    found = [call.arn("glue", "catalog")]
    if database is not None:
        found.append(call.arn("glue", f"database/{database}"))
    if table is not None:
        found.append(call.arn("glue", f"table/{database}/{table}"))
    return on_each(f"glue:{action}", found)


def _resources(call: ApiCall) -> list[str] | None:
    operation = call.operation
    if operation in _NAMED:
        kind, parameter = _NAMED[operation]
        return [call.arn("glue", f"{kind}/{call.text(parameter)}")]
    if operation in _SEVERAL:
        kind, parameter = _SEVERAL[operation]
        return [call.arn("glue", f"{kind}/{name}") for name in call.texts(parameter)]
    if operation in _TAGGING:
        return [call.text("ResourceArn")]
    return _catalog_resources(call)


def _catalog_resources(call: ApiCall) -> list[str] | None:
    operation, catalog = call.operation, call.arn("glue", "catalog")
    database = _lower(call.text("DatabaseName"))
    if operation in _CATALOG_OPERATIONS:
        return [catalog]
    if operation in _CONNECTION_OPERATIONS:
        name = call.text("ConnectionName") or _named(call, "ConnectionInput", "Name", "Name")
        return [catalog, call.arn("glue", f"connection/{name}")]
    if operation == "GetConnections":
        return [catalog, call.arn("glue", "connection/*")]
    if operation == "BatchDeleteConnection":
        names = call.texts("ConnectionNameList")
        return [catalog, *(call.arn("glue", f"connection/{each}") for each in names)]
    if operation in _FUNCTION_OPERATIONS:
        name = _named(call, "FunctionInput", "FunctionName", "FunctionName")
        return [
            catalog,
            call.arn("glue", f"database/{database}"),
            call.arn("glue", f"userDefinedFunction/{database}/{_lower(name)}"),
        ]
    if operation == "GetUserDefinedFunctions":
        return [catalog, call.arn("glue", f"database/{database or '*'}")]
    if operation == "BatchDeleteTable":
        tables = [_lower(each) for each in call.texts("TablesToDelete")]
        return _with_tables(call, database, tables)
    if operation in _DATABASE_OPERATIONS:
        name = database or _lower(_named(call, "DatabaseInput", "Name", "Name"))
        found = [catalog, call.arn("glue", f"database/{name}")]
        if operation == "DeleteDatabase":
            found.append(call.arn("glue", f"table/{name}/*"))
            found.append(call.arn("glue", f"userDefinedFunction/{name}/*"))
        return found
    if operation in _TABLE_OPERATIONS:
        table = call.text("TableName") or _named(call, "TableInput", "Name", "Name")
        return _with_tables(call, database, [_lower(table)])
    return None


def _with_tables(call: ApiCall, database: str, tables: Sequence[str]) -> list[str]:
    return [
        call.arn("glue", "catalog"),
        call.arn("glue", f"database/{database}"),
        *(call.arn("glue", f"table/{database}/{each}") for each in tables),
    ]


def _named(call: ApiCall, structure: str, member: str, parameter: str) -> str:
    """Give a name that is a parameter of its own or a member of what is to be made."""
    given: Any = call.parameters.get(structure) or {}
    return call.text(parameter) or str(given.get(member) or "")


def _passed(call: ApiCall) -> list[Need]:
    if call.operation not in _PASSING:
        return []
    update: Any = call.parameters.get("JobUpdate") or {}
    return pass_role(call, call.parameters.get("Role") or update.get("Role"), _SERVICE)


def _lower(name: str) -> str:
    """Fold a name as the catalog does."""
    return name.lower()
