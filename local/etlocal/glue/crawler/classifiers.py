"""Operations on custom classifiers.

Source: AWS Glue Web API Reference, "Classifier API"; AWS Glue Developer Guide, "Writing custom
classifiers". CSV and JSON classifiers are emulated; grok and XML classifiers are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError, ValidationError
from etlocal.aws.paging import page
from etlocal.formats.delimited import CUSTOM_TYPES
from etlocal.formats.json_documents import JsonPathError, parse_path
from etlocal.glue.crawler import classifier_rows
from etlocal.glue.errors import InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        CreateClassifierRequestTypeDef,
        DeleteClassifierRequestTypeDef,
        GetClassifierRequestTypeDef,
        GetClassifiersRequestTypeDef,
        UpdateClassifierRequestTypeDef,
    )

_KINDS = ("CsvClassifier", "JsonClassifier", "GrokClassifier", "XMLClassifier")
_EMULATED = ("CsvClassifier", "JsonClassifier")


@OPERATIONS.operation("CreateClassifier")
def create_classifier(request: CreateClassifierRequestTypeDef, call: Call) -> None:
    """Add a CSV or JSON classifier."""
    kind, definition = _given(request)
    _check(kind, definition)
    with call.store.transaction() as tx:
        classifier_rows.insert(tx, call, kind, definition)


@OPERATIONS.operation("GetClassifier")
def get_classifier(request: GetClassifierRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a classifier."""
    with call.store.transaction() as tx:
        return {"Classifier": classifier_rows.get(tx, call, request["Name"]).as_classifier()}


@OPERATIONS.operation("GetClassifiers")
def get_classifiers(request: GetClassifiersRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give all classifiers, a page at a time."""
    with call.store.transaction() as tx:
        found = [row.as_classifier() for row in classifier_rows.all_of(tx, call)]
    items, token = page(
        found,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=ValidationError,
    )
    return {"Classifiers": items} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("UpdateClassifier")
def update_classifier(request: UpdateClassifierRequestTypeDef, call: Call) -> None:
    """Change what is given of a classifier; data that was crawled is not classified anew."""
    kind, given = _given(request)
    with call.store.transaction() as tx:
        row = classifier_rows.get(tx, call, given["Name"])
        if row.kind != kind:
            raise InvalidInputError(f"Classifier {row.name} is a {row.kind}, not a {kind}.")
        definition = {**row.definition, **given}
        _check(kind, definition)
        classifier_rows.replace(tx, call, row.name, definition)


@OPERATIONS.operation("DeleteClassifier")
def delete_classifier(request: DeleteClassifierRequestTypeDef, call: Call) -> None:
    """Delete a classifier."""
    with call.store.transaction() as tx:
        classifier_rows.delete(tx, call, request["Name"])


def _given(request: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    given = [kind for kind in _KINDS if request.get(kind) is not None]
    if len(given) != 1:
        raise InvalidInputError(f"Exactly one of {', '.join(_KINDS)} must be given.")
    kind = given[0]
    if kind not in _EMULATED:
        raise NotImplementedByEmulatorError(
            f"glue {kind} is not emulated by etlocal; see docs/fidelity.md"
        )
    definition = {name: value for name, value in request[kind].items() if value is not None}
    return kind, definition


def _check(kind: str, definition: Mapping[str, Any]) -> None:
    if kind == "JsonClassifier":
        try:
            parse_path(definition["JsonPath"])
        except JsonPathError as error:
            raise InvalidInputError(str(error)) from error
        return
    delimiter, quote = definition.get("Delimiter"), definition.get("QuoteSymbol")
    if delimiter is not None and delimiter == quote:
        raise InvalidInputError("Delimiter and quote symbol must differ.")
    types = definition.get("CustomDatatypes") or []
    wrong = [kind for kind in types if kind not in CUSTOM_TYPES]
    if wrong:
        raise InvalidInputError(f"Custom datatypes are not known: {', '.join(wrong)}")
    header = definition.get("Header") or []
    lowered = [name.lower() for name in header]
    if len(set(lowered)) != len(lowered):
        raise InvalidInputError("Header has the same column twice.")
    if types and header and len(types) != len(header):
        raise InvalidInputError("Custom datatypes must be as many as the header's columns.")
