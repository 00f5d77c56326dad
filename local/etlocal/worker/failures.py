"""What Glue says of a run that failed."""

from __future__ import annotations

import linecache
import re
import signal
import traceback
from types import TracebackType

# Glue's ErrorMessage is a short text; what a driver prints can be megabytes.
_MAXIMUM = 4000


def error_message(error: BaseException) -> str:
    """Word an exception that ended a script as a run's ``ErrorMessage``.

    Python's are ``Type: text``. Those of the JVM are named by the call that failed and the
    innermost cause's own words, as users see them: ``An error occurred while calling
    o94.pyWriteDynamicFrame. <cause>``. See "Troubleshooting errors in AWS Glue".

    Parameters
    ----------
    error : BaseException
        What left the script.

    Returns
    -------
    str
        At most 4,000 characters.
    """
    if isinstance(error, SystemExit):
        return _shortened(f"SystemExit: {error.code}")
    calling = _java_failure(error)
    if calling is not None:
        return _shortened(calling)
    name = type(error).__name__
    text = _text(error)
    return _shortened(f"{name}: {text}" if text else name)


def exit_message(code: int) -> str:
    """Word the end of a process that left no exception.

    Parameters
    ----------
    code : int
        Its exit code; negative for the signal that ended it.
    """
    if code >= 0:
        return f"Command failed with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"Command failed with exit code {code} ({name})"


DRIVER_LOST = (
    "The Spark driver has terminated unexpectedly: the Java process of the run ended. "
    "Check the error log for the cause; a driver out of memory is the usual one."
)


def missing_script(bucket: str, key: str, reason: str) -> str:
    """Word that a run's script, or another file it names, could not be had from S3."""
    return f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: {key}. {reason}"


def script_traceback(error: BaseException, script: str) -> str:
    """Give the traceback as the script's author expects it: from the script's own frames on.

    Parameters
    ----------
    error : BaseException
    script : str
        The script's path.
    """
    first = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename != script:
        first = first.tb_next
    linecache.checkcache(script)
    # A syntax error has no frame of the script; where it is stands in its own text.
    kept: TracebackType | None = first
    return "".join(traceback.format_exception(type(error), error, kept))


def _java_failure(error: BaseException) -> str | None:
    java = getattr(error, "java_exception", None)
    calling = re.match(r"An error occurred while calling (\S+?)\.?\s*\n", str(error))
    if java is None or calling is None:
        return None
    try:
        while (cause := java.getCause()) is not None:
            java = cause
        said = str(java.getMessage() or java.toString())
    except Exception as lost:  # noqa: BLE001 - the JVM may be gone; the error itself is still told
        said = f"({type(lost).__name__})"
    return f"An error occurred while calling {calling.group(1)}. {said}"


def _text(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error)
    if isinstance(error, KeyError):
        return str(error)
    # Spark's and the JVM's own messages end in the JVM's stack traces.
    return re.split(r"\n\s*(?:at |JVM stacktrace:)", str(error))[0].strip()


def _shortened(text: str) -> str:
    return text if len(text) <= _MAXIMUM else text[: _MAXIMUM - 1] + "…"
