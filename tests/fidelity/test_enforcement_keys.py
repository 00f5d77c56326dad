"""A topic or a queue that a customer managed key encrypts is of use to whom the key lets in.

Sources: Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs"; Amazon SQS
Developer Guide, "Key management"; KMS Developer Guide, "Key policies in AWS KMS".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Endpoint
from .enforcing import ACCOUNT, Account, Statement, allow, document, refused, trust
from .test_enforcement_services import decided, ended, make_machine, received, until

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SENDING = ["kms:GenerateDataKey*", "kms:Decrypt"]
IDENTITIES = {**allow("kms:*"), "Principal": {"AWS": ROOT}}
"""The statement by which a key lets the account's identity-based policies count."""
ADMINISTERED = {**allow(["kms:Put*", "kms:Describe*", "kms:Get*"]), "Principal": {"AWS": ROOT}}
"""A statement by which it lets them count for nothing that encrypts."""


@pytest.fixture
def account(enforcing: Endpoint, name: str) -> Account:
    return Account(enforcing, name)


def make_key(account: Account, *statements: Statement) -> str:
    made = account.root("kms").create_key(Policy=document(*(statements or (IDENTITIES,))))
    arn: str = made["KeyMetadata"]["Arn"]
    return arn


def make_topic(account: Account, key: str) -> str:
    arn: str = account.root("sns").create_topic(
        Name=account.name, Attributes={"KmsMasterKeyId": key}
    )["TopicArn"]
    return arn


def make_queue(account: Account, key: str, policy: str | None = None) -> tuple[str, str]:
    attributes = {"KmsMasterKeyId": key, **({"Policy": policy} if policy else {})}
    url = account.root("sqs").create_queue(QueueName=account.name, Attributes=attributes)
    return url["QueueUrl"], f"arn:aws:sqs:us-east-1:{ACCOUNT}:{account.name}"


@pytest.mark.parametrize("by", ["id", "alias"])
def test_publishing_to_an_encrypted_topic_needs_its_key(account: Account, by: str) -> None:
    key = make_key(account)
    named = key.rpartition("/")[2]
    if by == "alias":
        named = f"alias/{account.name}"
        account.root("kms").create_alias(AliasName=named, TargetKeyId=key)
    topic = make_topic(account, named)
    sns = account.session(allow("sns:Publish", topic))("sns")

    with refused("KMSAccessDenied", account.session_arn, f"kms:GenerateDataKey on resource: {key}"):
        sns.publish(TopicArn=topic, Message="m")
    account.grant(allow("sns:Publish", topic), allow(SENDING[:1], key))
    with refused("KMSAccessDenied", f"kms:Decrypt on resource: {key}"):
        sns.publish(TopicArn=topic, Message="m")
    account.grant(allow(SENDING, key))
    with refused("AuthorizationError", f"sns:Publish on resource: {topic}"):
        sns.publish(TopicArn=topic, Message="m")
    account.grant(allow("sns:Publish", topic), allow(SENDING, key))
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


def test_a_denial_by_the_key_is_a_client_error(account: Account) -> None:
    topic = make_topic(account, make_key(account))
    sns = account.session(allow("sns:Publish"))("sns")
    with pytest.raises(sns.exceptions.KMSAccessDeniedException) as raised:
        sns.publish(TopicArn=topic, Message="m")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_identities_count_only_where_the_keys_policy_says_so(account: Account) -> None:
    key = make_key(account, ADMINISTERED)
    topic = make_topic(account, key)
    sns = account.session(allow("sns:Publish"), allow("kms:*"))("sns")
    with refused("KMSAccessDenied", f"kms:GenerateDataKey on resource: {key}"):
        sns.publish(TopicArn=topic, Message="m")
    via = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}
    about = {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic}}
    role = f"arn:aws:iam::{ACCOUNT}:role/{account.name}-role"
    let = {**allow(SENDING, **via), "Principal": {"AWS": role}}
    both = {**let, "Condition": {"StringEquals": {**via["StringEquals"], **about["StringEquals"]}}}
    for statement in (let, both):
        policy = document(ADMINISTERED, statement)
        account.root("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
        assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


def test_awss_own_key_asks_nothing_of_who_publishes(account: Account) -> None:
    topic = make_topic(account, "alias/aws/sns")
    sns = account.session(allow("sns:Publish", topic))("sns")
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


def test_a_queues_key_is_needed_to_send_and_to_receive(account: Account) -> None:
    key = make_key(account)
    url, queue = make_queue(account, key)
    both = allow(["sqs:SendMessage", "sqs:ReceiveMessage"], queue)
    sqs = account.session(both)("sqs")
    code = "KMS.AccessDeniedException"
    with refused(code, f"kms:GenerateDataKey on resource: {key}"):
        sqs.send_message(QueueUrl=url, MessageBody="m")
    with refused(code, f"kms:Decrypt on resource: {key}"):
        sqs.receive_message(QueueUrl=url)
    account.grant(both, allow("kms:Decrypt", key))
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    with refused(code, f"kms:GenerateDataKey on resource: {key}"):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])
    account.grant(both, allow(SENDING, key))
    sqs.send_message(QueueUrl=url, MessageBody="m")
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["m"]


@pytest.mark.parametrize("let", [True, False])
def test_a_service_sends_to_an_encrypted_queue_by_its_keys_policy(
    account: Account, let: bool
) -> None:
    topic = account.root("sns").create_topic(Name=account.name)["TopicArn"]
    from_topic = {"ArnEquals": {"aws:SourceArn": topic}}
    sender = {"Service": "sns.amazonaws.com"}
    using = {**allow(SENDING, **from_topic), "Principal": sender}
    key = make_key(account, IDENTITIES, *([using] if let else []))
    policy = document({**allow("sqs:SendMessage", **from_topic), "Principal": sender})
    url, queue = make_queue(account, key, policy)
    account.root("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    account.root("sns").publish(TopicArn=topic, Message="m")

    def told() -> Any:
        _, answer = account.endpoint.call("GET", "/_etlocal/permissions")
        return [
            each
            for each in answer["decisions"]
            if each["resource"] == key and each["action"] == "kms:GenerateDataKey"
        ]

    decision = until(told)[0]
    assert (decision["principal"], decision["allowed"]) == ("sns.amazonaws.com", let)
    assert decided(account, "sqs:SendMessage")["allowed"]
    if let:
        until(lambda: received(account, url))
    else:
        assert received(account, url) == []


@pytest.mark.parametrize("lacks", ["", "the topic", "the key", "its own alarm"])
def test_an_alarm_tells_a_topic_whose_policy_and_key_let_cloudwatch_in(
    account: Account, lacks: str
) -> None:
    alarm = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{account.name}"
    source = f"{alarm}-other" if lacks == "its own alarm" else alarm
    let = {"ArnEquals": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    cloudwatch = {"Principal": {"Service": "cloudwatch.amazonaws.com"}}
    using = {**allow(SENDING, **let), **cloudwatch}
    key = make_key(account, IDENTITIES, *([] if lacks == "the key" else [using]))
    topic = make_topic(account, key)
    sending = {**allow("sns:Publish", topic, **let), **cloudwatch}
    others = {**allow("sns:Publish", topic), "Principal": {"AWS": ROOT}}
    policy = document(others if lacks == "the topic" else sending)
    account.root("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy
    )
    url = alarmed(account, topic)
    if lacks:
        action = "kms:GenerateDataKey" if lacks == "the key" else "sns:Publish"
        denials = [
            each
            for each in account.endpoint.call("GET", "/_etlocal/permissions")[1]["decisions"]
            if each["resource"] in (topic, key) and not each["allowed"]
        ]
        told = [(each["principal"], each["action"]) for each in denials]
        assert told == [("cloudwatch.amazonaws.com", action)]
        assert received(account, url) == []
    else:
        [message] = until(lambda: received(account, url))
        assert account.name in message["Body"]


def test_an_alarm_tells_a_topic_that_has_the_policy_it_was_made_with(account: Account) -> None:
    topic = account.root("sns").create_topic(Name=account.name)["TopicArn"]
    url = alarmed(account, topic)
    until(lambda: received(account, url))


def alarmed(account: Account, topic: str) -> str:
    """Subscribe a queue to a topic, and set off an alarm that tells it; give the queue's URL."""
    made = account.root("sqs").create_queue(QueueName=account.name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{account.name}"
    sender = {"Principal": {"Service": "sns.amazonaws.com"}}
    account.root("sqs").set_queue_attributes(
        QueueUrl=made,
        Attributes={"Policy": document({**allow("sqs:SendMessage", queue), **sender})},
    )
    account.root("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    cloudwatch = account.root("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=account.name,
        Namespace="Tests",
        MetricName="m",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[topic],
    )
    cloudwatch.set_alarm_state(AlarmName=account.name, StateValue="ALARM", StateReason="a test")
    state = cloudwatch.describe_alarms(AlarmNames=[account.name])["MetricAlarms"][0]["StateValue"]
    assert state == "ALARM"
    url: str = made
    return url


def test_a_state_machine_publishes_with_its_roles_permissions_on_the_key(account: Account) -> None:
    key = make_key(account)
    topic = make_topic(account, key)
    publish = allow("sns:Publish", topic)
    role = account.role(publish, trusts=trust("states.amazonaws.com"), name="states")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic, "Message": "m"},
        "End": True,
    }
    machine = make_machine(account, {"StartAt": "T", "States": {"T": task}}, role)
    told = ended(account, machine)
    assert (told["status"], told["error"]) == ("FAILED", "SNS.KMSAccessDeniedException")
    assert f"kms:GenerateDataKey on resource: {key}" in told["cause"]
    account.grant(publish, allow(SENDING, key), name="states")
    told = ended(account, machine)
    assert told["status"] == "SUCCEEDED", json.dumps(told, default=str)
