"""The index of AWS's services is made once a machine, in a process of its own.

To tell which service a request is for, LocalStack reads the descriptions of all four hundred: ten
seconds of work, and hundreds of megabytes that the process never gives back. It keeps the index
under its root, which here is a stack's state folder: each new stack would pay again, those of tests
and demos too.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock
from localstack.aws import spec

from etlocal.endpoint.patches import lazy_annotations
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_SECONDS = 300


def apply(settings: Settings) -> None:
    """Have the index taken from the user's cache, where it is made when it is not there."""
    file = settings.cache_dir.absolute() / "service-catalogs" / spec._get_catalog_filename()
    if _ensure(file):
        # It is joined to folders of LocalStack's own, which an absolute path takes no part of.
        spec._get_catalog_filename = lambda: str(file)


def _ensure(file: Path) -> bool:
    """Make the index when it is not there; False, with a line in the log, when that fails."""
    if file.exists():
        return True
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(file.with_suffix(".lock"), timeout=_SECONDS):
            if not file.exists():
                _make(file)
    except (OSError, filelock.Timeout, subprocess.SubprocessError) as error:
        LOG.warning("the index of AWS's services cannot be kept in %s: %s", file.parent, error)
        return False
    return True


def _make(file: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".making-", dir=file.parent) as folder:
        draft = Path(folder) / file.name
        subprocess.run(
            [sys.executable, "-m", __name__, str(draft)],
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        draft.replace(file)


if __name__ == "__main__":
    lazy_annotations.apply()
    spec.build_service_index_cache(sys.argv[1])
