"""The archive of Spark's classes that a JVM starts from (Java's class-data sharing).

Loading and checking some fifteen thousand classes is most of a JVM's start-up; from an archive they
are mapped. It is made once, in the background, from what a warm-up loads.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

import filelock

from etlocal.worker.jvm import Jvm, JvmError
from etlocal.worker.process import Runner, RunnerError

_LOG = logging.getLogger(__name__)


def location(cache_dir: Path, java: Path, class_path: list[Path]) -> Path:
    """Give where the archive of a Java and a class path is, made or not."""
    release = java / "release"
    digest = hashlib.sha256(release.read_bytes() if release.exists() else str(java).encode())
    for jar in class_path:
        status = jar.stat()
        # As the JVM does, which refuses an archive of a changed jar.
        digest.update(f"{jar}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return cache_dir / "classes" / f"{digest.hexdigest()[:16]}.jsa"


def build(
    archive: Path, start: Callable[[list[str]], Jvm], attach: Callable[[Jvm], Runner]
) -> bool:
    """Make the archive.

    Parameters
    ----------
    archive : Path
    start : callable
        Starts a JVM with options.
    attach : callable
        Attaches a job process that warms the JVM.

    Returns
    -------
    bool
        Whether it is there now. What prevented it is in the log; jobs run without it too.
    """
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(archive.with_suffix(".lock"), timeout=0):
            if not archive.exists():
                _dump(archive, start, attach)
    except filelock.Timeout:
        _LOG.info("another worker is making the archive of Spark's classes")
    except (JvmError, RunnerError, OSError) as error:
        _LOG.warning("the archive of Spark's classes was not made: %s", error)
    return archive.exists()


def _dump(
    archive: Path, start: Callable[[list[str]], Jvm], attach: Callable[[Jvm], Runner]
) -> None:
    draft = archive.with_suffix(".new")
    draft.unlink(missing_ok=True)
    # What cannot be archived (signed jars, generated classes) is told class by class: not needed.
    jvm = start([f"-XX:ArchiveClassesAtExit={draft}", "-Xlog:cds*=error"])
    try:
        # It must not take the processor from the runs of a user who has just started.
        os.setpriority(os.PRIO_PROCESS, jvm.pid, 19)
        attach(jvm).kill()
        code = jvm.end()
    finally:
        jvm.kill()
    if code != 0 or not draft.exists():
        raise JvmError(f"the JVM that was to write it ended with exit code {code}")
    draft.replace(archive)
