"""Step Functions parses each JSONPath once.

LocalStack parses a path whenever a state is evaluated, even the ``$`` that each task's result goes
through, and jsonpath-ng builds its parser's tables anew for every text: 9 to 30 ms of the
endpoint's time for each, which a burst of executions shares. A parsed path is never changed.
"""

from __future__ import annotations

from functools import lru_cache

from localstack.services.stepfunctions.asl.component.common.path import result_path
from localstack.services.stepfunctions.asl.utils import json_path

from etlocal.settings import Settings

_PATHS = 1024


def apply(_: Settings) -> None:
    """Remember the paths that were parsed last."""
    for module in (result_path, json_path):
        module.parse = lru_cache(maxsize=_PATHS)(module.parse)
