"""Which format a file has: custom classifiers first, in their order, then the built-in ones.

Source: AWS Glue Developer Guide, "Defining and managing classifiers".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from etlocal.formats import avro, parquet
from etlocal.formats.compression import CompressionError, detect, head
from etlocal.formats.delimited import recognise_csv
from etlocal.formats.hive_types import nesting
from etlocal.formats.json_documents import recognise_json
from etlocal.formats.recognised import EMPTY, UNKNOWN, Recognised, Sample, unknown

SAMPLE_SIZE = 1024 * 1024
"""A crawler reads the first megabyte of a file."""

_DEEPEST = 100
"""How deep a column's type may be nested: what reads types further on goes down with them."""

Classifier = Callable[[Sample], Recognised]

_NOT_READ = {
    b"ORC": "ORC files are not read",
    b"<?xml": "XML needs a classifier with a row tag, which is not emulated",
}


def sample_of(raw: bytes, size: int, read: Callable[[int, int], bytes] | None = None) -> Sample:
    """Make a sample of a file from its first bytes.

    Parameters
    ----------
    raw : bytes
        The first `SAMPLE_SIZE` bytes, or all of a smaller file.
    size : int
        The size of the file.
    read : callable or None
        Reads ``(start, end)`` of it.

    Raises
    ------
    CompressionError
        If the file is compressed and cannot be decompressed.
    """
    codec = detect(raw)
    data = head(raw, codec, SAMPLE_SIZE)
    whole = len(raw) >= size and (codec == "none" or len(data) < SAMPLE_SIZE)
    return Sample(data, whole, raw, size, codec, read)


def recognise(
    raw: bytes,
    size: int,
    classifiers: Sequence[Classifier] = (),
    read: Callable[[int, int], bytes] | None = None,
) -> Recognised:
    """Recognise a file from its beginning.

    Parameters
    ----------
    raw : bytes
        Its first `SAMPLE_SIZE` bytes, or all of a smaller file.
    size : int
        Its size.
    classifiers : sequence
        Custom classifiers; the first that recognises the file decides.
    read : callable or None
        Reads ``(start, end)`` of it, for what a format keeps at the end.

    Returns
    -------
    Recognised
        UNKNOWN, with the reason, if no classifier recognises it.
    """
    try:
        sample = sample_of(raw, size, read)
    except CompressionError as error:
        return unknown(str(error), detect(raw))
    for classifier in classifiers:
        recognised = classifier(sample)
        if recognised.classification != UNKNOWN:
            return _within_depth(recognised)
    return _within_depth(_built_in(sample))


def _within_depth(recognised: Recognised) -> Recognised:
    for column in recognised.columns:
        if nesting(column.type) > _DEEPEST:
            reason = f"column {column.name!r} is nested deeper than {_DEEPEST}"
            return unknown(reason, recognised.compression)
    return recognised


def _built_in(sample: Sample) -> Recognised:
    if not sample.data.strip():
        return unknown(EMPTY, sample.codec)
    for magic, reason in _NOT_READ.items():
        if sample.data.startswith(magic):
            return unknown(reason, sample.codec)
    if sample.raw.startswith(avro.MAGIC):
        return avro.recognise_avro(sample)
    if sample.raw.startswith(parquet.MAGIC):
        return parquet.recognise_parquet(sample)
    as_json = recognise_json(sample)
    if as_json.classification != UNKNOWN:
        return as_json
    as_csv = recognise_csv(sample)
    if as_csv.classification == UNKNOWN and sample.data.lstrip()[:1] in (b"{", b"["):
        return as_json
    return as_csv
