"""The events that tell EventBridge how a crawl goes.

Source: AWS Glue Developer Guide, "Automating AWS Glue with EventBridge" (``Glue Crawler State
Change`` for Started, Succeeded and Failed); a stopped crawl sends none.
"""

from __future__ import annotations

from urllib.parse import quote

from etlocal.aws.call import Call
from etlocal.glue.crawler.log import LOG_GROUP
from etlocal.glue.crawler.writing import Summary
from etlocal.glue.events import put_event

_DETAIL_TYPE = "Glue Crawler State Change"
_CHANGES = {"Created": "ADD", "Updated": "UPDATE", "Deleted": "DELETE"}
_NONE = "N/A"


def announce_start(call: Call, crawler: str) -> None:
    """Say that a crawl has started."""
    detail = {
        "accountId": call.account,
        "crawlerName": crawler,
        "startTime": _now(call),
        "state": "Started",
        "message": "Crawler Started",
    }
    _put(call, detail)


def announce_end(
    call: Call, crawler: str, seconds: float, summary: Summary, error: str | None
) -> None:
    """Say that a crawl has succeeded, or failed with `error`.

    Parameters
    ----------
    call : Call
    crawler : str
    seconds : float
        How long the crawl took.
    summary : Summary
    error : str or None
    """
    state = "Failed" if error is not None else "Succeeded"
    detail = {
        "accountId": call.account,
        "crawlerName": crawler,
        "completionDate": _now(call),
        "runningTime (sec)": str(round(seconds)),
        "state": state,
        "message": f"Crawler {state}",
        "errorMessage": error or _NONE,
        "warningMessage": _NONE,
        "cloudWatchLogLink": _log_link(call, crawler),
    }
    for kind, counts in (("tables", summary.tables), ("partitions", summary.partitions)):
        detail |= {f"{kind}{change}": str(counts[name]) for change, name in _CHANGES.items()}
    _put(call, detail)


def _put(call: Call, detail: dict[str, str]) -> None:
    put_event(
        call.runtime,
        account=call.account,
        region=call.region,
        detail_type=_DETAIL_TYPE,
        detail=detail,
    )


def _log_link(call: Call, crawler: str) -> str:
    return (
        f"https://console.aws.amazon.com/cloudwatch/home?region={call.region}"
        f"#logEventViewer:group={LOG_GROUP};stream={quote(crawler)}"
    )


def _now(call: Call) -> str:
    return call.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
