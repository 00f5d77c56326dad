"""The policies of resources: buckets, queues, topics, secrets, keys.

Sources: IAM User Guide, "Identity-based policies and resource-based policies" and "AWS services
that work with IAM".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS

from etlocal.aws.arns import Arn, parse_arn
from etlocal.endpoint.enforcement import policies
from etlocal.iam.documents import Policy

# Of a key, the identity-based policies count only where its own policy says so.
_REQUIRED = frozenset({"kms"})


def policy_of(resource: str) -> Policy | None:
    """Give a resource's policy; None where it has none, or cannot have one."""
    arn = _parsed(resource)
    if arn is None or arn.service not in _READERS:
        return None
    document = _READERS[arn.service](arn)
    return policies.read(document, "resource", resource) if document else None


def account_of(resource: str) -> str | None:
    """Give the account that a resource is in; None where its ARN does not tell, or it is none."""
    arn = _parsed(resource)
    if arn is None:
        return None
    if arn.service == "s3":
        bucket = _bucket(arn)
        return bucket.bucket_account_id if bucket is not None else None
    return arn.account or None


def requires_policy(resource: str) -> bool:
    """Tell whether the resource's policy must let identity-based policies count."""
    arn = _parsed(resource)
    return arn is not None and arn.service in _REQUIRED and arn.resource.startswith("key/")


def has_object(bucket: str, key: str) -> bool:
    """Tell whether a bucket has an object; True where there is no such bucket to tell."""
    found = _bucket(Arn("aws", "s3", "", "", bucket))
    return found is None or found.objects.get(key) is not None


def key_of(arn: str) -> Any | None:
    """Give LocalStack's KMS key of an ARN; None if there is none."""
    found = _parsed(arn)
    return _key(found) if found is not None else None


def _parsed(resource: str) -> Arn | None:
    try:
        return parse_arn(resource)
    except ValueError:
        return None


def _bucket(arn: Arn) -> Any | None:
    SERVICE_PLUGINS.require("s3")
    from localstack.services.s3.models import s3_stores

    name = arn.resource.partition("/")[0]
    for regions in list(s3_stores.values()):
        for store in list(regions.values()):
            if name in store.buckets:
                return store.buckets[name]
    return None


def _of_bucket(arn: Arn) -> Any:
    bucket = _bucket(arn)
    return bucket.policy if bucket is not None else None


def _of_queue(arn: Arn) -> Any:
    SERVICE_PLUGINS.require("sqs")
    from localstack.services.sqs.models import sqs_stores

    queue = sqs_stores[arn.account][arn.region].queues.get(arn.resource)
    return queue.attributes.get("Policy") if queue is not None else None


def _of_topic(arn: Arn) -> Any:
    SERVICE_PLUGINS.require("sns")
    from moto.sns.models import sns_backends

    topic = sns_backends[arn.account][arn.region].topics.get(str(arn))
    return topic.policy if topic is not None else None


def _of_secret(arn: Arn) -> Any:
    SERVICE_PLUGINS.require("secretsmanager")
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = secretsmanager_backends[arn.account][arn.region].secrets
    secret = secrets.get(str(arn))
    return getattr(secret, "policy", None)


def _key(arn: Arn) -> Any | None:
    SERVICE_PLUGINS.require("kms")
    from localstack.services.kms.models import kms_stores

    return kms_stores[arn.account][arn.region].keys.get(arn.resource.removeprefix("key/"))


def _of_key(arn: Arn) -> Any:
    key = _key(arn)
    return key.policy if key is not None else None


_READERS: dict[str, Callable[[Arn], Any]] = {
    "kms": _of_key,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
