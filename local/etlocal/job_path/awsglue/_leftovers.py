"""What the Redshift connector leaves in its temporary directory, and who clears it.

The connector that Glue brings is made from spark-redshift-community, whose README ("Configuring the
connection between S3 and Redshift") says that it removes none of its files and that a life cycle of
the bucket has to. It asks for that life cycle at every read and write, and goes on without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from . import _aws
from ._listing import split_s3
from ._log import GlueLogger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NONE = "NoSuchLifecycleConfiguration"


def warn(folder: str) -> None:
    """Warn in the error log when nothing clears a temporary directory, or nobody says so.

    Parameters
    ----------
    folder : str
        On S3.
    """
    _, bucket, key = split_s3(folder)
    try:
        answer = _aws.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != _NONE:
            GlueLogger().warn(f"The life cycle of the bucket {bucket} cannot be read: {error}")
            return
        answer = {}
    except BotoCoreError as error:
        GlueLogger().warn(f"The life cycle of the bucket {bucket} cannot be read: {error}")
        return
    if not _is_cleared(key, answer.get("Rules", ())):
        GlueLogger().warn(
            f"No rule of the bucket {bucket}'s life cycle is about the temporary directory "
            f"{folder}: what COPY and UNLOAD leave there stays"
        )


def _is_cleared(key: str, rules: Iterable[Mapping[str, Any]]) -> bool:
    return any(rule["Status"] == "Enabled" and key.startswith(str(_prefix(rule))) for rule in rules)


def _prefix(rule: Mapping[str, Any]) -> object:
    found = rule.get("Filter", {})
    return rule.get("Prefix") or found.get("Prefix") or found.get("And", {}).get("Prefix") or ""
