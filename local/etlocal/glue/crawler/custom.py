"""From a classifier's definition to what reads files by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from etlocal.aws.call import Call
from etlocal.formats.delimited import CsvRules, recognise_csv
from etlocal.formats.json_documents import recognise_json
from etlocal.formats.recognise import Classifier
from etlocal.glue.crawler import classifier_rows

_HEADERS = {"PRESENT": True, "ABSENT": False}


def classifiers_of(tx: sqlite3.Connection, call: Call, names: Sequence[str]) -> list[Classifier]:
    """Give the classifiers of `names`, in their order.

    Raises
    ------
    EntityNotFoundError
        If there is no classifier of a name.
    """
    return [_classifier(classifier_rows.get(tx, call, name)) for name in names]


def csv_rules(definition: Mapping[str, Any]) -> CsvRules:
    """Read a ``CsvClassifier``."""
    return CsvRules(
        delimiter=definition.get("Delimiter"),
        quote=definition.get("QuoteSymbol"),
        header=_HEADERS.get(definition.get("ContainsHeader", "UNKNOWN")),
        names=tuple(definition.get("Header") or ()),
        types=tuple(definition.get("CustomDatatypes") or ())
        if definition.get("CustomDatatypeConfigured")
        else (),
        single_column=bool(definition.get("AllowSingleColumn")),
        trim=not definition.get("DisableValueTrimming", False),
        serde=definition.get("Serde"),
    )


def _classifier(row: classifier_rows.ClassifierRow) -> Classifier:
    if row.kind == "CsvClassifier":
        return partial(recognise_csv, rules=csv_rules(row.definition))
    return partial(recognise_json, path=row.definition["JsonPath"])
