"""What requests do not tell of the resources they name, found in the services' state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from moto.iam.models import iam_backends

from etlocal.aws.arns import Arn, parse_arn
from etlocal.aws.store import Store
from etlocal.endpoint.enforcement.callers import Callers
from etlocal.endpoint.enforcement.resources import key_of

# In place of the characters that Secrets Manager adds to a name, for one that is not there yet.
_UNKNOWN_SUFFIX = "-??????"
_AWSS_KEY = "alias/aws/"


@dataclass(frozen=True)
class EndpointNames:
    """The names of one account and region; see `etlocal.iam.actions.needs.Names`."""

    account: str
    region: str
    partition: str
    store: Store
    callers: Callers

    def role(self, name: str) -> str:
        """Give the ARN of a role, with its path."""
        for role in list(iam_backends[self.account][self.partition].roles.values()):
            if role.name == name:
                return str(role.arn)
        return str(Arn(self.partition, "iam", "", self.account, f"role/{name}"))

    def secret(self, secret_id: str) -> str:
        """Give the ARN of a secret."""
        SERVICE_PLUGINS.require("secretsmanager")
        from moto.secretsmanager.models import secretsmanager_backends

        secret = secretsmanager_backends[self.account][self.region].secrets.get(secret_id)
        if secret is not None:
            return str(secret.arn)
        if secret_id.startswith("arn:"):
            return secret_id
        return self._arn("secretsmanager", f"secret:{secret_id}{_UNKNOWN_SUFFIX}")

    def workgroup(self, name: str) -> str:
        """Give the ARN of a workgroup."""
        return self._serverless("workgroup", name)

    def namespace(self, name: str) -> str:
        """Give the ARN of a namespace."""
        return self._serverless("namespace", name)

    def statement_owner(self, statement_id: str) -> str | None:
        """Give the user id of who made a statement."""
        # A sub-statement's id is its statement's with a number.
        principal = self._read(
            "SELECT principal AS found FROM redshift_statements WHERE id = ?",
            statement_id.partition(":")[0],
        )
        return self.callers.user_id(principal) if principal else None

    def key(self, key_id: str) -> str:
        """Give the ARN of a key."""
        if key_id.startswith("arn:") and ":alias/" not in key_id:
            return key_id
        SERVICE_PLUGINS.require("kms")
        from localstack.services.kms.models import kms_stores

        name = key_id.rpartition(":")[2]
        store: Any = kms_stores[self.account][self.region]
        alias = store.aliases.get(name)
        return self._arn("kms", f"key/{alias.metadata['TargetKeyId'] if alias else name}")

    def topic_key(self, topic_arn: str) -> str | None:
        """Give the ARN of the customer managed key that encrypts a topic."""
        SERVICE_PLUGINS.require("sns")
        from moto.sns.models import sns_backends

        arn = _parsed(topic_arn)
        if arn is None:
            return None
        topic = sns_backends[arn.account][arn.region].topics.get(topic_arn)
        return self._customers_key(topic.kms_master_key_id if topic is not None else None)

    def queue_key(self, queue_arn: str) -> str | None:
        """Give the ARN of the customer managed key that encrypts a queue."""
        SERVICE_PLUGINS.require("sqs")
        from localstack.services.sqs.models import sqs_stores

        arn = parse_arn(queue_arn)
        queue = sqs_stores[arn.account][arn.region].queues.get(arn.resource)
        return self._customers_key(queue.attributes.get("KmsMasterKeyId") if queue else None)

    def _customers_key(self, key_id: str | None) -> str | None:
        if not key_id or _AWSS_KEY in key_id:
            return None
        arn = self.key(key_id)
        known = key_of(arn)
        return None if known is not None and known.metadata["KeyManager"] == "AWS" else arn

    def _serverless(self, kind: str, name: str) -> str:
        document = self._read(
            f"SELECT document AS found FROM redshift_{kind}s"  # noqa: S608 - one of two names
            " WHERE account = ? AND region = ? AND name = ?",
            self.account,
            self.region,
            name,
        )
        if document is None:
            return self._arn("redshift-serverless", f"{kind}/{name}")
        return str(json.loads(document)[f"{kind}Arn"])

    def _read(self, query: str, *values: str) -> Any:
        with self.store.transaction() as tx:
            row = tx.execute(query, values).fetchone()
        return row["found"] if row is not None else None

    def _arn(self, service: str, resource: str) -> str:
        return str(Arn(self.partition, service, self.region, self.account, resource))


def _parsed(arn: str) -> Arn | None:
    """Read an ARN that a request has given; None for what is none."""
    try:
        return parse_arn(arn)
    except ValueError:
        return None
