"""Errors of crawlers and their schedules, named as in the AWS Glue Web API reference."""

from __future__ import annotations

from etlocal.aws.errors import AwsError


class CrawlerRunningError(AwsError):
    """The crawler is not READY."""

    code = "CrawlerRunningException"


class CrawlerNotRunningError(AwsError):
    """The crawler is not running."""

    code = "CrawlerNotRunningException"


class CrawlerStoppingError(AwsError):
    """The crawler is stopping."""

    code = "CrawlerStoppingException"


class NoScheduleError(AwsError):
    """The crawler has no schedule."""

    code = "NoScheduleException"


class SchedulerRunningError(AwsError):
    """The crawler's schedule is on already."""

    code = "SchedulerRunningException"


class SchedulerNotRunningError(AwsError):
    """The crawler's schedule is off already."""

    code = "SchedulerNotRunningException"
