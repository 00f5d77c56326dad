"""The events that Glue sends to EventBridge.

Source: Amazon EventBridge Events Reference, "AWS Glue events"; AWS Glue Developer Guide,
"Automating AWS Glue with EventBridge". AWS delivers them on a best-effort basis, and so does this:
what goes wrong is in the log and changes nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.call import Runtime

LOG = logging.getLogger(__name__)


def put_event(
    runtime: Runtime, *, account: str, region: str, detail_type: str, detail: Mapping[str, Any]
) -> bool:
    """Send an event of source ``aws.glue`` to the default event bus.

    Parameters
    ----------
    runtime : Runtime
    account, region : str
        Where the thing belongs that the event is about.
    detail_type : str
        ``Glue Job State Change``, ``Glue Crawler State Change``, …
    detail : mapping
        The event's ``detail``.

    Returns
    -------
    bool
        Whether the bus took it; if not, the log says why.
    """
    entry = {"Source": "aws.glue", "DetailType": detail_type, "Detail": json.dumps(dict(detail))}
    try:
        client = runtime.client("events", account=account, region=region)
        answer = client.put_events(Entries=[entry])
    except (BotoCoreError, ClientError) as error:
        LOG.warning("the event %r was not sent: %s", detail_type, error)
        return False
    if answer.get("FailedEntryCount"):
        LOG.warning("the event %r was refused: %s", detail_type, answer.get("Entries"))
        return False
    return True
