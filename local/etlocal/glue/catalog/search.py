"""SearchTables: tables of every database by text and by property.

Source: AWS Glue Web API Reference, "SearchTables", "PropertyPredicate".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, tables
from etlocal.glue.errors import InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        PropertyPredicateTypeDef,
        SearchTablesRequestTypeDef,
        SortCriterionTypeDef,
    )

_TEXTS = ("Name", "DatabaseName", "Description", "Owner", "CatalogId", "TableType", "CreatedBy")
_TIMES = ("CreateTime", "UpdateTime", "LastAccessTime", "LastAnalyzedTime")
_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": operator.eq,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "GREATER_THAN_EQUALS": operator.ge,
    "LESS_THAN_EQUALS": operator.le,
}
# The reference splits values "on certain punctuation characters, for example, -, :, #"; an
# underscore is part of a word.
_BETWEEN_WORDS = re.compile(r"\W+")


@OPERATIONS.operation("SearchTables")
def search_tables(request: SearchTablesRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the tables that hold the text and pass every filter, sorted, a page at a time."""
    guard.check_catalog(request, call)
    found = tables.list_all(call)
    # Nothing is shared by other accounts or federated here.
    if request.get("ResourceShareType", "ALL") != "ALL":
        found = []
    if "SearchText" in request:
        found = [table for table in found if _holds(table, request["SearchText"])]
    for predicate in request.get("Filters") or ():
        found = [table for table in found if _passes(table, predicate)]
    for criterion in request.get("SortCriteria") or ():
        found = _sorted(found, criterion)
    taken, token = page(
        found,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    return {"TableList": taken} | ({"NextToken": token} if token else {})


def _holds(table: Mapping[str, Any], text: str) -> bool:
    """Say whether a table's names, description, columns or parameters hold `text`."""
    columns = [
        *(table.get("StorageDescriptor") or {}).get("Columns", ()),
        *table.get("PartitionKeys", ()),
    ]
    held = [str(table[name]) for name in ("Name", "DatabaseName", "Description") if name in table]
    held += [
        column[member] for column in columns for member in ("Name", "Comment") if member in column
    ]
    held += [word for pair in (table.get("Parameters") or {}).items() for word in pair]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1] in held
    return any(text.lower() in one.lower() for one in held)


def _passes(table: Mapping[str, Any], predicate: PropertyPredicateTypeDef) -> bool:
    key, wanted = predicate.get("Key"), predicate.get("Value")
    if key is None or wanted is None:
        raise InvalidInputError("A filter needs Key and Value.")
    if key in _TIMES:
        compare = _COMPARATORS[predicate.get("Comparator", "EQUALS")]
        return key in table and compare(table[key], _time(wanted))
    value = table.get(key) if key in _TEXTS else (table.get("Parameters") or {}).get(key)
    if value is None:
        return False
    return value == wanted or wanted.lower() in _BETWEEN_WORDS.split(str(value).lower())


def _time(text: str) -> datetime:
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{text!r} is not a time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sorted(found: list[dict[str, Any]], criterion: SortCriterionTypeDef) -> list[dict[str, Any]]:
    field = criterion.get("FieldName", "")
    if field not in (*_TEXTS, *_TIMES):
        raise InvalidInputError(f"Tables cannot be sorted by {field!r}.")
    having = [table for table in found if field in table]
    lacking = [table for table in found if field not in table]
    having.sort(key=lambda table: table[field], reverse=criterion.get("Sort") == "DESC")
    return having + lacking
