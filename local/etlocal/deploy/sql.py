"""Warehouse scripts as statements, and statements to their end."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlparse

from etlocal.deploy.deployed import DeployError
from etlocal.waiting import await_answer

_STATEMENT_SECONDS = 600
UNFINISHED = ("SUBMITTED", "PICKED", "STARTED")


def statements(script: str) -> list[str]:
    """Split a script into its statements, without the comments around them."""
    return list(_split(script))


@lru_cache(maxsize=256)
def _split(script: str) -> tuple[str, ...]:
    split = (sqlparse.format(sql, strip_comments=True) for sql in sqlparse.split(script))
    return tuple(sql.strip().rstrip(";").strip() for sql in split if sql.strip(" \n\t;"))


def fill_in(script: str, outputs: dict[str, str], source: Path) -> str:
    """Replace ``${OutputName}`` by the output's value, in which quotes are not allowed.

    Raises
    ------
    DeployError
        If a name is no output, or a value could end the SQL literal that it stands in.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in outputs:
            raise DeployError(f"{source} names ${{{name}}}, which is no output of the stack")
        if not re.fullmatch(r"[\w:/.+=@-]*", outputs[name]):
            raise DeployError(
                f"the output {name} has characters that may not go into {source}: {outputs[name]!r}"
            )
        return outputs[name]

    return re.sub(r"\$\{(\w+)\}", value, script)


def await_statement(data: Any, statement_id: str, *, longest: float = 0.1) -> dict[str, Any]:
    """Wait for the end of a statement of the Redshift Data API and give its description.

    Parameters
    ----------
    data : client
        boto3's client of ``redshift-data``.
    statement_id : str
    longest : float
        Seconds that the pause between two looks grows to.
    """

    def look() -> dict[str, Any] | None:
        described: dict[str, Any] = data.describe_statement(Id=statement_id)
        return None if described["Status"] in UNFINISHED else described

    return await_answer(
        look,
        seconds=_STATEMENT_SECONDS,
        what=f"the statement {statement_id}",
        first=0.005,
        longest=longest,
    )
