"""Bytes on disk: whole or not there, and never outside of their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.endpoint.persistence.blobs import BlobFolder, Identity

KEY: Identity = ("object", "bucket", "key", "null")


@pytest.fixture
def blobs(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "objects")


def put(blobs: BlobFolder, content: bytes, identity: Identity = KEY) -> int:
    draft = blobs.draft()
    draft.file.write(content)
    generation = blobs.publish(identity, draft)
    blobs.supersede(identity, generation)
    return generation


def read(blobs: BlobFolder, generation: int, identity: Identity = KEY) -> tuple[bytes, int]:
    file, found = blobs.open(identity, generation)
    with file:
        return file.read(), found


def files(blobs: BlobFolder) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file()]


def test_each_generation_keeps_its_bytes_until_it_is_deleted(blobs: BlobFolder) -> None:
    first, second = put(blobs, b"first"), put(blobs, b"second")
    assert second > first
    assert read(blobs, first) == (b"first", first)
    assert read(blobs, second) == (b"second", second)
    assert blobs.doomed() == {(KEY, first)}
    blobs.delete(blobs.doomed())
    assert blobs.doomed() == set()
    # Whoever still knows the older one reads what took its place.
    assert read(blobs, first) == (b"second", second)


def test_an_open_file_can_be_read_to_its_end_after_it_was_deleted(blobs: BlobFolder) -> None:
    generation = put(blobs, b"content")
    file, _ = blobs.open(KEY, generation)
    blobs.discard(KEY, generation)
    blobs.delete(blobs.doomed())
    with file:
        assert file.read() == b"content"
    with pytest.raises(FileNotFoundError):
        blobs.open(KEY, generation)


def test_a_draft_is_seen_by_nobody_and_leaves_nothing(blobs: BlobFolder) -> None:
    draft = blobs.draft()
    draft.file.write(b"half")
    draft.abandon()
    assert files(blobs) == []


@pytest.mark.parametrize("key", ["../../up", "/etc/passwd", "a/b", "", ".", "x" * 1024, "ключ"])
def test_no_key_names_a_file_elsewhere(blobs: BlobFolder, tmp_path: Path, key: str) -> None:
    identity = ("object", "bucket", key, "null")
    generation = put(blobs, b"content", identity)
    assert read(blobs, generation, identity)[0] == b"content"
    (path,) = files(blobs)
    assert path.parent.parent == blobs.root
    assert list(tmp_path.iterdir()) == [blobs.root]


def test_different_identities_never_share_a_file(blobs: BlobFolder) -> None:
    identities = [("object", "b", "k/v", "null"), ("object", "b/k", "v", "null"), ("part", "b")]
    paths = {blobs.path(identity, 1) for identity in identities}
    assert len(paths) == len(identities)


def test_a_start_keeps_what_is_known_and_deletes_the_rest(tmp_path: Path) -> None:
    before = BlobFolder(tmp_path)
    kept, lost = put(before, b"kept"), put(before, b"never acknowledged")
    before.draft().file.write(b"half")
    after = BlobFolder(tmp_path)
    after.restore([(KEY, kept)])
    assert read(after, kept) == (b"kept", kept)
    assert len(files(after)) == 1
    assert put(after, b"next") > kept
    assert after.doomed() == {(KEY, kept)}
    assert lost > kept


def test_generations_rise_even_if_the_clock_does_not(
    blobs: BlobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 5)
    assert [put(blobs, b"") for _ in range(3)] == [5, 6, 7]


def test_writers_of_one_identity_take_turns(blobs: BlobFolder) -> None:
    with blobs.writer_lock(KEY) as held:
        assert held
        assert not blobs.writer_lock(KEY).acquire(blocking=False)
        assert blobs.writer_lock(("object", "bucket", "other", "null")).acquire(blocking=False)
