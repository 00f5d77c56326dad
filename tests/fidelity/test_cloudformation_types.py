"""CloudFormation's Glue and Redshift types: real resources, real updates, loud refusals."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

Clients = Callable[[str], Any]
Template = dict[str, Any]
_WAIT = {"Delay": 1, "MaxAttempts": 120}


class Stack:
    """A stack of one test."""

    def __init__(self, cloudformation: Any, name: str) -> None:
        self.cloudformation = cloudformation
        self.name = name

    def create(self, resources: Template, outputs: Template | None = None) -> dict[str, str]:
        """Make the stack and give its outputs."""
        self.cloudformation.create_stack(
            StackName=self.name, TemplateBody=_template(resources, outputs)
        )
        self.wait("stack_create_complete")
        return self.outputs()

    def update(self, resources: Template, outputs: Template | None = None) -> dict[str, str]:
        """Update the stack and give its outputs."""
        self.cloudformation.update_stack(
            StackName=self.name, TemplateBody=_template(resources, outputs)
        )
        self.wait("stack_update_complete")
        return self.outputs()

    def delete(self) -> None:
        """Delete the stack."""
        self.cloudformation.delete_stack(StackName=self.name)
        self.wait("stack_delete_complete")

    def outputs(self) -> dict[str, str]:
        """Give the outputs."""
        described = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", ())}

    def reasons(self) -> str:
        """Give what the events tell of failures."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(
            event["ResourceStatusReason"] for event in events if event.get("ResourceStatusReason")
        )

    def wait(self, state: str) -> None:
        """Wait for a state; the failure tells the events' reasons."""
        try:
            self.cloudformation.get_waiter(state).wait(StackName=self.name, WaiterConfig=_WAIT)
        except WaiterError as error:
            raise AssertionError(f"{error}\n{self.reasons()}") from error


@pytest.fixture
def unique() -> str:
    """A name of this test alone."""
    return f"cfn{uuid.uuid4().hex[:10]}"


@pytest.fixture
def stack(client: Clients, unique: str) -> Iterator[Stack]:
    """A stack that is deleted after the test."""
    made = Stack(client("cloudformation"), unique)
    yield made
    made.delete()


def _template(resources: Template, outputs: Template | None) -> str:
    values = {name: {"Value": value} for name, value in (outputs or {}).items()}
    return json.dumps({"Resources": resources} | ({"Outputs": values} if values else {}))


def _catalog(
    name: str, *, description: str, columns: list[str], day: str = "2020-01-01"
) -> Template:
    account = {"Ref": "AWS::AccountId"}
    return {
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": account,
                "DatabaseInput": {"Name": name, "Description": description},
            },
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": account,
                "DatabaseName": {"Ref": "Database"},
                "TableInput": {
                    "Name": "sales",
                    "Parameters": {"skip.header.line.count": 1},
                    "StorageDescriptor": {
                        "Location": "s3://raw/sales/",
                        "Columns": [{"Name": column, "Type": "string"} for column in columns],
                    },
                    "PartitionKeys": [{"Name": "day", "Type": "string"}],
                },
            },
        },
        "Partition": {
            "Type": "AWS::Glue::Partition",
            "Properties": {
                "CatalogId": account,
                "DatabaseName": {"Ref": "Database"},
                "TableName": {"Ref": "Table"},
                "PartitionInput": {"Values": [day]},
            },
        },
        "Connection": {
            "Type": "AWS::Glue::Connection",
            "Properties": {
                "CatalogId": account,
                "ConnectionInput": {
                    "Name": name,
                    "ConnectionType": "JDBC",
                    "ConnectionProperties": {
                        "JDBC_CONNECTION_URL": "jdbc:postgresql://localhost/dev",
                        "SECRET_ID": "login",
                        "JDBC_ENFORCE_SSL": True,
                    },
                },
            },
        },
    }


def test_the_catalogs_types_are_made_updated_in_place_and_deleted(
    client: Clients, stack: Stack, unique: str
) -> None:
    glue = client("glue")
    outputs = {name: {"Ref": name} for name in ("Database", "Table", "Connection")}
    made = stack.create(_catalog(unique, description="first", columns=["a"]), outputs)
    assert made == {"Database": unique, "Table": "sales", "Connection": unique}
    before = glue.get_table(DatabaseName=unique, Name="sales")["Table"]
    assert before["Parameters"] == {"skip.header.line.count": "1"}
    connection = glue.get_connection(Name=unique)["Connection"]
    assert connection["ConnectionProperties"]["JDBC_ENFORCE_SSL"] == "true"

    changed = _catalog(unique, description="second", columns=["a", "b"], day="2020-01-02")
    again = stack.update(changed, outputs)
    assert again == made
    assert glue.get_database(Name=unique)["Database"]["Description"] == "second"
    after = glue.get_table(DatabaseName=unique, Name="sales")["Table"]
    assert [column["Name"] for column in after["StorageDescriptor"]["Columns"]] == ["a", "b"]
    assert (after["CreateTime"], after["VersionId"]) == (before["CreateTime"], "1")
    partitions = glue.get_partitions(DatabaseName=unique, TableName="sales")["Partitions"]
    assert [partition["Values"] for partition in partitions] == [["2020-01-02"]]

    stack.delete()
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=unique)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_connection(Name=unique)


def test_a_crawler_is_made_changed_and_tagged(client: Clients, stack: Stack, unique: str) -> None:
    glue = client("glue")

    def resources(**members: Any) -> Template:
        return {
            "Crawler": {
                "Type": "AWS::Glue::Crawler",
                "Properties": {
                    "Role": "arn:aws:iam::000000000000:role/crawler",
                    "DatabaseName": "raw",
                    "Targets": {"S3Targets": [{"Path": "s3://raw/", "Exclusions": ["*.tmp"]}]},
                    **members,
                },
            }
        }

    made = stack.create(
        resources(
            Description="first",
            Schedule={"ScheduleExpression": "cron(15 12 * * ? *)"},
            SchemaChangePolicy={"DeleteBehavior": "LOG"},
            Tags={"team": "a", "stage": "dev"},
        ),
        {"Name": {"Ref": "Crawler"}},
    )
    name = made["Name"]
    assert name.startswith(unique)
    crawler = glue.get_crawler(Name=name)["Crawler"]
    assert crawler["Schedule"]["ScheduleExpression"] == "cron(15 12 * * ? *)"
    assert crawler["Targets"]["S3Targets"][0]["Exclusions"] == ["*.tmp"]
    assert crawler["State"] == "READY"

    stack.update(resources(TablePrefix="p_", Tags={"team": "b"}), {"Name": {"Ref": "Crawler"}})
    changed = glue.get_crawler(Name=name)["Crawler"]
    assert changed["TablePrefix"] == "p_"
    assert changed.get("Description", "") == ""
    assert "ScheduleExpression" not in changed.get("Schedule", {})
    assert changed["SchemaChangePolicy"]["DeleteBehavior"] == "DEPRECATE_IN_DATABASE"
    arn = f"arn:aws:glue:us-east-1:000000000000:crawler/{name}"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "b"}


def test_a_job_is_made_and_its_definition_replaced(
    client: Clients, stack: Stack, unique: str
) -> None:
    glue = client("glue")

    def resources(**members: Any) -> Template:
        return {
            "Job": {
                "Type": "AWS::Glue::Job",
                "Properties": {
                    "Name": unique,
                    "Role": "arn:aws:iam::000000000000:role/job",
                    "Command": {
                        "Name": "glueetl",
                        "PythonVersion": "3",
                        "ScriptLocation": "s3://assets/job.py",
                    },
                    "GlueVersion": "5.1",
                    "WorkerType": "G.1X",
                    "NumberOfWorkers": "2",
                    **members,
                },
            }
        }

    outputs = {"Name": {"Ref": "Job"}}
    arguments = {"--job-bookmark-option": "job-bookmark-enable", "--rows": 5}
    made = stack.create(
        resources(
            DefaultArguments=arguments,
            ExecutionProperty={"MaxConcurrentRuns": 2},
            Tags={"team": "a"},
        ),
        outputs,
    )
    assert made == {"Name": unique}
    job = glue.get_job(JobName=unique)["Job"]
    assert job["DefaultArguments"] == {**arguments, "--rows": "5"}
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 2}
    assert job["NumberOfWorkers"] == 2

    stack.update(resources(Timeout=10), outputs)
    changed = glue.get_job(JobName=unique)["Job"]
    assert changed["Timeout"] == 10
    assert changed.get("DefaultArguments", {}) == {}
    arn = f"arn:aws:glue:us-east-1:000000000000:job/{unique}"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {}


def test_a_job_of_another_name_is_another_job(client: Clients, stack: Stack, unique: str) -> None:
    glue = client("glue")

    def resources(name: str) -> Template:
        command = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
        role = "arn:aws:iam::000000000000:role/job"
        return {
            "Job": {
                "Type": "AWS::Glue::Job",
                "Properties": {"Name": name, "Role": role, "Command": command},
            }
        }

    outputs = {"Name": {"Ref": "Job"}}
    assert stack.create(resources(f"{unique}-a"), outputs) == {"Name": f"{unique}-a"}
    assert stack.update(resources(f"{unique}-b"), outputs) == {"Name": f"{unique}-b"}
    assert glue.get_job(JobName=f"{unique}-b")["Job"]["Name"] == f"{unique}-b"
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job(JobName=f"{unique}-a")


def test_a_classifier_is_made_and_changed(client: Clients, stack: Stack, unique: str) -> None:
    glue = client("glue")

    def resources(delimiter: str) -> Template:
        classifier = {"Name": unique, "Delimiter": delimiter, "ContainsHeader": "PRESENT"}
        return {
            "Classifier": {
                "Type": "AWS::Glue::Classifier",
                "Properties": {"CsvClassifier": classifier},
            }
        }

    made = stack.create(resources("|"), {"Name": {"Ref": "Classifier"}})
    assert made == {"Name": unique}
    stack.update(resources(";"), {"Name": {"Ref": "Classifier"}})
    found = glue.get_classifier(Name=unique)["Classifier"]["CsvClassifier"]
    assert (found["Delimiter"], found["Version"]) == (";", 2)


def test_a_property_that_is_not_emulated_fails_the_stack_by_its_name_and_leaves_nothing(
    client: Clients, stack: Stack, unique: str
) -> None:
    resources = _catalog(unique, description="x", columns=["a"])
    resources["Table"]["Properties"]["TableInput"]["Colour"] = "red"
    with pytest.raises(AssertionError, match=r"TableInput\.Colour"):
        stack.create(resources)
    glue = client("glue")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=unique)


def test_a_failed_update_brings_the_former_definition_back(
    client: Clients, stack: Stack, unique: str
) -> None:
    glue = client("glue")
    stack.create(_catalog(unique, description="first", columns=["a"]))
    resources = _catalog(unique, description="second", columns=["a", "b"])
    resources["Partition"]["Properties"]["PartitionInput"] = {"Values": ["one", "too many"]}
    with pytest.raises(AssertionError, match="number of partition keys"):
        stack.update(resources)
    assert glue.get_database(Name=unique)["Database"]["Description"] == "first"
    table = glue.get_table(DatabaseName=unique, Name="sales")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["a"]


def test_a_resource_whose_condition_is_false_is_not_there_and_hinders_no_deletion(
    client: Clients, unique: str
) -> None:
    glue, cloudformation = client("glue"), client("cloudformation")
    account = {"Ref": "AWS::AccountId"}
    template = {
        "Parameters": {"Other": {"Type": "String", "Default": ""}},
        "Conditions": {"Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Other"}, ""]}]}},
        "Resources": {
            "Always": {
                "Type": "AWS::Glue::Database",
                "Properties": {"CatalogId": account, "DatabaseInput": {"Name": unique}},
            },
            "Sometimes": {
                "Type": "AWS::Glue::Database",
                "Condition": "Named",
                "Properties": {
                    "CatalogId": account,
                    "DatabaseInput": {
                        "Name": {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Other"}]}]}
                    },
                },
            },
        },
    }

    def names() -> set[str]:
        pages = glue.get_paginator("get_databases").paginate()
        found = {one["Name"] for page in pages for one in page["DatabaseList"]}
        return {name for name in found if name.startswith(unique)}

    stack = Stack(cloudformation, unique)
    body = {"StackName": unique, "TemplateBody": json.dumps(template)}
    cloudformation.create_stack(**body)
    stack.wait("stack_create_complete")
    assert names() == {unique}
    value = [{"ParameterKey": "Other", "ParameterValue": f"a/{unique}_b"}]
    cloudformation.update_stack(**body, Parameters=value)
    stack.wait("stack_update_complete")
    assert names() == {unique, f"{unique}_b"}
    none = [{"ParameterKey": "Other", "ParameterValue": ""}]
    cloudformation.update_stack(**body, Parameters=none)
    stack.wait("stack_update_complete")
    assert names() == {unique}
    stack.delete()
    assert names() == set()


def test_what_exists_outside_the_stack_fails_it_and_is_left_alone(
    client: Clients, stack: Stack, unique: str
) -> None:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": unique, "Description": "mine"})
    try:
        with pytest.raises(AssertionError, match=r"Database already exists\."):
            stack.create(_catalog(unique, description="theirs", columns=["a"]))
        assert glue.get_database(Name=unique)["Database"]["Description"] == "mine"
    finally:
        glue.delete_database(Name=unique)


def test_a_serverless_workgroup_offers_its_endpoint(
    client: Clients, stack: Stack, unique: str
) -> None:
    redshift = client("redshift-serverless")

    def resources(capacity: int) -> Template:
        return {
            "Namespace": {
                "Type": "AWS::RedshiftServerless::Namespace",
                "Properties": {
                    "NamespaceName": unique,
                    "DbName": "dev",
                    "AdminUsername": "admin",
                    "AdminUserPassword": "Passw0rd1",
                    "Tags": [{"Key": "team", "Value": "a"}],
                },
            },
            "Workgroup": {
                "Type": "AWS::RedshiftServerless::Workgroup",
                "Properties": {
                    "WorkgroupName": unique,
                    "NamespaceName": {"Ref": "Namespace"},
                    "BaseCapacity": capacity,
                    "PubliclyAccessible": "false",
                },
            },
        }

    outputs = {
        "Namespace": {"Ref": "Namespace"},
        "NamespaceArn": {"Fn::GetAtt": ["Namespace", "Namespace.NamespaceArn"]},
        "Workgroup": {"Ref": "Workgroup"},
        "WorkgroupArn": {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]},
        "WorkgroupId": {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupId"]},
        "Address": {"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Address"]},
        "Port": {"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Port"]},
    }
    made = stack.create(resources(8), outputs)
    workgroup = redshift.get_workgroup(workgroupName=unique)["workgroup"]
    namespace = redshift.get_namespace(namespaceName=unique)["namespace"]
    assert made == {
        "Namespace": unique,
        "NamespaceArn": namespace["namespaceArn"],
        "Workgroup": unique,
        "WorkgroupArn": workgroup["workgroupArn"],
        "WorkgroupId": workgroup["workgroupId"],
        "Address": workgroup["endpoint"]["address"],
        "Port": str(workgroup["endpoint"]["port"]),
    }
    assert stack.update(resources(16), outputs) == made
    assert redshift.get_workgroup(workgroupName=unique)["workgroup"]["baseCapacity"] == 16
    stack.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        redshift.get_namespace(namespaceName=unique)


def test_a_cluster_offers_its_endpoint(client: Clients, stack: Stack, unique: str) -> None:
    redshift = client("redshift")
    made = stack.create(
        {
            "Cluster": {
                "Type": "AWS::Redshift::Cluster",
                "Properties": {
                    "ClusterIdentifier": unique,
                    "ClusterType": "single-node",
                    "NodeType": "ra3.xlplus",
                    "DBName": "dev",
                    "MasterUsername": "admin",
                    "MasterUserPassword": "Passw0rd1",
                },
            }
        },
        {
            "Identifier": {"Ref": "Cluster"},
            "Address": {"Fn::GetAtt": ["Cluster", "Endpoint.Address"]},
            "Port": {"Fn::GetAtt": ["Cluster", "Endpoint.Port"]},
        },
    )
    cluster = redshift.describe_clusters(ClusterIdentifier=unique)["Clusters"][0]
    assert made == {
        "Identifier": unique,
        "Address": cluster["Endpoint"]["Address"],
        "Port": str(cluster["Endpoint"]["Port"]),
    }


def test_a_cluster_property_that_is_not_emulated_fails_the_stack(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="LoggingProperties"):
        stack.create(
            {
                "Cluster": {
                    "Type": "AWS::Redshift::Cluster",
                    "Properties": {
                        "ClusterType": "single-node",
                        "NodeType": "ra3.xlplus",
                        "DBName": "dev",
                        "MasterUsername": "admin",
                        "MasterUserPassword": "Passw0rd1",
                        "LoggingProperties": {"BucketName": "logs"},
                    },
                }
            }
        )
