"""Which Redshift a connection's JDBC URL names, in the Data API's terms.

Source: Amazon Redshift Management Guide, "Obtaining the JDBC URL"; Amazon Redshift Serverless,
"Connecting to Amazon Redshift Serverless".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(r"jdbc:(?P<engine>[a-z0-9]+):(?P<rest>.*)", re.DOTALL)
_REDSHIFT = re.compile(
    r"//(?P<name>[^./:]+)\.[^./:]+\.(?P<region>[a-z0-9-]+)\."
    r"(?P<kind>redshift-serverless|redshift)\.[^/:]+(:\d+)?/(?P<database>[^?;/]+)"
)


class JdbcUrlError(ValueError):
    """A JDBC URL that is not Redshift's, or not of its form."""


@dataclass(frozen=True)
class RedshiftEndpoint:
    """What the Data API is told to reach a warehouse.

    Attributes
    ----------
    arguments : dict
        ``WorkgroupName`` of a serverless workgroup or ``ClusterIdentifier`` of a cluster.
    region, database : str
    """

    arguments: dict[str, str]
    region: str
    database: str


def engine_of(url: str) -> str:
    """Give the engine a JDBC URL names (``redshift``, ``postgresql``, …).

    Raises
    ------
    JdbcUrlError
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise JdbcUrlError(f"not a JDBC URL: {url!r}")
    return found["engine"]


def parse_redshift_url(url: str) -> RedshiftEndpoint:
    """Read the JDBC URL of a Redshift cluster or serverless workgroup.

    Raises
    ------
    JdbcUrlError
        If it is another engine's or not of the form that Redshift's console gives.
    """
    engine = engine_of(url)
    if engine != "redshift":
        raise JdbcUrlError(f"JDBC engine {engine!r} is not emulated; only redshift is")
    found = _REDSHIFT.match(url.removeprefix("jdbc:redshift:"))
    if found is None:
        raise JdbcUrlError(
            "a Redshift JDBC URL is jdbc:redshift://<workgroup>.<account>.<region>."
            "redshift-serverless.<domain>:<port>/<database> or jdbc:redshift://<cluster>.<id>."
            f"<region>.redshift.<domain>:<port>/<database>, not {url!r}"
        )
    member = "WorkgroupName" if found["kind"] == "redshift-serverless" else "ClusterIdentifier"
    return RedshiftEndpoint({member: found["name"]}, found["region"], found["database"])
