"""Amazon SNS and Amazon SQS.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SNS"
and "... for Amazon SQS"; Amazon SQS Developer Guide, "Amazon SQS API permissions: Actions and
resource reference" (a batch needs the permission of the single operation); Amazon SNS Developer
Guide, "Managing Amazon SNS encryption keys and costs", and Amazon SQS Developer Guide, "Key
management": who sends to what a customer managed key encrypts needs ``kms:GenerateDataKey`` and
``kms:Decrypt`` on the key, and who receives from such a queue ``kms:Decrypt``. AWS's own keys let
in everybody whom topic and queue let in. KMS Developer Guide, "AWS KMS condition keys" and
"Encryption context".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etlocal.aws.arns import parse_arn
from etlocal.iam.actions.needs import ApiCall, Need
from etlocal.iam.patterns import ContextValue

_SNS_ANY = frozenset(
    [
        "ListTopics",
        "ListSubscriptions",
        "ListPlatformApplications",
        "SetSMSAttributes",
        "GetSMSAttributes",
        "CheckIfPhoneNumberIsOptedOut",
        "ListPhoneNumbersOptedOut",
    ]
)
_SNS_ARNS = ("TopicArn", "TargetArn", "ResourceArn", "PlatformApplicationArn")
_SUBSCRIPTION = frozenset(["Unsubscribe", "GetSubscriptionAttributes", "SetSubscriptionAttributes"])
_SQS_BATCHES = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "SendMessageBatch": "SendMessage",
}
# What it takes to encrypt with a new data key, and to decrypt.
_SENDING = ("kms:GenerateDataKey", "kms:Decrypt")
_SQS_ENCRYPTED = {"sqs:SendMessage": _SENDING, "sqs:ReceiveMessage": ("kms:Decrypt",)}


def sns_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of SNS needs."""
    operation = "Publish" if call.operation == "PublishBatch" else call.operation
    action = f"sns:{operation}"
    if operation in _SNS_ANY:
        return [Need(action)]
    if operation == "CreateTopic":
        return [Need(action, call.arn("sns", call.text("Name")))]
    if operation in _SUBSCRIPTION:
        # arn:...:topic:id; a permission is on the topic.
        topic = call.text("SubscriptionArn").rpartition(":")[0]
        return [Need(action, topic)] if topic else None
    for name in _SNS_ARNS:
        if call.text(name):
            arn = call.text(name)
            key = call.names.topic_key(arn) if operation == "Publish" else None
            found = [Need(action, arn, _sns_keys(call))]
            return found + _encrypting(call, key, _SENDING, {"aws:sns:topicArn": arn})
    # A message to a telephone has no ARN.
    return [Need(action)] if operation == "Publish" else None


def sqs_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of SQS needs."""
    action = f"sqs:{_SQS_BATCHES.get(call.operation, call.operation)}"
    if call.operation == "ListQueues":
        return [Need(action)]
    if call.text("QueueName"):
        owner = call.text("QueueOwnerAWSAccountId")
        arn = call.arn("sqs", call.text("QueueName"))
        if owner:
            arn = str(parse_arn(arn)._replace(account=owner))
        return [Need(action, arn)]
    if call.text("QueueUrl"):
        arn = _queue_arn(call)
        needed = _SQS_ENCRYPTED.get(action)
        key = call.names.queue_key(arn) if needed else None
        return [Need(action, arn), *_encrypting(call, key, needed or (), {"aws:sqs:arn": arn})]
    if call.text("SourceArn"):
        return [Need(action, call.text("SourceArn"))]
    return None


def _queue_arn(call: ApiCall) -> str:
    """Give the ARN of the queue whose URL ends with ``<account>/<name>``."""
    parts = call.text("QueueUrl").rstrip("/").split("/")
    account = parts[-2] if len(parts) > 1 and parts[-2].isdigit() else call.account
    return str(parse_arn(call.arn("sqs", parts[-1]))._replace(account=account))


def _encrypting(
    call: ApiCall, key: str | None, actions: Sequence[str], encryption_context: Mapping[str, str]
) -> list[Need]:
    """Need actions on a key that a service uses in the caller's name."""
    if key is None:
        return []
    keys: dict[str, ContextValue] = {
        "kms:ViaService": f"{call.service.partition('-')[0]}.{call.region}.amazonaws.com",
        "kms:EncryptionContextKeys": tuple(encryption_context),
        **{f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()},
    }
    return [Need(each, key, keys) for each in actions]


def _sns_keys(call: ApiCall) -> dict[str, ContextValue]:
    keys: dict[str, ContextValue] = {}
    if call.operation == "Subscribe":
        keys["sns:Protocol"] = call.text("Protocol")
        if call.text("Endpoint"):
            keys["sns:Endpoint"] = call.text("Endpoint")
    return keys
