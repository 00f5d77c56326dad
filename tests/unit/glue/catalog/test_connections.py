"""Connections, tags and functions of the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etlocal.aws.call import Acting, Call, Runtime
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.aws.store import Store
from etlocal.glue import catalog
from etlocal.glue.catalog import api
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS
from etlocal.settings import Settings

Ask = Callable[..., dict[str, Any]]

JDBC = {
    "Name": "warehouse",
    "ConnectionType": "JDBC",
    "ConnectionProperties": {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://localhost:5432/dev",
        "USERNAME": "admin",
        "PASSWORD": "s3cret!",
    },
    "PhysicalConnectionRequirements": {"SubnetId": "subnet-1"},
    "MatchCriteria": ["a", "b"],
}
ARN = "arn:aws:glue:us-east-1:000000000000:connection/warehouse"


def test_a_connection_is_ready_and_holds_its_password_unless_hidden(ask: Ask) -> None:
    made = ask("CreateConnection", ConnectionInput=JDBC)
    assert made == {"CreateConnectionStatus": "READY"}
    found = ask("GetConnection", Name="warehouse")["Connection"]
    assert found["ConnectionProperties"] == JDBC["ConnectionProperties"]
    assert found["PhysicalConnectionRequirements"] == {"SubnetId": "subnet-1"}
    assert found["Status"] == "READY"
    assert found["CreationTime"] == found["LastUpdatedTime"]
    hidden = ask("GetConnection", Name="warehouse", HidePassword=True)["Connection"]
    assert sorted(hidden["ConnectionProperties"]) == ["JDBC_CONNECTION_URL", "USERNAME"]


def test_a_connection_is_updated_whole_and_deleted_once(ask: Ask) -> None:
    ask("CreateConnection", ConnectionInput=JDBC)
    with pytest.raises(AlreadyExistsError):
        ask("CreateConnection", ConnectionInput=JDBC)
    network = {"Name": "warehouse", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    ask("UpdateConnection", Name="warehouse", ConnectionInput=network)
    found = ask("GetConnection", Name="warehouse")["Connection"]
    assert found["ConnectionProperties"] == {}
    assert found["LastUpdatedTime"] > found["CreationTime"]
    ask("DeleteConnection", ConnectionName="warehouse")
    with pytest.raises(EntityNotFoundError, match="warehouse"):
        ask("DeleteConnection", ConnectionName="warehouse")


def test_a_jdbc_connection_without_its_url_is_refused_without_telling_the_password(
    ask: Ask,
) -> None:
    given = {"USERNAME": "admin", "PASSWORD": "s3cret!"}
    with pytest.raises(InvalidInputError, match="JDBC_CONNECTION_URL") as refused:
        ask("CreateConnection", ConnectionInput=JDBC | {"ConnectionProperties": given})
    assert "s3cret!" not in str(refused.value)
    url = {"JDBC_CONNECTION_URL": "jdbc:postgresql://localhost/dev", "USERNAME": "admin"}
    with pytest.raises(InvalidInputError, match="SECRET_ID"):
        ask("CreateConnection", ConnectionInput=JDBC | {"ConnectionProperties": url})


def test_connections_are_filtered_and_paged(ask: Ask) -> None:
    ask("CreateConnection", ConnectionInput=JDBC)
    for name in ("vpc1", "vpc2"):
        network: dict[str, Any] = {
            "Name": name,
            "ConnectionType": "NETWORK",
            "ConnectionProperties": {},
        }
        ask("CreateConnection", ConnectionInput=network)

    def names(**members: Any) -> list[str]:
        return [one["Name"] for one in ask("GetConnections", **members)["ConnectionList"]]

    assert names() == ["vpc1", "vpc2", "warehouse"]
    assert names(Filter={"ConnectionType": "JDBC"}) == ["warehouse"]
    assert names(Filter={"MatchCriteria": ["b"]}) == ["warehouse"]
    assert names(Filter={"MatchCriteria": ["b", "c"]}) == []
    assert names(MaxResults=1) == ["vpc1"]
    answer = ask("BatchDeleteConnection", ConnectionNameList=["vpc1", "nope"])
    assert answer["Succeeded"] == ["vpc1"]
    assert answer["Errors"]["nope"]["ErrorCode"] == "EntityNotFoundException"


def test_what_needs_another_system_is_refused_loudly(ask: Ask) -> None:
    with pytest.raises(NotImplementedByEmulatorError, match="ValidateCredentials"):
        ask("CreateConnection", ConnectionInput=JDBC | {"ValidateCredentials": True})
    with pytest.raises(NotImplementedByEmulatorError, match="AuthenticationConfiguration"):
        ask(
            "CreateConnection",
            ConnectionInput=JDBC | {"AuthenticationConfiguration": {"AuthenticationType": "BASIC"}},
        )


class _Secrets:
    """A client factory of one Secrets Manager that holds one secret."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        assert service == "secretsmanager"
        return self

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 (boto3's)
        assert SecretId == "warehouse-login"
        return {"SecretString": self.text}


def _call_with_secret(tmp_path: Path, text: str) -> Call:
    runtime = Runtime(Settings(), Store(tmp_path / "state.sqlite"), _Secrets(text))
    catalog.start(runtime)
    call = Call("000000000000", "us-east-1", "arn:aws:iam::000000000000:root", "id", runtime)
    properties = {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://localhost:5432/dev",
        "SECRET_ID": "warehouse-login",
    }
    request = {"ConnectionInput": JDBC | {"ConnectionProperties": properties}}
    OPERATIONS.handle("CreateConnection", request, call)
    return call


def test_the_login_of_a_secret_is_filled_into_the_properties(tmp_path: Path) -> None:
    text = json.dumps({"username": "u", "password": "p"})
    found = api.connection_properties(_call_with_secret(tmp_path, text), "warehouse")
    assert (found["USERNAME"], found["PASSWORD"]) == ("u", "p")
    assert (
        "PASSWORD"
        not in api.get_connection(_call_with_secret(tmp_path / "other", text), "warehouse")[
            "ConnectionProperties"
        ]
    )


@pytest.mark.parametrize("text", ["plain-p4ss", '{"user": "plain-p4ss"}', "[]"])
def test_a_secret_of_another_form_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    call = _call_with_secret(tmp_path, text)
    with pytest.raises(InvalidInputError, match="warehouse-login") as refused:
        api.connection_properties(call, "warehouse")
    assert "plain-p4ss" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_tags_are_added_changed_removed_and_go_with_the_resource(ask: Ask) -> None:
    ask("CreateConnection", ConnectionInput=JDBC, Tags={"team": "a", "stage": "dev"})
    ask("TagResource", ResourceArn=ARN, TagsToAdd={"team": "b", "cost": "1"})
    ask("UntagResource", ResourceArn=ARN, TagsToRemove=["stage", "never"])
    assert ask("GetTags", ResourceArn=ARN)["Tags"] == {"team": "b", "cost": "1"}
    ask("DeleteConnection", ConnectionName="warehouse")
    ask("CreateConnection", ConnectionInput=JDBC)
    assert ask("GetTags", ResourceArn=ARN)["Tags"] == {}


def test_a_resource_that_does_not_exist_has_no_tags(ask: Ask, table: str) -> None:
    with pytest.raises(EntityNotFoundError):
        ask("GetTags", ResourceArn=ARN)
    with pytest.raises(EntityNotFoundError):
        ask("TagResource", ResourceArn=ARN, TagsToAdd={"a": "b"})
    with pytest.raises(NotImplementedByEmulatorError):
        ask("GetTags", ResourceArn="arn:aws:glue:us-east-1:000000000000:mlTransform/x")
    shared = "arn:aws:glue:us-east-1:000000000000:table/shop/sales"
    ask("TagResource", ResourceArn=shared, TagsToAdd={"a": "b"})
    assert ask("GetTags", ResourceArn=shared)["Tags"] == {"a": "b"}
    ask("DeleteTable", DatabaseName="shop", Name="sales")
    with pytest.raises(EntityNotFoundError):
        ask("GetTags", ResourceArn=shared)


def test_a_deleted_databases_tags_do_not_come_back_with_its_name(ask: Ask) -> None:
    arns = [
        f"arn:aws:glue:us-east-1:000000000000:{resource}"
        for resource in ("database/shop", "table/shop/sales")
    ]
    for tags in ({"a": "b"}, {}):
        ask("CreateDatabase", DatabaseInput={"Name": "Shop"}, Tags=tags)
        ask("CreateTable", DatabaseName="shop", TableInput={"Name": "sales"})
        ask("TagResource", ResourceArn=arns[1], TagsToAdd=tags)
        assert [ask("GetTags", ResourceArn=arn)["Tags"] for arn in arns] == [tags, tags]
        ask("DeleteDatabase", Name="shop")


def test_a_resource_takes_fifty_tags_and_a_refusal_adds_none(ask: Ask) -> None:
    ask("CreateConnection", ConnectionInput=JDBC)
    full = {f"k{number}": "v" for number in range(50)}
    ask("TagResource", ResourceArn=ARN, TagsToAdd=full)
    with pytest.raises(InvalidInputError):
        ask("TagResource", ResourceArn=ARN, TagsToAdd={"one": "more"})
    assert ask("GetTags", ResourceArn=ARN)["Tags"] == full


def test_functions_are_kept_per_database(ask: Ask, database: str) -> None:
    at = {"DatabaseName": database}
    given = {
        "FunctionName": "mask",
        "ClassName": "org.example.Mask",
        "OwnerName": "me",
        "OwnerType": "USER",
        "ResourceUris": [{"ResourceType": "JAR", "Uri": "s3://lib/mask.jar"}],
    }
    ask("CreateUserDefinedFunction", **at, FunctionInput=given)
    with pytest.raises(AlreadyExistsError):
        ask("CreateUserDefinedFunction", **at, FunctionInput=given)
    found = ask("GetUserDefinedFunction", **at, FunctionName="mask")["UserDefinedFunction"]
    assert found["ResourceUris"] == given["ResourceUris"]
    ask(
        "UpdateUserDefinedFunction",
        **at,
        FunctionName="mask",
        FunctionInput=given | {"ClassName": "org.example.New"},
    )
    listed = ask("GetUserDefinedFunctions", Pattern="ma*")["UserDefinedFunctions"]
    assert [one["ClassName"] for one in listed] == ["org.example.New"]
    assert ask("GetUserDefinedFunctions", Pattern="x*")["UserDefinedFunctions"] == []
    ask("DeleteUserDefinedFunction", **at, FunctionName="mask")
    with pytest.raises(EntityNotFoundError):
        ask("GetUserDefinedFunction", **at, FunctionName="mask")
