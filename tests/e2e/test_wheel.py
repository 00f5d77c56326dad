"""The wheel, alone in an empty environment and an empty folder, runs somebody else's pipeline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etlocal.environments import run_uv
from etlocal.processes import free_port
from tests.e2e.commands import run

pytestmark = [
    pytest.mark.spark,
    pytest.mark.xdist_group("etlocal"),
    pytest.mark.embedded_only("installs the wheel and starts a stack from it"),
]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def installed(project: Path, tmp_path: Path) -> Path:
    """``etlocal`` in an environment that has nothing but the wheel and what it asks for."""
    run_uv("build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"), str(project))
    [wheel] = (tmp_path / "dist").glob("*.whl")
    run_uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(tmp_path / "env"))
    python = tmp_path / "env" / "bin" / "python"
    run_uv(
        *("pip", "install", "--quiet", "--python", str(python)),
        *("--constraint", str(project / "requirements.txt"), str(wheel)),
    )
    return tmp_path / "env" / "bin" / "etlocal"


@pytest.fixture
def etlocal_in_folder(installed: Path, tmp_path: Path) -> Iterator[Command]:
    """Runs the installed ``etlocal`` in an empty folder; what it starts is ended."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    def command(*arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        done = run([str(installed), *arguments], cwd=folder)
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done

    yield command
    command("down")


def test_pipeline_of_another_repository_runs_from_the_wheel(
    etlocal_in_folder: Command, tmp_path: Path
) -> None:
    files = tmp_path / "shop"
    shutil.copytree(Path(__file__).parent / "orders", files)
    order = {"id": 1, "customer": {"name": "Ada"}, "amount": 10.5, "currency": "EUR"}
    other = {**order, "customer": {"name": "Grace"}}
    (files / "monday.json").write_text(f"{json.dumps(order)}\n{json.dumps(other)}\n")

    up = (
        *("up", "--detach", "--time-scale", "0.02"),
        *("--port", str(free_port()), "--worker-port", str(free_port())),
    )
    etlocal_in_folder(*up)
    etlocal_in_folder("deploy", "--template", str(files / "template.yaml"), "--stack", "shop")
    uploaded = etlocal_in_folder("upload", "--follow", str(files / "monday.json"))
    logs = etlocal_in_folder("logs", "latest", "--stream", "output")

    assert "ExecutionSucceeded" in uploaded.stdout
    assert "orders/monday.json: 2 customers" in logs.stdout
    assert (tmp_path / "elsewhere" / ".etlocal").is_dir()

    etlocal_in_folder("down")
    etlocal_in_folder(*up)
    again = etlocal_in_folder("upload", "--follow", str(files / "monday.json"))
    assert "ExecutionSucceeded" in again.stdout, "after a restart nothing has to be deployed again"
