"""Parquet and Avro: schemas read from a file's own description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etlocal.formats.hive_types import render
from etlocal.formats.recognise import SAMPLE_SIZE, recognise
from etlocal.formats.recognised import Recognised

# What DuckDB is told to write, and the Hive type that its Parquet column has.
PARQUET_TYPES = {
    "1::TINYINT": "tinyint",
    "1::SMALLINT": "smallint",
    "1::INTEGER": "int",
    "1::BIGINT": "bigint",
    "1::UTINYINT": "smallint",
    "1::USMALLINT": "int",
    "1::UINTEGER": "bigint",
    "1::FLOAT": "float",
    "1::DOUBLE": "double",
    "true": "boolean",
    "'x'": "string",
    "'x'::BLOB": "binary",
    "DATE '2024-01-01'": "date",
    "TIMESTAMP '2024-01-01 10:00:00'": "timestamp",
    "TIMESTAMPTZ '2024-01-01 10:00:00+00'": "timestamp",
    "1.5::DECIMAL(4,1)": "decimal(4,1)",
    "1.5::DECIMAL(30,10)": "decimal(30,10)",
    "[1, 2]": "array<int>",
    "[['a']]": "array<array<string>>",
    "[{'q': 1}]": "array<struct<q:int>>",
    "{'x': 1, 'Y': {'z': [true]}}": "struct<x:int,Y:struct<z:array<boolean>>>",
    "MAP {'a': 1.5::DOUBLE}": "map<string,double>",
    "MAP {'a': [DATE '2024-01-01']}": "map<string,array<date>>",
    "uuid()": "string",
    "'a'::ENUM('a', 'b')": "string",
}


def columns(found: Recognised) -> dict[str, str]:
    return {column.name: render(column.type) for column in found.columns}


def parquet(folder: Path, select: str, options: str = "") -> bytes:
    file = folder / "x.parquet"
    duckdb.sql(f"COPY ({select}) TO '{file}' (FORMAT parquet{options})")
    return file.read_bytes()


def test_every_parquet_type_has_its_hive_type(tmp_path: Path) -> None:
    named = ", ".join(f"{value} AS C{index}" for index, value in enumerate(PARQUET_TYPES))
    data = parquet(tmp_path, f"SELECT {named} FROM range(7)")
    found = recognise(data, len(data))

    assert found.classification == "parquet"
    assert list(columns(found).values()) == list(PARQUET_TYPES.values())
    assert next(iter(columns(found))) == "c0"
    assert found.records == 7
    assert found.compression == "none"


def test_only_the_ends_of_a_large_parquet_file_are_read(tmp_path: Path) -> None:
    data = parquet(
        tmp_path, "SELECT range AS id, random() AS x FROM range(300000)", ", ROW_GROUP_SIZE 20000"
    )
    assert len(data) > 2 * SAMPLE_SIZE
    read: list[tuple[int, int]] = []

    def ranged(start: int, end: int) -> bytes:
        read.append((start, end))
        return data[start:end]

    found = recognise(data[:SAMPLE_SIZE], len(data), read=ranged)

    assert columns(found) == {"id": "bigint", "x": "double"}
    assert found.records == 300000
    assert sum(end - start for start, end in read) <= 128 * 1024


@pytest.mark.parametrize("cut", [4, 11, 40, 200])
def test_a_damaged_parquet_file_is_unknown_with_a_reason(tmp_path: Path, cut: int) -> None:
    data = parquet(tmp_path, "SELECT 1 AS a, [1] AS b")
    for damaged in (data[:-cut], data[:cut], data[:-40] + b"\xff" * 32 + data[-8:]):
        found = recognise(damaged, len(damaged))
        assert found.classification == "UNKNOWN"
        assert found.reason


@given(st.binary(max_size=300))
@example(b"(\x01\x00\x00")
def test_no_bytes_make_the_parquet_footer_reader_fail_otherwise(noise: bytes) -> None:
    data = b"PAR1" + noise + len(noise).to_bytes(4, "little") + b"PAR1"
    assert recognise(data, len(data)).classification in ("parquet", "UNKNOWN")


def avro(schema: Any, blocks: list[tuple[int, bytes]]) -> bytes:
    """Write an Avro data file's frame by hand: header, then blocks of (records, bytes)."""

    def number(value: int) -> bytes:
        value = value << 1
        out = b""
        while value > 0x7F:
            out += bytes([value & 0x7F | 0x80])
            value >>= 7
        return out + bytes([value])

    def text(value: bytes) -> bytes:
        return number(len(value)) + value

    sync = b"s" * 16
    metadata = {b"avro.schema": json.dumps(schema).encode(), b"avro.codec": b"null"}
    head = b"Obj\x01" + number(len(metadata))
    head += b"".join(text(key) + text(value) for key, value in metadata.items())
    head += number(0) + sync
    for count, body in blocks:
        head += number(count) + text(body) + sync
    return head


AVRO = {
    "type": "record",
    "name": "Flight",
    "fields": [
        {"name": "Carrier", "type": "string"},
        {"name": "delay", "type": ["null", "long"]},
        {"name": "seats", "type": "int"},
        {"name": "fare", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9,
                                  "scale": 2}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "extra", "type": {"type": "map", "values": "double"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A"]}},
        {"name": "leg", "type": {"type": "record", "name": "Leg", "fields": [
            {"name": "from", "type": "string"}]}},
        {"name": "legs", "type": {"type": "array", "items": "Leg"}},
        {"name": "hash", "type": {"type": "fixed", "name": "Md5", "size": 16}},
        {"name": "ok", "type": {"type": "boolean"}},
    ],
}  # fmt: skip


def test_every_avro_type_has_its_hive_type() -> None:
    data = avro(AVRO, [(100, b"x" * 300), (7, b"y")])
    found = recognise(data, len(data))

    assert columns(found) == {
        "carrier": "string",
        "delay": "bigint",
        "seats": "int",
        "fare": "decimal(9,2)",
        "at": "timestamp",
        "day": "date",
        "tags": "array<string>",
        "extra": "map<string,double>",
        "kind": "string",
        "leg": "struct<from:string>",
        "legs": "array<struct<from:string>>",
        "hash": "binary",
        "ok": "boolean",
    }
    assert found.records == 107
    assert json.loads(found.details["avro.schema.literal"]) == AVRO


@pytest.mark.parametrize(
    "data",
    [
        b"Obj\x01",
        avro(AVRO, [])[:60],
        avro("string", []),
        avro({"type": "record", "name": "r", "fields": [{"name": "a", "type": "Nowhere"}]}, []),
        avro({"type": "record", "name": "r"}, []),
    ],
)
def test_a_damaged_avro_file_is_unknown_with_a_reason(data: bytes) -> None:
    found = recognise(data, len(data))
    assert found.classification == "UNKNOWN"
    assert found.reason
