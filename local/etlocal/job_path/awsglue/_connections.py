"""Glue connections, and the secrets they name.

AWS Glue Developer Guide: "AWS Glue connection properties", "GlueContext class"
(extract_jdbc_conf).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from . import _aws


@dataclass(frozen=True)
class Connection:
    """A Glue connection's URL and credentials; the secret is read when it is needed."""

    name: str
    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    secret: str = ""
    enforce_ssl: bool = False

    @property
    def vendor(self) -> str:
        """The database's name in the URL: `redshift`, `mysql`, ..."""
        match = re.match(r"jdbc:([a-z0-9]+):", self.url)
        return match.group(1) if match else ""

    def credentials(self) -> tuple[str, str]:
        """Return user and password, from the secret when the connection names one."""
        if not self.secret:
            return self.user, self.password
        return secret_credentials(self.secret)

    def jdbc_conf(self) -> dict[str, str]:
        """Return what `GlueContext.extract_jdbc_conf` returns."""
        user, password = self.credentials()
        match = re.match(r"(jdbc:[^/]+//[^/;?]+)", self.url)
        return {
            "vendor": self.vendor,
            "url": match.group(1) if match else self.url,
            "fullUrl": self.url,
            "user": user,
            "password": password,
            "enforceSSL": str(self.enforce_ssl).lower(),
        }


def secret_credentials(secret: str) -> tuple[str, str]:
    """Return user and password of a secret.

    Raises
    ------
    ValueError
        When the secret is not a JSON object with `username` and `password`.
    """
    text = _aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    try:
        value = json.loads(text)
        return str(value["username"]), str(value["password"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"The secret {secret!r} must be a JSON object with username and password"
        ) from None


def get(name: str, catalog_id: str | None = None) -> Connection:
    """Read a connection from the catalog.

    Raises
    ------
    ValueError
        When the connection has no JDBC URL.
    """
    glue = _aws.client("glue")
    answer = glue.get_connection(Name=name, HidePassword=False, **_aws.catalog_args(catalog_id))
    connection = answer["Connection"]
    properties = connection.get("ConnectionProperties", {})
    url = properties.get("JDBC_CONNECTION_URL", "")
    if not url:
        raise ValueError(f"The Glue connection {name!r} has no JDBC_CONNECTION_URL")
    authentication = connection.get("AuthenticationConfiguration", {})
    return Connection(
        name,
        url,
        properties.get("USERNAME", ""),
        properties.get("PASSWORD", ""),
        properties.get("SECRET_ID", "") or authentication.get("SecretArn", ""),
        properties.get("JDBC_ENFORCE_SSL", "false").lower() == "true",
    )
