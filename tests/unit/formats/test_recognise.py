"""Which format a file has, under which compression, and which classifier is asked first."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from functools import partial

import pytest

from etlocal.formats.compression import CompressionError, detect, head
from etlocal.formats.delimited import CsvRules, recognise_csv
from etlocal.formats.hive_types import Array, Column, Map, Struct, from_json, merge, to_json
from etlocal.formats.recognise import SAMPLE_SIZE, recognise
from etlocal.formats.recognised import Recognised, Sample, unknown

CSV = b"Carrier,DepDelay\n" + b"".join(b"DL,%d\n" % number for number in range(200))


def zipped(*members: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for index, member in enumerate(members):
            archive.writestr(f"{index}.csv", member)
    return written.getvalue()


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}


@pytest.mark.parametrize("codec", CODECS)
def test_compressed_files_are_read_and_their_codec_named(codec: str) -> None:
    data = CODECS[codec](CSV)
    found = recognise(data, len(data))

    assert detect(data) == codec
    assert (found.classification, found.compression, found.records) == ("csv", codec, 200)


@pytest.mark.parametrize("codec", CODECS)
def test_the_beginning_of_a_compressed_file_can_be_read_when_it_is_cut(codec: str) -> None:
    plain = b"".join(b"%s,%d\n" % (os.urandom(8).hex().encode(), n) for n in range(50_000))
    cut = CODECS[codec](plain)[:300_000]
    got = head(cut, codec, SAMPLE_SIZE)

    assert len(got) > 100_000 or codec in ("bzip2", "xz")
    assert plain.startswith(got)


def test_gzip_members_are_read_one_after_another() -> None:
    assert head(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n"), "gzip", 100) == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped(CSV, CSV), "must hold one file"),
        (b"\x1f\x8b" + b"junk" * 9, "not gzip data"),
        (b"BZh" + b"junk" * 9, "not bzip2 data"),
        (b"\xff\x06\x00\x00sNaPpY....", "'snappy' is not supported"),
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"ORC\x08\x03", "ORC"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
        (b'{"a": ', "not JSON"),
        (b"prose without structure", "two columns"),
    ],
    # By the data itself a test would have another name at each collection: archives hold the time.
    ids=[
        "two-in-a-zip",
        "gzip",
        "bzip2",
        "snappy",
        "nothing",
        "blanks",
        "orc",
        "xml",
        "json",
        "prose",
    ],
)
def test_what_no_classifier_reads_is_unknown_with_a_reason(data: bytes, reason: str) -> None:
    found = recognise(data, len(data))
    assert found.classification == "UNKNOWN"
    assert reason in found.reason


def test_a_zip_entry_that_is_stored_is_read() -> None:
    assert head(zipped(CSV, method=zipfile.ZIP_STORED), "zip", SAMPLE_SIZE) == CSV


def test_a_codec_that_is_not_known_is_refused() -> None:
    with pytest.raises(CompressionError):
        head(b"x", "lzo", 10)


def test_custom_classifiers_come_before_the_built_in_ones() -> None:
    asked: list[str] = []

    def never(sample: Sample) -> Recognised:
        asked.append("never")
        return unknown("not mine")

    rules = partial(recognise_csv, rules=CsvRules(header=False))
    found = recognise(CSV, len(CSV), [never, rules])

    assert asked == ["never"]
    assert [column.name for column in found.columns] == ["col0", "col1"]


def test_what_was_recognised_can_be_kept() -> None:
    kind = Struct((("a", Array("int")), ("b", Map("string", Struct((("c", "date"),))))))
    recognised = Recognised("json", (Column("x", kind),), "gzip", 7, 30, True, {"paths": "x"})

    assert Recognised.from_json(recognised.to_json()) == recognised
    assert from_json(to_json(kind)) == kind


def test_types_widen() -> None:
    assert merge("int", "bigint") == "bigint"
    assert merge("smallint", "float") == "float"
    assert merge("int", "float") == "double"
    assert merge("bigint", "double") == "double"
    assert merge("date", "timestamp") == "string"
    assert merge(Map("string", "int"), Map("string", "double")) == Map("string", "double")
    assert merge(Array("int"), "int") == "string"
