"""``--additional-python-modules``: an interpreter that has them beside what Glue has."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

import filelock

from etlocal.environments import EnvironmentSetupError, run_uv
from etlocal.worker.files import fetch

_COMPLETE = "complete"


class ModulesError(Exception):
    """The modules cannot be had; the message has what the installer said."""


def ensure_modules(cache_dir: Path, modules: tuple[str, ...], s3: Any, folder: Path) -> Path:
    """Give an interpreter that has modules; it is made once for each list of modules.

    Glue installs them with pip into the job's environment, where what it already has stays when it
    is good enough. See "Using Python libraries with AWS Glue".

    Parameters
    ----------
    cache_dir : Path
    modules : tuple of str
        Requirements (``name``, ``name==1.2``) and S3 URIs of wheels.
    s3 : S3Client
    folder : Path
        The run's folder, for wheels from S3.

    Returns
    -------
    Path
        The interpreter.

    Raises
    ------
    ModulesError
        If one cannot be had.
    FileError
        If a wheel is not in S3.
    """
    asked = [_requirement(module, s3, folder) for module in modules]
    digest = hashlib.sha256()
    for text, content in asked:
        digest.update(f"{text}\0".encode() + content + b"\0")
    digest.update(f"{sys.prefix}\0{sys.version}".encode())
    home = cache_dir / "modules" / digest.hexdigest()[:16]
    python = home / "bin" / "python"
    if (home / _COMPLETE).exists():
        return python
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(home.with_name(home.name + ".lock")):
            if not (home / _COMPLETE).exists():
                _install(home, python, [text for text, _ in asked], folder)
    except (EnvironmentSetupError, OSError) as error:
        raise ModulesError(
            f"--additional-python-modules {','.join(modules)}: installing failed: {error}"
        ) from error
    return python


def _requirement(module: str, s3: Any, folder: Path) -> tuple[str, bytes]:
    """Give the installer's word for a module, and what of it is not told by that word."""
    if not re.match(r"s3[an]?://", module):
        if module.startswith("-"):
            raise ModulesError(f"--additional-python-modules: {module!r} is not a module")
        return module, b""
    wheel = fetch(s3, module, folder)
    return str(wheel), hashlib.sha256(wheel.read_bytes()).digest()


def _install(home: Path, python: Path, asked: list[str], folder: Path) -> None:
    if home.exists():
        shutil.rmtree(home)
    run_uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(home))
    site = Path(run_site(home))
    # The environment below: what the new one has not, it has.
    below = sysconfig.get_path("purelib")
    (site / "etlocal-below.pth").write_text(f"import site; site.addsitedir({below!r})\n")
    wanted, resolved = folder / "modules.in", folder / "modules.txt"
    wanted.write_text("\n".join(asked) + "\n")
    installed = {_canonical(each.name): each.version for each in metadata.distributions()}
    # The installer keeps the versions it finds in its output when they are good enough.
    resolved.write_text("".join(f"{name}=={version}\n" for name, version in installed.items()))
    common = ("--quiet", "--python", str(python))
    run_uv(
        *("pip", "compile", *common, "--no-header", "--no-annotate"),
        *(str(wanted), "--output-file", str(resolved)),
    )
    missing = [
        line
        for line in resolved.read_text().splitlines()
        if "==" not in line or installed.get(_name(line)) != line.partition("==")[2].strip()
    ]
    (folder / "missing.txt").write_text("\n".join(missing) + "\n")
    if any(line.strip() for line in missing):
        run_uv("pip", "install", *common, "--no-deps", "-r", str(folder / "missing.txt"))
    (home / _COMPLETE).touch()


def run_site(home: Path) -> str:
    """Give the site-packages folder of an environment made from this Python."""
    return sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)})


def _name(line: str) -> str:
    return _canonical(line.partition("==")[0].strip())


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
