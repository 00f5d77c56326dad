"""What every operation of the catalog checks of its request before it looks at the state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError, NotImplementedByEmulatorError
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError

_WILDCARD = re.compile(r"(?<![.)\]\\])\*")


class AccessDeniedError(AwsError):
    """The caller may not use the thing."""

    code = "AccessDeniedException"


def check_catalog(request: Mapping[str, Any], call: Call) -> None:
    """Refuse a ``CatalogId`` other than the caller's account.

    An account has one catalog here; catalogs of other accounts are reached on AWS only by grants,
    and federated catalogs do not exist.

    Raises
    ------
    AccessDeniedError
        If it is another account.
    EntityNotFoundError
        If it is no account's number.
    """
    catalog = request.get("CatalogId")
    if catalog is None or catalog == call.account:
        return
    if re.fullmatch(r"\d{12}", catalog):
        raise AccessDeniedError(
            f"User: {call.principal} is not authorized to access the catalog {catalog}: "
            "Cross account access is not granted"
        )
    raise EntityNotFoundError(f"Catalog {catalog} not found.")


def refuse(operation: str, request: Mapping[str, Any], *members: str) -> None:
    """Refuse members of a request that exist on AWS and are not emulated.

    Raises
    ------
    NotImplementedByEmulatorError
        If one of `members` is given; the message names it.
    """
    given = [member for member in members if request.get(member) not in (None, False, [], {})]
    if given:
        raise NotImplementedByEmulatorError(
            f"glue.{operation} with {', '.join(given)} is not emulated by etlocal; "
            "see docs/fidelity.md"
        )


def name_pattern(text: str) -> re.Pattern[str]:
    """Compile the name pattern of GetTables and GetUserDefinedFunctions.

    The API reference calls it a regular expression; the service also takes Hive's patterns, where
    ``*`` alone stands for any characters (``dim_*``, ``*_raw``). A star that quantifies something
    (``.*``, ``[a-z]*``, ``(ab)*``) keeps its meaning, and the whole name has to match.

    Raises
    ------
    InvalidInputError
        If it cannot be read.
    """
    try:
        return re.compile(_WILDCARD.sub(".*", text), re.IGNORECASE)
    except re.error as error:
        raise InvalidInputError(f"Invalid pattern {text!r}: {error}") from error


def detail(error: AwsError) -> dict[str, str]:
    """Give an error as an ``ErrorDetail``, by which an operation on many things tells of one."""
    return {"ErrorCode": error.code, "ErrorMessage": error.message}
