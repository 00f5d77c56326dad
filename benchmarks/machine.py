"""The machine that figures are from, without its name."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

import etlocal
from etlocal import environments
from etlocal.environments import java
from etlocal.settings import Settings

_PINNED = {"endpoint": ("localstack-core", "duckdb"), "glue-5.1": ("pyspark",)}


def describe() -> dict[str, Any]:
    """Say what the machine is, what runs on it, and how busy it is."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "cpu": _cpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {
            "etlocal": etlocal.__version__,
            "Python": platform.python_version(),
            "Java": _java(),
            "boto3": version("boto3"),
            **_pinned(),
        },
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _java() -> str:
    home = java.ensure_java(Settings().cache_dir)
    said = subprocess.run(
        [str(home / "bin" / "java"), "-version"], capture_output=True, text=True, check=True
    ).stderr
    found = re.search(r'version "([^"]+)"', said)
    return found[1] if found else "unknown"


def _pinned() -> dict[str, str]:
    """Give the versions in the parts' environments, as their requirements pin them."""
    folder = Path(environments.__file__).parent
    found: dict[str, str] = {}
    for name, packages in _PINNED.items():
        text = (folder / f"{name}.txt").read_text()
        for package in packages:
            match = re.search(rf"^{package}==([\w.]+)", text, re.MULTILINE)
            found[package] = match[1] if match else "unknown"
    return found
