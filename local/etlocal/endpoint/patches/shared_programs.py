"""Executions of one definition share its parsed program.

LocalStack parses the definition anew for every execution, which takes longer than most executions
and lets the first of a burst wait for the parsing of the last. A program keeps nothing of an
execution: that is all in the execution's environment.
"""

from __future__ import annotations

import copy
import threading
from functools import lru_cache
from typing import Any

from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser
from localstack.services.stepfunctions.backend.execution_worker import ExecutionWorker

from etlocal.settings import Settings

_PROGRAMS = 32
_parsing = threading.Lock()


def apply(_: Settings) -> None:
    """Give each execution the program of its definition."""
    ExecutionWorker._get_evaluation_entrypoint = _entrypoint


def own_program(worker: Any) -> Any:
    """Give a program that belongs to one execution alone and may be changed.

    Parameters
    ----------
    worker : localstack.services.stepfunctions.backend.execution_worker.ExecutionWorker
        The execution's worker, with its definition.
    """
    return copy.deepcopy(_entrypoint(worker))


def _entrypoint(worker: Any) -> Any:
    # Those who come while it is parsed wait for it, in place of doing the same.
    with _parsing:
        return _program(str(worker._evaluation_details.state_machine_details.definition))


@lru_cache(maxsize=_PROGRAMS)
def _program(definition: str) -> Any:
    return AmazonStateLanguageParser.parse(definition)[0]
