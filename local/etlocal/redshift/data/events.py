"""The event that ``WithEvent`` asks for.

Source: Amazon Redshift Management Guide, "Monitoring events for the Amazon Redshift Data API in
Amazon EventBridge".
"""

from __future__ import annotations

import json
import logging

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Runtime
from etlocal.redshift.data.records import KEPT_SECONDS, Record

_LOG = logging.getLogger(__name__)


def send(runtime: Runtime, record: Record, status: str) -> None:
    """Send a statement's state to the default event bus; a failure to do so is logged."""
    workgroup = record.request.get("WorkgroupName")
    name = workgroup or record.request.get("ClusterIdentifier")
    service, kind = ("redshift-serverless", "workgroup") if workgroup else ("redshift", "cluster")
    arn = make_arn(
        service, record.region, record.account, f"{kind}{'/' if workgroup else ':'}{name}"
    )
    detail = {
        "principal": record.request.get("principal", ""),
        "statementName": record.request.get("StatementName", ""),
        "statementId": record.id,
        "redshiftQueryId": record.parts[0].query,
        "state": status,
        "rows": record.parts[-1].rows,
        "expireAt": int(record.created.timestamp()) + KEPT_SECONDS,
    }
    entry = {
        "Source": "aws.redshift-data",
        "DetailType": "Redshift Data Statement Status Change",
        "Resources": [arn],
        "Detail": json.dumps(detail),
    }
    try:
        client = runtime.client("events", account=record.account, region=record.region)
        client.put_events(Entries=[entry])
    except (BotoCoreError, ClientError):
        _LOG.exception("the event of statement %s could not be sent", record.id)
