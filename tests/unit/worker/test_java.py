"""The Java that Spark runs on is found, and only one of the right version."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.environments import EnvironmentSetupError, java


def make_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return home


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_java(tmp_path / "first", "17.0.9")
    second = make_java(tmp_path / "second", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(first))
    monkeypatch.setenv("PATH", str(second / "bin"))
    assert java.find_java() == first


def test_a_java_of_another_version_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "old", "1.8.0_402")))
    found = make_java(tmp_path / "right", "17.0.1")
    monkeypatch.setenv("PATH", str(found / "bin"))
    assert java.find_java() == found


def test_no_java_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "absent"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java.find_java() is None


def test_the_release_file_tells_the_version_without_a_process(tmp_path: Path) -> None:
    home = make_java(tmp_path / "home", "11.0.1")
    (home / "release").write_text('IMPLEMENTOR="X"\nJAVA_VERSION="17.0.9"\n')
    assert java.java_version(home) == 17


def test_a_found_java_is_used_and_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_java(tmp_path / "home", "17.0.9")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.ensure_java(tmp_path / "cache") == home
    assert not (tmp_path / "cache").exists()


def test_a_failed_installation_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "absent"))
    monkeypatch.setenv("PATH", str(tmp_path))

    def refuse(*_arguments: str) -> str:
        raise EnvironmentSetupError("no network")

    monkeypatch.setattr(java, "run_uv", refuse)
    with pytest.raises(java.JavaError, match="no network"):
        java.ensure_java(tmp_path / "cache")
