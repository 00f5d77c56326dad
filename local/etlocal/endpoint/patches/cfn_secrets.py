"""``GenerateSecretString`` makes its password by ``GetRandomPassword``, as CloudFormation does.

LocalStack makes one of its own without heeding ``RequireEachIncludedType``, which is on unless it
is turned off, so that now and then a password lacks the digit that Redshift asks for.

Source: CloudFormation User Guide, "AWS::SecretsManager::Secret GenerateSecretString".
"""

from __future__ import annotations

from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.secretsmanager.resource_providers import aws_secretsmanager_secret

from etlocal.settings import Settings

_OPTIONS = (
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "PasswordLength",
    "RequireEachIncludedType",
)


def apply(settings: Settings) -> None:
    """Ask the service for the password."""

    def secret_value(_: Any, generate: dict[str, Any]) -> str:
        client = connect_to(
            aws_access_key_id=settings.account, region_name=settings.region
        ).secretsmanager
        options = {name: generate[name] for name in _OPTIONS if name in generate}
        return str(client.get_random_password(**options)["RandomPassword"])

    aws_secretsmanager_secret.SecretsManagerSecretProvider._get_secret_value = secret_value
