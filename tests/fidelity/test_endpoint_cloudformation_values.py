"""What a template's values become: list parameters, dynamic references, generated names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .conftest import Endpoint
from .stacks import Stack

Clients = Callable[[str], Any]

SECRET = "AWS::SecretsManager::Secret"


def secret(text: Any) -> dict[str, Any]:
    return {"Type": SECRET, "Properties": {"SecretString": text}}


def value_of(client: Clients, identifier: str) -> str:
    answer = client("secretsmanager").get_secret_value(SecretId=identifier)
    value: str = answer["SecretString"]
    return value


def test_a_list_parameter_stays_a_list_through_updates(stack: Stack, client: Clients) -> None:
    template: dict[str, Any] = {
        "Parameters": {"Subnets": {"Type": "CommaDelimitedList", "Default": "none"}},
        "Conditions": {
            "Given": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Subnets"}]}, ""]}]}
        },
        "Outputs": {"Secret": {"Value": {"Ref": "Secret"}}},
    }
    joined = {"Fn::Join": ["|", {"Ref": "Subnets"}]}
    first = {"Secret": secret({"Fn::If": ["Given", joined, "empty"]})}
    second = {**first, "Queue": {"Type": "AWS::SQS::Queue"}}
    made = stack.deploy(first, "CREATE_COMPLETE", {"Subnets": "a, b"}, **template)
    assert value_of(client, made["Secret"]) == "a|b"
    stack.deploy(second, "UPDATE_COMPLETE", {"Subnets": "a, b"}, **template)
    assert value_of(client, made["Secret"]) == "a|b"
    stack.deploy(second, "UPDATE_COMPLETE", {"Subnets": "c"}, **template)
    assert value_of(client, made["Secret"]) == "c"
    # An empty value that is given is not the default.
    stack.deploy(second, "UPDATE_COMPLETE", {"Subnets": ""}, **template)
    assert value_of(client, made["Secret"]) == "empty"


def test_a_dynamic_reference_is_resolved_when_its_resource_is_made(
    stack: Stack, client: Clients, endpoint: Endpoint, name: str
) -> None:
    generated = {
        "SecretStringTemplate": json.dumps({"username": "me"}),
        "GenerateStringKey": "password",
        "PasswordLength": 30,
        "ExcludePunctuation": True,
    }
    reference = "{{resolve:secretsmanager:${Secret}:SecretString:%s}}"
    login = f"{reference % 'username'}:{reference % 'password'}"
    resources = {
        "Secret": {"Type": SECRET, "Properties": {"Name": name, "GenerateSecretString": generated}},
        "Login": secret({"Fn::Sub": login}),
        "Whole": secret({"Fn::Sub": "{{resolve:secretsmanager:${Secret}}}"}),
        "Named": {
            "Type": SECRET,
            "DependsOn": "Secret",
            "Properties": {
                "SecretString": f"{{{{resolve:secretsmanager:{name}:SecretString:username}}}}"
            },
        },
    }
    outputs = {one: {"Value": {"Ref": one}} for one in resources}
    made = stack.deploy(resources, "CREATE_COMPLETE", Outputs=outputs)
    wanted = json.loads(value_of(client, made["Secret"]))
    assert value_of(client, made["Login"]) == f"me:{wanted['password']}"
    assert json.loads(value_of(client, made["Whole"])) == wanted
    assert value_of(client, made["Named"]) == "me"

    resources["Login"] = secret({"Fn::Sub": login + "@host"})
    stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs)
    assert value_of(client, made["Login"]) == f"me:{wanted['password']}@host"
    events = stack.cloudformation.describe_stack_events(StackName=stack.name)["StackEvents"]
    assert wanted["password"] not in str(events)
    log = (endpoint.state.parent / "endpoint.log").read_text()
    assert "Logging error" not in log
    assert made["Secret"] not in log


def test_a_dynamic_reference_to_nothing_fails_the_stack_and_says_what_is_missing(
    stack: Stack, name: str
) -> None:
    absent = secret(f"{{{{resolve:secretsmanager:{name}:SecretString:password}}}}")
    stack.deploy({"Login": absent}, "ROLLBACK_COMPLETE")
    assert "can't find the specified secret" in stack.reasons()
    assert name in stack.reasons()


def test_a_key_that_a_secret_does_not_have_fails_the_stack_without_telling_the_secret(
    stack: Stack,
) -> None:
    resources = {
        "Secret": secret(json.dumps({"username": "me", "hidden": "s3cr3t"})),
        "Login": secret({"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}),
    }
    stack.deploy(resources, "ROLLBACK_COMPLETE")
    assert "Could not find a value associated with JSONKey in SecretString" in stack.reasons()
    assert "s3cr3t" not in stack.reasons()


def test_a_generated_password_has_a_character_of_each_kind(stack: Stack, client: Clients) -> None:
    generate = {"PasswordLength": 4, "ExcludePunctuation": "true", "ExcludeCharacters": "aA0"}
    names = [f"Secret{number}" for number in range(8)]
    resources = {
        one: {"Type": SECRET, "Properties": {"GenerateSecretString": generate}} for one in names
    }
    outputs = {one: {"Value": {"Ref": one}} for one in names}
    made = stack.deploy(resources, "CREATE_COMPLETE", Outputs=outputs)
    for identifier in made.values():
        password = value_of(client, identifier)
        kinds = [any(map(kind, password)) for kind in (str.islower, str.isupper, str.isdigit)]
        assert all(kinds), password
        assert password.isalnum()
        assert not set(password) & set("aA0")


def test_a_topic_is_named_after_its_stack_and_stays_through_an_update(
    stack: Stack, client: Clients
) -> None:
    resources: dict[str, Any] = {
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"DisplayName": "Old", "KmsMasterKeyId": "alias/aws/sns"},
        },
        "Fifo": {"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": True}},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }
    outputs: dict[str, Any] = {one: {"Value": {"Ref": one}} for one in ("Topic", "Fifo")}
    outputs["Queue"] = {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}
    made = stack.deploy(resources, "CREATE_COMPLETE", Outputs=outputs)
    assert made["Topic"].rpartition(":")[2].startswith(f"{stack.name}-Topic-")
    assert made["Fifo"].rpartition(":")[2].startswith(f"{stack.name}-Fifo-")
    assert made["Fifo"].endswith(".fifo")

    subscription = {"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}}
    changed = {
        "DisplayName": "New",
        "Tags": [{"Key": "a", "Value": "b"}],
        "Subscription": [subscription],
    }
    resources["Topic"]["Properties"] = changed
    assert stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs) == made
    topic = {"TopicArn": made["Topic"]}
    sns = client("sns")
    attributes = sns.get_topic_attributes(**topic)["Attributes"]
    assert attributes["DisplayName"] == "New"
    assert not attributes.get("KmsMasterKeyId")
    tags = sns.list_tags_for_resource(ResourceArn=made["Topic"])["Tags"]
    assert {"Key": "a", "Value": "b"} in tags
    subscribed = sns.list_subscriptions_by_topic(**topic)["Subscriptions"]
    assert [one["Endpoint"] for one in subscribed] == [made["Queue"]]

    del changed["Subscription"]
    stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs)
    assert sns.list_subscriptions_by_topic(**topic)["Subscriptions"] == []
