"""What requests of the Data API have in common: the target, the database, the parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from etlocal.aws.call import Call
from etlocal.redshift import targets
from etlocal.redshift.data.errors import InvalidRequestError, ResourceNotFoundError
from etlocal.redshift.dialect import parser
from etlocal.redshift.engines.base import EngineSession
from etlocal.redshift.errors import SqlError
from etlocal.redshift.targets import Target
from etlocal.redshift.warehouse import Warehouse


def target_of(request: Mapping[str, Any], call: Call) -> Target:
    """Find the workgroup or cluster that a request names.

    Raises
    ------
    InvalidRequestError
        If it names none or both, or a cluster without credentials.
    TargetNotFoundError
        If there is none of that name.
    """
    workgroup, cluster = request.get("WorkgroupName"), request.get("ClusterIdentifier")
    if workgroup and cluster:
        raise InvalidRequestError("Only one of ClusterIdentifier or WorkgroupName must be provided")
    if workgroup:
        name = workgroup.rsplit("/", 1)[-1] if workgroup.startswith("arn:") else workgroup
        return targets.workgroup(call, name)
    if cluster:
        if request.get("DbUser") and request.get("SecretArn"):
            raise InvalidRequestError("Only one of DbUser or SecretArn must be provided")
        return targets.cluster(call, cluster, user_of(request, call))
    raise InvalidRequestError(
        "ClusterIdentifier or WorkgroupName must be provided to connect to a Redshift cluster"
    )


def user_of(request: Mapping[str, Any], call: Call) -> str | None:
    """Give the user that a request names, itself or by its secret.

    Raises
    ------
    InvalidRequestError
        If the secret cannot be read.
    """
    if request.get("DbUser"):
        return str(request["DbUser"])
    secret = request.get("SecretArn")
    if not secret:
        return None
    try:
        answer = call.client("secretsmanager").get_secret_value(SecretId=secret)
        return str(json.loads(answer["SecretString"])["username"])
    except (ClientError, KeyError, ValueError) as error:
        raise InvalidRequestError(f"The secret {secret} cannot be used: {error}") from error


def check_parameters(request: Mapping[str, Any], sqls: list[str]) -> None:
    """Check that the parameters given and those in the text are the same.

    Raises
    ------
    InvalidRequestError
        If one is given twice, is not used, or is missing.
    """
    given = [parameter["name"] for parameter in request.get("Parameters") or []]
    if len(given) != len(set(given)):
        raise InvalidRequestError("Parameters list contains duplicate parameters.")
    if not given:
        return
    used: set[str] = set()
    for sql in sqls:
        try:
            used |= parser.parameter_names(sql)
        except SqlError:
            # Text that cannot be taken apart fails when it is worked on, with Redshift's words.
            return
    unused = sorted(set(given) - used)
    if unused:
        raise InvalidRequestError(
            f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]"
        )


def connect(request: Mapping[str, Any], call: Call) -> EngineSession:
    """Open a session for an operation that answers at once (``ListTables``).

    Raises
    ------
    InvalidRequestError
        If there is no such database, or its server cannot be reached.
    """
    target = target_of(request, call)
    name = request.get("ConnectedDatabase") or request.get("Database") or target.database
    try:
        engine = call.runtime.component(Warehouse).engine(target.key, target.database)
        return engine.connect(name, target.user)
    except SqlError as error:
        raise InvalidRequestError(str(error.message)) from error


def statement_not_found(statement: str) -> ResourceNotFoundError:
    """Make the error for a statement that is not there."""
    return ResourceNotFoundError("Query does not exist.", statement)
