"""The pinned environments that the parts run in.

LocalStack, Glue's Spark and etlocal itself pin different versions of the same packages, so each
part has an environment of its own: one requirements file here (``<name>.txt``, pinned and hashed;
made from ``<name>.in``), installed by uv on first use into the user's cache and shared by all
projects.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

if TYPE_CHECKING:
    from etlocal.settings import Settings

ENDPOINT = "endpoint"
PYTHON_VERSION = "3.11"

_FOLDER = Path(__file__).parent
_COMPLETE = "complete"

Progress = Callable[[str], None]
"""Is told, in a sentence, what is being done."""


class EnvironmentSetupError(Exception):
    """An environment cannot be made; the message says why and what to do."""


def glue_environment(glue_version: str) -> str:
    """Name the environment that jobs of a Glue version run in.

    Parameters
    ----------
    glue_version : str
        A job's ``GlueVersion``, e.g. ``5.1``. 5.0 (Spark 3.5.4) runs on 5.1's Spark 3.5.6.

    Raises
    ------
    EnvironmentSetupError
        If no environment stands for that version.
    """
    name = {"5.0": "glue-5.1", "5.1": "glue-5.1"}.get(glue_version)
    if name is None:
        raise EnvironmentSetupError(
            f"GlueVersion {glue_version} has no local environment; use 5.0 or 5.1"
        )
    return name


def names() -> list[str]:
    """List the environments there are requirements for."""
    return sorted(file.stem for file in _FOLDER.glob("*.txt"))


def location(name: str, settings: Settings | None = None) -> Path:
    """Give the folder of an environment, made or not.

    Its name carries a hash of the requirements, so that a changed file is a new environment.
    """
    if settings is None:
        # Imported here, so that what only finds Java or jars, as in an image's build, needs less.
        from etlocal.settings import Settings

        settings = Settings()
    digest = hashlib.sha256(_requirements(name).read_bytes()).hexdigest()[:12]
    return settings.cache_dir / "environments" / f"{name}-{digest}"


def is_ready(name: str, settings: Settings | None = None) -> bool:
    """Say whether an environment is there, whole."""
    return (location(name, settings) / _COMPLETE).exists()


def ensure(name: str, settings: Settings | None = None, progress: Progress | None = None) -> Path:
    """Make an environment when it is not there.

    Parameters
    ----------
    name : str
        ``endpoint`` or ``glue-5.1``.
    settings : Settings, optional
        Where the cache is.
    progress : callable, optional
        Is told what is being done; not called when the environment is there.

    Returns
    -------
    Path
        The environment's Python.

    Raises
    ------
    EnvironmentSetupError
        If Python 3.11 cannot be had or a package cannot be installed.
    """
    folder = location(name, settings)
    python = folder / "bin" / "python"
    if (folder / _COMPLETE).exists():
        return python
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            if not (folder / _COMPLETE).exists():
                _make(name, folder, python, progress or (lambda _text: None))
    except OSError as error:
        raise EnvironmentSetupError(
            f"the environment {name} cannot be made in {folder.parent}: {error}; make the folder "
            "writable or name another one with ETLOCAL_CACHE_DIR"
        ) from error
    return python


def _make(name: str, folder: Path, python: Path, progress: Progress) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    progress(f"making the environment {name} with Python {PYTHON_VERSION}")
    _uv("venv", "--quiet", "--no-project", "--python", PYTHON_VERSION, str(folder))
    requirements = _requirements(name)
    progress(f"installing {_count(requirements)} packages into the environment {name}")
    _uv(
        *("pip", "install", "--quiet", "--require-hashes", "--no-deps"),
        *("--python", str(python), "--requirement", str(requirements)),
    )
    (folder / _COMPLETE).touch()
    progress(f"the environment {name} is ready")


def run_uv(*arguments: str) -> str:
    """Run uv, the installer that comes with etlocal.

    Returns
    -------
    str
        What it printed.

    Raises
    ------
    EnvironmentSetupError
        If it fails; the message ends with what it said.
    """
    return _uv(*arguments)


def _uv(*arguments: str) -> str:
    # An active environment must not steer what is made here.
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [uv_program(), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise EnvironmentSetupError(
            f"uv {arguments[0]} failed (exit code {done.returncode}); is the package registry "
            f"reachable?\n{said}"
        )
    return done.stdout


def uv_program() -> str:
    """Find uv: the one that ``UV`` names, the one that came with etlocal, the one on ``PATH``.

    A part has no uv in its own environment: whoever starts it sets ``UV``.

    Raises
    ------
    EnvironmentSetupError
        If there is none.
    """
    named = os.environ.get("UV")
    if named:
        return named
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found is None:
            raise EnvironmentSetupError(
                "uv was not found; install it with: python -m pip install uv"
            ) from None
        return found


def _requirements(name: str) -> Path:
    file = _FOLDER / f"{name}.txt"
    if not file.exists():
        known = ", ".join(names())
        raise EnvironmentSetupError(f"there is no environment {name!r}; known: {known}")
    return file


def _count(requirements: Path) -> int:
    return sum("==" in line for line in requirements.read_text().splitlines())
