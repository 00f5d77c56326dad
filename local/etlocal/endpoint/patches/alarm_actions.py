"""An alarm tells its topic as CloudWatch, and changes its state whether it may or not.

LocalStack publishes as the topic's account, which nothing is denied, and an action that fails would
fail what has set the alarm's state.

Source: Amazon CloudWatch User Guide, "Notifying users on alarm changes" (the topic's and the key's
policies let in ``cloudwatch.amazonaws.com``, for an alarm by ``aws:SourceArn``).
"""

from __future__ import annotations

import functools
import logging
from contextvars import ContextVar
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudwatch import provider_v2
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.utils.aws import arns

from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_PRINCIPAL = "cloudwatch"
_alarm: ContextVar[str] = ContextVar("alarm")


def apply(_: Settings) -> None:
    """Publish for the alarm whose state changes."""
    original = CloudwatchProvider.set_alarm_state

    @functools.wraps(original)
    def set_alarm_state(self: Any, context: Any, alarm_name: str, *rest: Any, **more: Any) -> Any:
        place = {"account_id": context.account_id, "region_name": context.region}
        token = _alarm.set(arns.cloudwatch_alarm_arn(alarm_name, **place))
        try:
            return original(self, context, alarm_name, *rest, **more)
        finally:
            _alarm.reset(token)

    CloudwatchProvider.set_alarm_state = set_alarm_state
    provider_v2.connect_to = functools.partial(_Clients, provider_v2.connect_to)


class _Clients:
    """A factory of clients, of which SNS's acts for the alarm."""

    def __init__(self, connect_to: Any, **where: Any) -> None:
        self._factory = connect_to(**where)

    def __getattr__(self, service: str) -> Any:
        return getattr(self._factory, service)

    @property
    def sns(self) -> Any:
        return self

    def publish(self, **parameters: Any) -> None:
        alarm = _alarm.get()
        client = self._factory.sns.request_metadata(service_principal=_PRINCIPAL, source_arn=alarm)
        try:
            client.publish(**parameters)
        except ClientError as error:
            LOG.warning("an action of %s failed: %s", alarm, error)
