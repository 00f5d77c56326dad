"""Arguments of a job run, as scripts ask for them.

AWS Glue Developer Guide: "Accessing parameters using getResolvedOptions".
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

# What Glue itself passes to every run: returned whether or not the script asks for it.
RESERVED = (
    "job-bookmark-option",
    "job-bookmark-from",
    "job-bookmark-to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "encryption-type",
    "enable-data-lineage",
    "RedshiftTempDir",
    "TempDir",
)
_BOOKMARK_OPTIONS = ("job-bookmark-enable", "job-bookmark-pause", "job-bookmark-disable")


class GlueArgumentError(Exception):
    """A job argument is missing, ambiguous or has no value."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def _key(option: str) -> str:
    return option.replace("-", "_")


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str | None]:
    """Return the values of the named job arguments, and of those Glue passes to every run.

    Parameters
    ----------
    args
        `sys.argv`: the script's name, then `--key value` or `--key=value`.
    options
        Names without the leading hyphens. An argument may be abbreviated in `args` as long as
        the abbreviation is unique.

    Returns
    -------
    dict
        Every name in `options`, and Glue's own (`JOB_ID`, `JOB_RUN_ID`, `TempDir`,
        `job_bookmark_option`, ...), which are None when the run has none.

    Raises
    ------
    GlueArgumentError
        When a named argument is missing ("the following arguments are required: --x"), lacks its
        value, or is abbreviated ambiguously.
    """
    parser = _Parser(add_help=False)
    requested = {_key(option): option for option in options}
    for option in RESERVED:
        if _key(option) in requested:
            continue
        default = "job-bookmark-disable" if option == "job-bookmark-option" else None
        parser.add_argument(f"--{option}", dest=_key(option), default=default)
    for key, option in requested.items():
        flags = sorted({f"--{option}", f"--{key}"}, key=lambda flag: flag != f"--{option}")
        if key == "job_bookmark_option":
            flags = ["--job-bookmark-option"]
        parser.add_argument(*flags, dest=key, required=True)
    parsed, _unknown = parser.parse_known_args(list(args[1:]))
    resolved: dict[str, str | None] = vars(parsed)
    bookmark = resolved["job_bookmark_option"]
    if bookmark not in _BOOKMARK_OPTIONS:
        raise GlueArgumentError(
            f"argument --job-bookmark-option: invalid choice: {bookmark!r} "
            f"(choose from {', '.join(map(repr, _BOOKMARK_OPTIONS))})"
        )
    begin, end = resolved["job_bookmark_from"], resolved["job_bookmark_to"]
    if bookmark == "job-bookmark-pause" and (begin is None) != (end is None):
        raise GlueArgumentError(
            "job-bookmark-pause needs both --job-bookmark-from and --job-bookmark-to, or neither"
        )
    return resolved
