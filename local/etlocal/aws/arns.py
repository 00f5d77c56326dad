"""Amazon Resource Names.

Source: AWS General Reference, "Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

from typing import NamedTuple


class Arn(NamedTuple):
    """The parts of ``arn:partition:service:region:account:resource``."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(("arn", *self))


def make_arn(service: str, region: str, account: str, resource: str) -> str:
    """Give the ARN of a resource, e.g. ``arn:aws:glue:us-east-1:000000000000:crawler/raw``."""
    return str(Arn(_partition(region), service, region, account, resource))


def parse_arn(text: str) -> Arn:
    """Take an ARN apart.

    Raises
    ------
    ValueError
        If `text` is not an ARN; the message quotes it.
    """
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        raise ValueError(f"not an ARN (arn:partition:service:region:account:resource): {text!r}")
    return Arn(*parts[1:])


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"
