"""A stack's events on our resource types, over the services' own operations."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.operations import Operations
from etlocal.endpoint.resources import handler
from etlocal.endpoint.resources.base import Context, ResourceType
from etlocal.endpoint.resources.glue_connection import GlueConnection
from etlocal.endpoint.resources.glue_database import GlueDatabase
from etlocal.endpoint.resources.glue_partition import GluePartition
from etlocal.endpoint.resources.glue_table import GlueTable
from etlocal.endpoint.resources.redshift_cluster import RedshiftCluster
from etlocal.endpoint.resources.serverless import ServerlessNamespace, ServerlessWorkgroup
from etlocal.glue import catalog
from etlocal.glue.operations import OPERATIONS

ACCOUNT = "000000000000"


class _Client:
    """A boto3 client of a service, without the wire."""

    def __init__(self, operations: Operations, call: Call) -> None:
        self._operations = operations
        self._call = call
        self._names = {xform_name(name): name for name in operations.model.operation_names}

    def __getattr__(self, method: str) -> Any:
        name = self._names[method]

        def ask(**request: Any) -> dict[str, Any]:
            try:
                return self._operations.handle(name, request, self._call)
            except AwsError as error:
                told: Any = {"Error": {"Code": error.code, "Message": error.message}}
                raise ClientError(told, name) from error

        return ask


@pytest.fixture
def glue(call: Call) -> _Client:
    """Glue over a temporary state file."""
    catalog.start(call.runtime)
    return _Client(OPERATIONS, call)


def _of(kind: type[ResourceType], client: Any) -> ResourceType:
    return kind(Context(lambda _service: client, ACCOUNT, "us-east-1", "Stack-Logical-1a2b"))


def _made(kind: type[ResourceType], client: Any, properties: dict[str, Any]) -> dict[str, Any]:
    progress = handler.create(_of(kind, client), properties, begun=False)
    assert progress.status == "SUCCESS", progress.message
    return progress.model


def _database(name: str | None = "shop", **members: Any) -> dict[str, Any]:
    named = {"Name": name} if name else {}
    return {"CatalogId": ACCOUNT, "DatabaseInput": {**named, **members}}


def test_a_database_is_made_changed_and_deleted_for_real(glue: _Client) -> None:
    model = _made(GlueDatabase, glue, _database())
    assert model["DatabaseName"] == "shop"
    changed = handler.update(
        _of(GlueDatabase, glue), _database(Description="new"), model, begun=False
    )
    assert changed.status == "SUCCESS"
    assert glue.get_database(Name="shop")["Database"]["Description"] == "new"
    assert handler.delete(_of(GlueDatabase, glue), changed.model, begun=False).status == "SUCCESS"
    assert glue.get_databases()["DatabaseList"] == []


def test_a_resource_without_a_name_gets_one_and_keeps_it(glue: _Client) -> None:
    model = _made(GlueDatabase, glue, _database(None))
    assert model["DatabaseName"] == "stack-logical-1a2b"
    later = GlueDatabase(Context(lambda _: glue, ACCOUNT, "us-east-1", "another-name"))
    changed = handler.update(later, _database(None, Description="new"), model, begun=False)
    assert changed.model["DatabaseName"] == "stack-logical-1a2b"
    assert len(glue.get_databases()["DatabaseList"]) == 1


def test_what_exists_already_fails_the_creation_and_stays(glue: _Client) -> None:
    model = _made(GlueDatabase, glue, _database(Description="first"))
    again = handler.create(_of(GlueDatabase, glue), _database(), begun=False)
    assert again.status == "FAILED"
    assert "Database already exists." in again.message
    assert "HandlerErrorCode: AlreadyExists" in again.message
    assert glue.get_database(Name=model["DatabaseName"])["Database"]["Description"] == "first"


def test_deleting_what_is_gone_succeeds(glue: _Client) -> None:
    model = _made(GlueDatabase, glue, _database())
    glue.delete_database(Name="shop")
    assert handler.delete(_of(GlueDatabase, glue), model, begun=False).status == "SUCCESS"


def test_what_a_stack_failed_to_make_is_not_deleted(glue: _Client) -> None:
    glue.create_database(DatabaseInput={"Name": "shop"})
    properties = _database() | {"DatabaseName": "shop"}
    assert handler.create(_of(GlueDatabase, glue), properties, begun=False).status == "FAILED"
    assert handler.delete(_of(GlueDatabase, glue), properties, begun=False).status == "SUCCESS"
    assert glue.get_database(Name="shop")["Database"]["Name"] == "shop"


def test_updating_what_is_gone_fails(glue: _Client) -> None:
    model = _made(GlueDatabase, glue, _database())
    glue.delete_database(Name="shop")
    changed = handler.update(
        _of(GlueDatabase, glue), _database(Description="x"), model, begun=False
    )
    assert changed.status == "FAILED"
    assert "HandlerErrorCode: NotFound" in changed.message


def test_a_table_is_renamed_by_making_the_new_one_first(glue: _Client) -> None:
    _made(GlueDatabase, glue, _database())
    properties = {"CatalogId": ACCOUNT, "DatabaseName": "shop", "TableInput": {"Name": "a"}}
    model = _made(GlueTable, glue, properties)
    renamed = handler.update(
        _of(GlueTable, glue), {**properties, "TableInput": {"Name": "b"}}, model, begun=False
    )
    assert renamed.model["Id"] == "b"
    listed = glue.get_tables(DatabaseName="shop")["TableList"]
    assert [table["Name"] for table in listed] == ["b"]
    # A stack that takes its update back gives the former model, with its attributes.
    back = handler.update(_of(GlueTable, glue), model, renamed.model, begun=False)
    assert back.status == "SUCCESS"
    listed = glue.get_tables(DatabaseName="shop")["TableList"]
    assert [table["Name"] for table in listed] == ["a"]


def test_numbers_in_a_tables_parameters_become_text(glue: _Client) -> None:
    _made(GlueDatabase, glue, _database())
    table = {"Name": "a", "Parameters": {"skip.header.line.count": 1, "areColumnsQuoted": False}}
    _made(GlueTable, glue, {"CatalogId": ACCOUNT, "DatabaseName": "shop", "TableInput": table})
    found = glue.get_table(DatabaseName="shop", Name="a")["Table"]["Parameters"]
    assert found == {"skip.header.line.count": "1", "areColumnsQuoted": "false"}


def test_a_partition_moves_when_its_values_change(glue: _Client) -> None:
    _made(GlueDatabase, glue, _database())
    keys = [{"Name": "day", "Type": "string"}]
    table = {"Name": "t", "PartitionKeys": keys}
    where = {"CatalogId": ACCOUNT, "DatabaseName": "shop"}
    _made(GlueTable, glue, {**where, "TableInput": table})
    properties = {**where, "TableName": "t", "PartitionInput": {"Values": ["1"]}}
    model = _made(GluePartition, glue, properties)
    moved = handler.update(
        _of(GluePartition, glue),
        {**properties, "PartitionInput": {"Values": ["2"]}},
        model,
        begun=False,
    )
    assert moved.model["Id"] == "2"
    found = glue.get_partitions(DatabaseName="shop", TableName="t")["Partitions"]
    assert [partition["Values"] for partition in found] == [["2"]]
    assert handler.delete(_of(GluePartition, glue), moved.model, begun=False).status == "SUCCESS"
    assert glue.get_partitions(DatabaseName="shop", TableName="t")["Partitions"] == []


def test_a_connection_is_replaced_whole(glue: _Client) -> None:
    given = {
        "ConnectionType": "JDBC",
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": "jdbc:postgresql://localhost/dev",
            "SECRET_ID": "s",
        },
    }
    model = _made(GlueConnection, glue, {"CatalogId": ACCOUNT, "ConnectionInput": given})
    assert model["Id"] == "Stack-Logical-1a2b"
    network = {"ConnectionType": "NETWORK", "ConnectionProperties": {}}
    changed = handler.update(
        _of(GlueConnection, glue),
        {"CatalogId": ACCOUNT, "ConnectionInput": network},
        model,
        begun=False,
    )
    assert changed.status == "SUCCESS"
    found = glue.get_connection(Name=model["Id"])["Connection"]
    assert found["ConnectionProperties"] == {}


def test_an_unknown_property_fails_the_resource_by_its_name(glue: _Client) -> None:
    progress = handler.create(_of(GlueDatabase, glue), _database(Colour="red"), begun=False)
    assert progress.status == "FAILED"
    assert "DatabaseInput.Colour" in progress.message
    assert glue.get_databases()["DatabaseList"] == []


def test_a_missing_property_fails_the_resource_by_its_name(glue: _Client) -> None:
    progress = handler.create(_of(GlueDatabase, glue), {"CatalogId": ACCOUNT}, begun=False)
    assert progress.status == "FAILED"
    assert "required key [DatabaseInput] not found" in progress.message


def test_a_read_only_property_of_a_template_fails_the_resource(glue: _Client) -> None:
    given = {"CatalogId": ACCOUNT, "DatabaseName": "d", "TableInput": {"Name": "t"}, "Id": "x"}
    progress = handler.create(_of(GlueTable, glue), given, begun=False)
    assert progress.status == "FAILED"
    assert "Id" in progress.message


class _Serverless:
    """Redshift Serverless whose resources take one look to be there, and one to be gone."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.status = "CREATING"

    def __getattr__(self, method: str) -> Any:
        def ask(**request: Any) -> dict[str, Any]:
            self.requests.append((method, request))
            return self._answer(method)

        return ask

    def _answer(self, method: str) -> dict[str, Any]:
        kind = "workgroup" if "workgroup" in method else "namespace"
        if method.startswith("delete"):
            self.status = "DELETING"
        if not method.startswith("get"):
            return {}
        if self.status == "GONE":
            told: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}
            raise ClientError(told, method)
        shown = self.status
        self.status = {"CREATING": "AVAILABLE", "DELETING": "GONE"}.get(shown, shown)
        return {
            kind: {
                f"{kind}Arn": f"arn:aws:redshift-serverless:us-east-1:{ACCOUNT}:{kind}/1",
                "status": shown,
                "baseCapacity": 8,
                "publiclyAccessible": False,
                "endpoint": {"address": "wg.example", "port": 5439, "vpcEndpoints": []},
            }
        }


def test_a_workgroup_is_waited_for_and_offers_its_endpoint_as_text() -> None:
    client = _Serverless()
    workgroup = _of(ServerlessWorkgroup, client)
    given = {"WorkgroupName": "wg", "NamespaceName": "ns", "BaseCapacity": "8"}
    first = handler.create(workgroup, given, begun=False)
    assert first.status == "IN_PROGRESS"
    second = handler.create(workgroup, first.model, begun=True)
    assert second.status == "SUCCESS"
    assert [method for method, _ in client.requests] == [
        "create_workgroup",
        "get_workgroup",
        "get_workgroup",
    ]
    shown = second.model["Workgroup"]
    assert shown["Endpoint"] == {"Address": "wg.example", "Port": "5439", "VpcEndpoints": []}
    assert shown["WorkgroupArn"].endswith("workgroup/1")
    assert shown["BaseCapacity"] == "8"
    assert shown["PubliclyAccessible"] == "false"
    gone = handler.delete(workgroup, second.model, begun=False)
    assert gone.status == "IN_PROGRESS"
    assert handler.delete(workgroup, second.model, begun=True).status == "SUCCESS"


def _updated(resource: ResourceType, after: Any, before: Any) -> handler.Progress:
    """Ask for an update until it is over."""
    progress = handler.update(resource, after, before, begun=False)
    for _ in range(10):
        if progress.status != "IN_PROGRESS":
            return progress
        progress = handler.update(resource, progress.model, before, begun=True)
    raise AssertionError("the update does not end")


def test_a_namespace_is_asked_only_for_what_changed_one_thing_at_a_time() -> None:
    client = _Serverless()
    client.status = "AVAILABLE"
    namespace = _of(ServerlessNamespace, client)
    before = {
        "NamespaceName": "ns",
        "DbName": "dev",
        "AdminUsername": "admin",
        "AdminUserPassword": "Old1passw",
        "IamRoles": ["arn:aws:iam::000000000000:role/a"],
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}],
        "Namespace": {"Status": "AVAILABLE"},
        "EtlocalMade": True,
    }
    after = {
        "NamespaceName": "ns",
        "DbName": "dev",
        "AdminUsername": "admin",
        "AdminUserPassword": "New1passw",
        "Tags": [{"Key": "a", "Value": "2"}],
        "FinalSnapshotName": "last",
    }
    changed = _updated(namespace, after, before)
    assert changed.status == "SUCCESS", changed.message
    arn = f"arn:aws:redshift-serverless:us-east-1:{ACCOUNT}:namespace/1"
    admin = {"adminUsername": "admin", "adminUserPassword": "New1passw"}
    assert [asked for asked in client.requests if asked[0] != "get_namespace"] == [
        ("tag_resource", {"resourceArn": arn, "tags": [{"key": "a", "value": "2"}]}),
        ("untag_resource", {"resourceArn": arn, "tagKeys": ["b"]}),
        ("update_namespace", {"namespaceName": "ns", **admin}),
        ("update_namespace", {"namespaceName": "ns", "iamRoles": []}),
    ]
    handler.delete(namespace, changed.model, begun=False)
    assert ("delete_namespace", {"namespaceName": "ns", "finalSnapshotName": "last"}) in (
        client.requests
    )


def test_a_change_that_cannot_be_made_is_refused_before_any_other_is_made() -> None:
    client = _Serverless()
    client.status = "AVAILABLE"
    before = {"NamespaceName": "ns", "DbName": "dev", "IamRoles": ["a"]}
    after = {"NamespaceName": "ns", "DbName": "other", "IamRoles": ["b"]}
    changed = _updated(_of(ServerlessNamespace, client), after, before)
    assert changed.status == "FAILED"
    assert "DbName" in changed.message
    assert client.requests == []


def test_a_workgroup_cannot_silently_lose_a_property() -> None:
    client = _Serverless()
    client.status = "AVAILABLE"
    before = {"WorkgroupName": "wg", "NamespaceName": "ns", "MaxCapacity": 16}
    after = {"WorkgroupName": "wg", "NamespaceName": "ns"}
    changed = handler.update(_of(ServerlessWorkgroup, client), after, before, begun=False)
    assert changed.status == "FAILED"
    assert "MaxCapacity" in changed.message
    assert client.requests == []


class _Cluster:
    """Amazon Redshift with one available cluster."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def ask(**request: Any) -> dict[str, Any]:
            self.requests.append((method, request))
            return {
                "Clusters": [
                    {
                        "ClusterStatus": "available",
                        "Endpoint": {"Address": "c.example", "Port": 5439},
                        "ClusterNamespaceArn": "arn:aws:redshift:::namespace:1",
                    }
                ]
            }

        return ask


def test_a_cluster_offers_its_endpoint_and_changes_roles_and_tags_by_their_operations() -> None:
    client = _Cluster()
    cluster = _of(RedshiftCluster, client)
    given = {
        "ClusterType": "single-node",
        "NodeType": "ra3.xlplus",
        "DBName": "dev",
        "MasterUsername": "admin",
        "IamRoles": ["role-a"],
    }
    made = handler.create(cluster, given, begun=False)
    assert made.model["ClusterIdentifier"] == "stack-logical-1a2b"
    assert made.model["Endpoint"] == {"Address": "c.example", "Port": "5439"}
    client.requests.clear()
    after = {**given, "IamRoles": ["role-b"], "Tags": [{"Key": "k", "Value": "v"}]}
    assert handler.update(cluster, after, made.model, begun=False).status == "SUCCESS"
    asked = [(method, request) for method, request in client.requests if "describe" not in method]
    name = "stack-logical-1a2b"
    assert asked == [
        (
            "modify_cluster_iam_roles",
            {"ClusterIdentifier": name, "AddIamRoles": ["role-b"], "RemoveIamRoles": ["role-a"]},
        ),
        (
            "create_tags",
            {
                "ResourceName": f"arn:aws:redshift:us-east-1:{ACCOUNT}:cluster:{name}",
                "Tags": [{"Key": "k", "Value": "v"}],
            },
        ),
    ]
