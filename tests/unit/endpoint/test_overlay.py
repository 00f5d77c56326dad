"""The folder that joins etlocal to the endpoint's environment."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path

import pytest

import etlocal
from etlocal.endpoint import overlay
from etlocal.endpoint.overlay import make_overlay


def entry_points(folder: Path) -> Mapping[str, Mapping[str, str]]:
    metadata = next(folder.glob("*.dist-info"))
    groups: dict[str, dict[str, str]] = {}
    for point in Distribution.at(metadata).entry_points:
        groups.setdefault(point.group, {})[point.name] = point.value
    return groups


def test_the_overlay_leads_to_the_package_and_names_every_plug_in(tmp_path: Path) -> None:
    made = make_overlay(tmp_path / "overlays")
    assert (made / "etlocal").resolve() == Path(etlocal.__file__).parent.resolve()
    groups = entry_points(made)
    assert set(groups["localstack.aws.provider"]) == {
        "glue:default",
        "redshift:etlocal",
        "redshift-data:default",
        "redshift-serverless:default",
    }
    assert "AWS::Glue::Crawler" in groups["localstack.cloudformation.resource_providers"]


def test_making_it_again_gives_the_same_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    first = make_overlay(tmp_path)
    assert make_overlay(tmp_path) == first
    assert [entry.name for entry in tmp_path.iterdir()] == [first.name]


def test_other_plug_ins_are_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_overlay(tmp_path)
    resources = importlib.import_module("etlocal.endpoint.resources")
    monkeypatch.setattr(resources, "ENTRY_POINTS", {"AWS::New::Type": "module:Plugin"})
    second = make_overlay(tmp_path)
    assert second != first
    assert entry_points(second)["localstack.cloudformation.resource_providers"] == {
        "AWS::New::Type": "module:Plugin"
    }


def test_an_overlay_that_another_process_made_meanwhile_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_overlay(tmp_path)
    is_dir = Path.is_dir
    asked: list[Path] = []

    def not_yet(path: Path) -> bool:
        asked.append(path)
        return is_dir(path) and (path != made or asked.count(made) > 1)

    monkeypatch.setattr(Path, "is_dir", not_yet)
    assert make_overlay(tmp_path) == made


def test_making_it_imports_no_localstack() -> None:
    code = "import sys, etlocal.endpoint.overlay as o; o._entry_points(); print(*sys.modules)"
    loaded = subprocess.check_output(
        [sys.executable, "-c", code],
        text=True,
        env={"PYTHONPATH": str(Path(overlay.__file__).parents[2])},
    ).split()
    assert "etlocal.endpoint.resources" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("localstack", "boto3", "moto")]
