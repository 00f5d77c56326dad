"""What a job may ask for: its kind, Glue's version, workers, capacity, timeouts.

Sources: AWS Glue Web API Reference, "CreateJob" and "StartJobRun"; AWS Glue Developer Guide,
"Configuring job properties for Spark jobs in AWS Glue". The messages are those AWS answers where
they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.glue.errors import InvalidInputError

DEFAULT_GLUE_VERSION: Final = "5.1"
DEFAULT_TIMEOUT_MINUTES: Final = 480
DEFAULT_CAPACITY: Final = 10.0
# Both run on the worker of Glue 5.1 (Spark 3.5.6); on AWS, 5.0 is Spark 3.5.4.
GLUE_VERSIONS: Final = ("5.0", "5.1")

_MOST_TIMEOUT_MINUTES = 7 * 24 * 60
_MOST_RETRIES = 10
_LEAST_CAPACITY = 2
_LEAST_WORKERS = 2
_COMMANDS_OF_AWS = ("glueetl", "pythonshell", "gluestreaming", "glueray")
# DPUs of one worker; an R worker's are memory-optimised DPUs.
_WORKER_CAPACITY: Final[Mapping[str, float]] = {
    "G.1X": 1,
    "G.2X": 2,
    "G.4X": 4,
    "G.8X": 8,
    "G.12X": 12,
    "G.16X": 16,
    "R.1X": 1,
    "R.2X": 2,
    "R.4X": 4,
    "R.8X": 8,
}
_WORKERS_OF_OTHER_JOBS: Final[Mapping[str, str]] = {
    "G.025X": "streaming jobs",
    "Z.2X": "Ray jobs",
    "Standard": "Glue version 2.0 and earlier",
}


def check_command(command: Mapping[str, Any]) -> None:
    """Check a ``JobCommand``.

    Raises
    ------
    InvalidInputError
        If a part is missing, unknown to AWS, or of a kind of job that is not emulated.
    """
    name = command.get("Name")
    if name not in _COMMANDS_OF_AWS:
        raise InvalidInputError(
            f"Command name {name!r} is not one of {', '.join(_COMMANDS_OF_AWS)}"
        )
    if name != "glueetl":
        raise InvalidInputError(
            f"Command name {name} is not emulated by etlocal, which runs glueetl jobs; "
            "see docs/fidelity.md"
        )
    location = command.get("ScriptLocation")
    if not location:
        raise InvalidInputError("ScriptLocation of the job's Command is required")
    if not str(location).startswith("s3://"):
        raise InvalidInputError(f"ScriptLocation is not an s3:// URI: {location}")
    if command.get("PythonVersion", "3") != "3":
        raise InvalidInputError(
            f"PythonVersion {command['PythonVersion']} is not available to glueetl jobs of "
            f"Glue {' and '.join(GLUE_VERSIONS)}; use 3"
        )


def check_glue_version(version: str) -> None:
    """Check that `version` is one that is emulated.

    Raises
    ------
    InvalidInputError
        If it is another; the message names those that are.
    """
    if version not in GLUE_VERSIONS:
        raise InvalidInputError(
            f"GlueVersion {version} is not emulated by etlocal, which runs "
            f"{' and '.join(GLUE_VERSIONS)}; see docs/fidelity.md"
        )


def check_emulated(request: Mapping[str, Any]) -> None:
    """Refuse what would be passed over: encryption, a policy on a run's role, visual jobs.

    A visual job's script is generated from its nodes on AWS, and nothing here generates it.

    Raises
    ------
    NotImplementedByEmulatorError
        If a job or a run asks for one of them.
    """
    for member in (
        "SecurityConfiguration",
        "ExecutionRoleSessionPolicy",
        "CodeGenConfigurationNodes",
    ):
        if request.get(member):
            raise NotImplementedByEmulatorError(
                f"{member} of a Glue job is not emulated by etlocal; see docs/fidelity.md"
            )


def check_limits(request: Mapping[str, Any]) -> None:
    """Check ``Timeout``, ``MaxRetries`` and ``ExecutionProperty``, where given.

    Raises
    ------
    InvalidInputError
        If one is outside its bounds.
    """
    timeout = request.get("Timeout")
    if timeout is not None and timeout > _MOST_TIMEOUT_MINUTES:
        raise InvalidInputError(
            f"Timeout of {timeout} minutes is not valid: jobs must have timeout values of at most "
            f"7 days or {_MOST_TIMEOUT_MINUTES} minutes"
        )
    retries = request.get("MaxRetries")
    if retries is not None and not 0 <= retries <= _MOST_RETRIES:
        raise InvalidInputError(f"MaxRetries {retries} is not between 0 and {_MOST_RETRIES}")
    runs = request.get("ExecutionProperty", {}).get("MaxConcurrentRuns")
    if runs is not None and runs < 1:
        raise InvalidInputError(f"MaxConcurrentRuns {runs} is less than 1")


def capacity_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the capacity that a job or a run asks for, as Glue reports it.

    Parameters
    ----------
    request : mapping
        May have ``WorkerType`` and ``NumberOfWorkers``, or ``MaxCapacity``, or the deprecated
        ``AllocatedCapacity``.

    Returns
    -------
    dict
        ``MaxCapacity`` and ``AllocatedCapacity``, and the workers if they were asked for; empty
        when `request` says nothing of capacity.

    Raises
    ------
    InvalidInputError
        If it asks in two ways at once, for half of a pair, or out of bounds.
    """
    worker, number = request.get("WorkerType"), request.get("NumberOfWorkers")
    # AllocatedCapacity 0 is how older clients say that it is not set.
    allocated, most = request.get("AllocatedCapacity") or None, request.get("MaxCapacity")
    if allocated is not None and most is not None:
        raise InvalidInputError("Please set only Allocated Capacity or Max Capacity.")
    if worker is not None or number is not None:
        given = "Max Capacity" if most is not None else "Allocated Capacity"
        if most is not None or allocated is not None:
            raise InvalidInputError(
                f"Please do not set {given} if using Worker Type and Number of Workers."
            )
        return _workers(worker, number)
    asked = most if most is not None else allocated
    if asked is None:
        return {}
    if asked < _LEAST_CAPACITY or asked != int(asked):
        raise InvalidInputError(
            f"Max Capacity {asked} is not valid: a glueetl job takes a whole number of DPUs, "
            f"at least {_LEAST_CAPACITY}"
        )
    return {"MaxCapacity": float(asked), "AllocatedCapacity": int(asked)}


def _workers(worker: str | None, number: int | None) -> dict[str, Any]:
    if worker is None or number is None:
        raise InvalidInputError("Please set both Worker Type and Number of Workers.")
    if worker in _WORKERS_OF_OTHER_JOBS:
        raise InvalidInputError(
            f"Worker Type {worker} is for {_WORKERS_OF_OTHER_JOBS[worker]}, not for glueetl jobs "
            f"of Glue {' and '.join(GLUE_VERSIONS)}"
        )
    if number < _LEAST_WORKERS:
        raise InvalidInputError(f"Number of Workers {number} is less than {_LEAST_WORKERS}")
    capacity = _WORKER_CAPACITY[worker] * number
    return {
        "MaxCapacity": float(capacity),
        "AllocatedCapacity": int(capacity),
        "WorkerType": worker,
        "NumberOfWorkers": number,
    }
