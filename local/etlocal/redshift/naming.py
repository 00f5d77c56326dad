"""The names that clusters, namespaces' databases and administrators may have.

Source: Amazon Redshift API Reference, "CreateCluster" (``ClusterIdentifier``, ``DBName``,
``MasterUsername``), which botocore's model does not hold.
"""

from __future__ import annotations

import re

from etlocal.aws.errors import ValidationError

_CLUSTER = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")
_DATABASE = re.compile(r"[a-z0-9_]+")
_USER = re.compile(r"[A-Za-z][A-Za-z0-9_+.@-]*")
# What an engine or PostgreSQL has for itself.
_RESERVED = ("memory", "system", "temp", "template0", "template1", "padb_harvest")
_CLUSTER_LENGTH, _DATABASE_LENGTH, _USER_LENGTH = 63, 64, 128


def check_cluster(name: str, invalid: type[ValidationError]) -> None:
    """Refuse what is no cluster's identifier.

    Raises
    ------
    ValidationError
        Of the type `invalid`, as the checks below.
    """
    if len(name) > _CLUSTER_LENGTH or not _CLUSTER.fullmatch(name):
        raise invalid(
            f"The parameter ClusterIdentifier is not valid: {name!r}. It has 1 to 63 letters, "
            "digits and hyphens, begins with a letter, and has no hyphen at its end or behind "
            "another one."
        )


def check_database(parameter: str, name: str | None, invalid: type[ValidationError]) -> None:
    """Refuse what is no name of a first database; None is AWS's default."""
    if name is None:
        return
    if len(name) > _DATABASE_LENGTH or not _DATABASE.fullmatch(name) or name in _RESERVED:
        raise invalid(
            f"The parameter {parameter} is not valid: {name!r}. It has 1 to 64 lowercase letters, "
            "digits and underscores, and is no reserved word."
        )


def check_user(parameter: str, name: str | None, invalid: type[ValidationError]) -> None:
    """Refuse what is no administrator's name; None is AWS's default."""
    if name is None:
        return
    if len(name) > _USER_LENGTH or not _USER.fullmatch(name) or name.lower() == "public":
        raise invalid(
            f"The parameter {parameter} is not valid: {name!r}. It has 1 to 128 letters, digits "
            "and any of _ + . @ -, begins with a letter, and is not PUBLIC."
        )
