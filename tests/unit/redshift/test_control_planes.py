"""Namespaces, workgroups, clusters: made, described, changed, deleted with their databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.redshift.data.operations import OPERATIONS as DATA
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.provisioned.operations import OPERATIONS as PROVISIONED
from etlocal.redshift.serverless.operations import OPERATIONS as SERVERLESS

CLUSTER = {
    "ClusterIdentifier": "c1",
    "NodeType": "ra3.large",
    "MasterUsername": "admin",
    "MasterUserPassword": "Passw0rdIsLong",
}


def test_a_workgroup_shows_the_address_for_a_jdbc_url(call: Call) -> None:
    shown = SERVERLESS.handle("GetWorkgroup", {"workgroupName": "group"}, call)["workgroup"]
    assert shown["endpoint"]["address"] == (
        "group.000000000000.us-east-1.redshift-serverless.localhost"
    )
    assert shown["endpoint"]["port"] == 5439
    assert shown["status"] == "AVAILABLE"


def test_names_are_unique_and_a_namespace_in_use_stays(call: Call) -> None:
    for operation, request in [
        ("CreateNamespace", {"namespaceName": "house"}),
        ("CreateWorkgroup", {"workgroupName": "group", "namespaceName": "house"}),
        ("CreateWorkgroup", {"workgroupName": "second", "namespaceName": "house"}),
        ("DeleteNamespace", {"namespaceName": "house"}),
    ]:
        with pytest.raises(AwsError) as caught:
            SERVERLESS.handle(operation, request, call)
        assert caught.value.code == "ConflictException"
    with pytest.raises(AwsError) as missing:
        SERVERLESS.handle("GetNamespace", {"namespaceName": "none"}, call)
    assert missing.value.code == "ResourceNotFoundException"


def test_deleting_a_namespace_deletes_its_databases(
    call: Call, ok: Callable[..., None], run: Callable[..., dict[str, Any]]
) -> None:
    ok("create table t (a int)")
    warehouse = call.runtime.settings.state_dir / "warehouse"
    assert len(list(warehouse.glob("namespace-*/dev.duckdb"))) == 1
    SERVERLESS.handle("DeleteWorkgroup", {"workgroupName": "group"}, call)
    SERVERLESS.handle("DeleteNamespace", {"namespaceName": "house"}, call)
    assert list(warehouse.glob("namespace-*")) == []
    SERVERLESS.handle("CreateNamespace", {"namespaceName": "house"}, call)
    SERVERLESS.handle("CreateWorkgroup", {"workgroupName": "group", "namespaceName": "house"}, call)
    assert run("select * from t")["Status"] == "FAILED"


def test_a_managed_password_is_a_secret_as_long_as_the_namespace(call: Call, clients: Any) -> None:
    made = SERVERLESS.handle(
        "CreateNamespace",
        {"namespaceName": "managed", "adminUsername": "boss", "manageAdminPassword": True},
        call,
    )["namespace"]
    secret = clients.secretsmanager.secrets[made["adminPasswordSecretArn"]]
    assert json.loads(secret)["username"] == "boss"
    SERVERLESS.handle("DeleteNamespace", {"namespaceName": "managed"}, call)
    assert clients.secretsmanager.secrets == {}


def test_tags_and_limits_are_kept(call: Call) -> None:
    arn = SERVERLESS.handle("GetWorkgroup", {"workgroupName": "group"}, call)["workgroup"][
        "workgroupArn"
    ]
    tag = {"resourceArn": arn, "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    SERVERLESS.handle("TagResource", tag, call)
    SERVERLESS.handle("UntagResource", {"resourceArn": arn, "tagKeys": ["a"]}, call)
    listed = SERVERLESS.handle("ListTagsForResource", {"resourceArn": arn}, call)
    assert listed["tags"] == [{"key": "b", "value": "2"}]
    limit = {"resourceArn": arn, "usageType": "serverless-compute", "amount": 5}
    made = SERVERLESS.handle("CreateUsageLimit", limit, call)["usageLimit"]
    SERVERLESS.handle("UpdateUsageLimit", {"usageLimitId": made["usageLimitId"], "amount": 9}, call)
    found = SERVERLESS.handle("ListUsageLimits", {"resourceArn": arn}, call)["usageLimits"]
    assert [item["amount"] for item in found] == [9]
    SERVERLESS.handle("DeleteUsageLimit", {"usageLimitId": made["usageLimitId"]}, call)
    assert SERVERLESS.handle("ListUsageLimits", {}, call)["usageLimits"] == []


def test_a_paused_cluster_refuses_statements(call: Call) -> None:
    PROVISIONED.handle("CreateCluster", CLUSTER, call)
    request = {"Sql": "select current_user", "ClusterIdentifier": "c1", "Database": "dev"}
    accepted = DATA.handle("ExecuteStatement", {**request, "DbUser": "ann"}, call)
    call.runtime.component(Worker).wait(accepted["Id"], 30)
    result = DATA.handle("GetStatementResult", {"Id": accepted["Id"]}, call)
    assert result["Records"] == [[{"stringValue": "ann"}]]
    PROVISIONED.handle("PauseCluster", {"ClusterIdentifier": "c1"}, call)
    with pytest.raises(AwsError, match="Redshift endpoint doesn't exist"):
        DATA.handle("ExecuteStatement", request, call)
    PROVISIONED.handle("ResumeCluster", {"ClusterIdentifier": "c1"}, call)
    assert DATA.handle("ExecuteStatement", request, call)["DbUser"] == "admin"


def test_a_cluster_is_changed_tagged_and_deleted(call: Call) -> None:
    PROVISIONED.handle("CreateCluster", CLUSTER, call)
    with pytest.raises(AwsError) as caught:
        PROVISIONED.handle("CreateCluster", CLUSTER, call)
    assert caught.value.code == "ClusterAlreadyExists"
    arn = "arn:aws:redshift:us-east-1:000000000000:cluster:c1"
    tags = {"ResourceName": arn, "Tags": [{"Key": "k", "Value": "v"}]}
    PROVISIONED.handle("CreateTags", tags, call)
    PROVISIONED.handle("ModifyCluster", {"ClusterIdentifier": "c1", "NumberOfNodes": 3}, call)
    role = "arn:aws:iam::000000000000:role/r"
    PROVISIONED.handle(
        "ModifyClusterIamRoles", {"ClusterIdentifier": "c1", "AddIamRoles": [role]}, call
    )
    shown = PROVISIONED.handle("DescribeClusters", {"TagKeys": ["k"]}, call)["Clusters"][0]
    assert (shown["NumberOfNodes"], shown["IamRoles"][0]["IamRoleArn"]) == (3, role)
    with pytest.raises(AwsError, match="FinalClusterSnapshotIdentifier is required"):
        PROVISIONED.handle("DeleteCluster", {"ClusterIdentifier": "c1"}, call)
    PROVISIONED.handle(
        "DeleteCluster", {"ClusterIdentifier": "c1", "SkipFinalClusterSnapshot": True}, call
    )
    with pytest.raises(AwsError) as gone:
        PROVISIONED.handle("DescribeClusters", {"ClusterIdentifier": "c1"}, call)
    assert gone.value.code == "ClusterNotFound"


def test_an_operation_that_is_not_emulated_says_so(call: Call) -> None:
    with pytest.raises(AwsError, match="CreateSnapshot is not emulated") as caught:
        SERVERLESS.handle(
            "CreateSnapshot", {"namespaceName": "house", "snapshotName": "snap"}, call
        )
    assert caught.value.status == 501


@pytest.mark.parametrize(
    "wrong",
    [
        {"ClusterIdentifier": "a--b"},
        {"ClusterIdentifier": "1a"},
        {"DBName": "Dev"},
        {"DBName": "memory"},
        {"DBName": "../x"},
        {"MasterUsername": "public"},
        {"MasterUsername": "a:b"},
    ],
)
def test_a_name_that_is_none_is_refused(call: Call, wrong: dict[str, str]) -> None:
    with pytest.raises(AwsError, match=f"The parameter {next(iter(wrong))} is not valid") as caught:
        PROVISIONED.handle("CreateCluster", {**CLUSTER, **wrong}, call)
    assert caught.value.code == "InvalidParameterValue"
    assert PROVISIONED.handle("DescribeClusters", {}, call) == {"Clusters": []}


def test_a_namespace_with_a_wrong_name_of_its_database_is_refused(call: Call) -> None:
    request = {"namespaceName": "other", "dbName": "system"}
    with pytest.raises(AwsError, match="The parameter dbName is not valid") as caught:
        SERVERLESS.handle("CreateNamespace", request, call)
    assert caught.value.code == "ValidationException"
