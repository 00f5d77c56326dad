"""A template's properties as requests, and the types against AWS's own schemas."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from etlocal.endpoint.resources import ENTRY_POINTS
from etlocal.endpoint.resources.base import Context, ResourceType, changed
from etlocal.endpoint.resources.conform import PropertyError, conform
from etlocal.endpoint.resources.glue_classifier import GlueClassifier
from etlocal.endpoint.resources.glue_connection import GlueConnection
from etlocal.endpoint.resources.glue_crawler import GlueCrawler
from etlocal.endpoint.resources.glue_database import GlueDatabase
from etlocal.endpoint.resources.glue_job import GlueJob
from etlocal.endpoint.resources.glue_partition import GluePartition
from etlocal.endpoint.resources.glue_table import GlueTable
from etlocal.endpoint.resources.redshift_cluster import RedshiftCluster
from etlocal.endpoint.resources.serverless import ServerlessNamespace, ServerlessWorkgroup

TYPES: list[type[ResourceType]] = [
    GlueClassifier,
    GlueConnection,
    GlueCrawler,
    GlueDatabase,
    GlueJob,
    GluePartition,
    GlueTable,
    RedshiftCluster,
    ServerlessNamespace,
    ServerlessWorkgroup,
]
# What is the API's as AWS's schema does not say: how the resource is deleted.
DELETION_ONLY = {
    ("AWS::RedshiftServerless::Namespace", "FinalSnapshotName"),
    ("AWS::RedshiftServerless::Namespace", "FinalSnapshotRetentionPeriod"),
}


class _Recorder:
    """A client that keeps every request and answers nothing."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        def record(**request: Any) -> dict[str, Any]:
            self.requests.append(request)
            return {}

        return record


def _schema(kind: type[ResourceType]) -> dict[str, Any]:
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", kind.type_name
    ).schema
    return schema


def _names(paths: list[str] | None) -> set[str]:
    return {path.split("/")[2] for path in paths or ()}


def _sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        members = schema.get("properties", {})
        texts = [name for name, member in members.items() if member.get("type") == "string"]
        wanted = {*schema.get("required", ()), *texts}
        return {name: _sample(members[name], root) for name in sorted(wanted)}
    return {"string": "x", "integer": 1, "number": 1, "boolean": True, "array": []}[str(kind)]


def _resource(kind: type[ResourceType], client: _Recorder) -> ResourceType:
    return kind(Context(lambda _service: client, "000000000000", "us-east-1", "stack-Name-1234"))


def _cases() -> list[Any]:
    cases = []
    for kind in TYPES:
        schema = _schema(kind)
        given = set(schema["properties"]) - _names(schema.get("readOnlyProperties"))
        cases += [pytest.param(kind, name, id=f"{kind.type_name}-{name}") for name in sorted(given)]
    return cases


def test_every_type_has_its_entry_point() -> None:
    assert sorted(ENTRY_POINTS) == sorted(kind.type_name for kind in TYPES)
    for target in ENTRY_POINTS.values():
        module, _, name = target.partition(":")
        source = importlib.util.find_spec(module)
        assert source is not None
        assert source.origin is not None
        with open(source.origin) as text:  # noqa: PTH123
            assert f"class {name}(" in text.read()


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: str(kind.type_name))
def test_what_a_type_declares_is_what_awss_schema_says(kind: type[ResourceType]) -> None:
    schema = _schema(kind)
    assert set(kind.required) == set(schema.get("required", ()))
    assert schema["primaryIdentifier"] == [f"/properties/{kind.identifier}"]
    assert set(kind.create_only) == _names(schema.get("createOnlyProperties"))
    assert set(kind.attributes) == _names(schema.get("readOnlyProperties"))


@pytest.mark.parametrize(("kind", "name"), _cases())
def test_every_property_reaches_the_service_or_is_refused_by_name(
    kind: type[ResourceType], name: str
) -> None:
    schema = _schema(kind)
    wanted = {*schema.get("required", ()), name}
    properties = {each: _sample(schema["properties"][each], schema) for each in wanted}
    client = _Recorder()
    try:
        _resource(kind, client).create(properties)
    except PropertyError as error:
        assert name in str(error)  # noqa: PT017
        return
    request = client.requests[0]
    if (kind.type_name, name) in DELETION_ONLY:
        _resource(kind, client).delete(properties)
        request = client.requests[1]
    if (kind, name) == (GlueDatabase, "DatabaseName"):
        assert request["DatabaseInput"]["Name"] == properties[name]
        return
    assert name in {member[:1].upper() + member[1:] for member in request}


def test_text_numbers_and_booleans_take_the_type_of_the_member() -> None:
    request = conform(
        "glue",
        "CreateJob",
        {
            "Name": "job",
            "Role": "role",
            "Command": {"Name": "glueetl", "PythonVersion": 3},
            "MaxRetries": "0",
            "MaxCapacity": "0.5",
            "JobRunQueuingEnabled": "false",
            "DefaultArguments": {"--enable-metrics": True, "--rows": 5},
            "Timeout": None,
        },
    )
    assert request == {
        "Name": "job",
        "Role": "role",
        "Command": {"Name": "glueetl", "PythonVersion": "3"},
        "MaxRetries": 0,
        "MaxCapacity": 0.5,
        "JobRunQueuingEnabled": False,
        "DefaultArguments": {"--enable-metrics": "true", "--rows": "5"},
    }


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"Nmae": "x"}, "Nmae"),
        ({"Command": {"Name": "glueetl", "Nope": 1}}, "Command.Nope"),
        ({"Connections": {"Connections": [{"a": 1}]}}, r"Connections\.Connections\[0\]"),
        ({"Connections": ["a"]}, "Connections"),
        ({"MaxRetries": "many"}, "MaxRetries"),
        ({"MaxRetries": 1.5}, "MaxRetries"),
        ({"MaxRetries": True}, "MaxRetries"),
        ({"JobRunQueuingEnabled": "yes"}, "JobRunQueuingEnabled"),
        ({"Name": {"Ref": "x"}}, "Name"),
    ],
)
def test_what_an_operation_does_not_take_is_refused_by_its_path(
    properties: dict[str, Any], named: str
) -> None:
    with pytest.raises(PropertyError, match=named):
        conform("glue", "CreateJob", properties)


def test_a_refusal_does_not_tell_the_value() -> None:
    with pytest.raises(PropertyError) as refused:
        conform("redshift-serverless", "CreateNamespace", {"AdminUserPassword": ["Secret1!"]})
    assert "Secret1!" not in str(refused.value)


def test_names_in_upper_case_reach_members_in_lower_case() -> None:
    request = conform(
        "redshift-serverless",
        "CreateWorkgroup",
        {
            "WorkgroupName": "wg",
            "NamespaceName": "ns",
            "BaseCapacity": "8",
            "ConfigParameters": [{"ParameterKey": "k", "ParameterValue": True}],
        },
    )
    assert request == {
        "workgroupName": "wg",
        "namespaceName": "ns",
        "baseCapacity": 8,
        "configParameters": [{"parameterKey": "k", "parameterValue": "true"}],
    }


def test_only_what_differs_is_changed_and_what_cannot_be_taken_away_is_refused() -> None:
    before = {"A": 1, "B": [1], "C": "x", "Tags": {}}
    found = changed({"A": 2, "C": "x"}, before, resets={"B": []}, ignore=("Tags",))
    assert found == {"A": 2, "B": []}
    with pytest.raises(PropertyError, match="B cannot be taken away"):
        changed({"A": 1, "C": "x"}, before, ignore=("Tags",))
