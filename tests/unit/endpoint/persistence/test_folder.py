"""Snapshots: replaced as a whole, and loaded only by the version that wrote them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from etlocal.endpoint.persistence.folder import SnapshotFolder

NOW = {"etlocal": "2", "localstack": "4.13.0"}


@pytest.fixture
def folder(tmp_path: Path) -> SnapshotFolder:
    return SnapshotFolder(tmp_path / "state", NOW)


def test_what_was_written_last_is_read(folder: SnapshotFolder) -> None:
    assert folder.read("sqs") is None
    assert not folder.has("sqs")
    folder.write("sqs", b"first")
    folder.write("sqs", b"second\nwith lines\n")
    assert folder.has("sqs")
    assert folder.read("sqs") == b"second\nwith lines\n"
    assert folder.services() == ["sqs"]


def test_a_failed_write_leaves_the_snapshot_before_and_no_draft(
    folder: SnapshotFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("s3", b"before")

    def fail(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="full"):
        folder.write("s3", b"after")
    assert folder.read("s3") == b"before"
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["s3.pickle"]


@pytest.mark.parametrize("header", [b'{"etlocal": "1", "localstack": "4.13.0"}', b"\x80\x04", b""])
def test_another_versions_snapshot_is_kept_and_not_given(
    folder: SnapshotFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    path = tmp_path / "state" / "iam.pickle"
    for _ in range(2):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(header + b"\nold")
        with caplog.at_level(logging.WARNING):
            assert folder.read("iam") is None
        assert not path.exists()
        folder.write("iam", b"new")
        assert folder.read("iam") == b"new"
    kept = [each for each in path.parent.iterdir() if each.read_bytes().endswith(b"\nold")]
    assert len(kept) == 2
    assert all(str(each) in caplog.text for each in kept)
    assert folder.services() == ["iam"]


def test_a_name_that_is_no_services_names_no_file(folder: SnapshotFolder, tmp_path: Path) -> None:
    for name in ("../up", "a/b", "", "sqs.old"):
        with pytest.raises(ValueError, match="not a service"):
            folder.write(name, b"")
    assert list(tmp_path.rglob("*")) == []
