"""DescribeStatement, GetStatementResult and GetStatementResultV2.

Source: Amazon Redshift Data API Reference, pages of these operations; Amazon Redshift Management
Guide, "Describe metadata about an SQL statement" (a batch's counts are its statements' sums).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.redshift.data import records, results
from etlocal.redshift.data.errors import InvalidRequestError, ResourceNotFoundError
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.records import Part, Record
from etlocal.redshift.data.requests import statement_not_found
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.warehouse import Warehouse

if TYPE_CHECKING:
    from types_boto3_redshift_data.type_defs import (
        DescribeStatementRequestTypeDef,
        GetStatementResultRequestTypeDef,
        GetStatementResultV2RequestTypeDef,
    )


@OPERATIONS.operation("DescribeStatement")
def describe_statement(request: DescribeStatementRequestTypeDef, call: Call) -> dict[str, Any]:
    """Tell how far a statement is and what came of it.

    Raises
    ------
    ResourceNotFoundError
        If there is none.
    """
    asked = cast("Mapping[str, Any]", request)
    statement = request["Id"].partition(":")[0]
    if asked.get("WaitTimeSeconds"):
        call.runtime.component(Worker).wait(statement, float(asked["WaitTimeSeconds"]))
    record, part = _find(request["Id"], call)
    if part is not None and record.batch:
        return _described_part(record, part)
    last = record.parts[-1]
    answer: dict[str, Any] = {
        "Id": record.id,
        "Status": record.status,
        "Database": record.database,
        "DbUser": record.db_user,
        "Duration": record.duration,
        "CreatedAt": record.created,
        "UpdatedAt": record.updated,
        "RedshiftPid": record.pid,
        "HasResultSet": any(item.has_result for item in record.parts),
        "ResultRows": _sum(item.rows for item in record.parts),
        "ResultSize": _sum(item.size for item in record.parts),
        "RedshiftQueryId": 0 if record.batch else last.query,
        "ResultFormat": record.request.get("ResultFormat") or "JSON",
    }
    if record.error:
        answer["Error"] = record.error
    if record.batch:
        answer["SubStatements"] = [_described_part(record, item) for item in record.parts]
    else:
        answer["QueryString"] = last.sql
    if record.request.get("Parameters"):
        answer["QueryParameters"] = record.request["Parameters"]
    for name in ("ClusterIdentifier", "WorkgroupName", "SecretArn"):
        if record.request.get(name):
            answer[name] = record.request[name]
    if record.session:
        answer["SessionId"] = record.session
    return answer


def _sum(counts: Iterable[int]) -> int:
    """Add up what a batch's statements count; -1 where none of them counts anything."""
    known = [count for count in counts if count >= 0]
    return sum(known) if known else -1


def _described_part(record: Record, part: Part) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": f"{record.id}:{part.number}",
        "Status": part.status,
        "Duration": part.duration,
        "CreatedAt": part.created,
        "UpdatedAt": part.updated,
        "QueryString": part.sql,
        "HasResultSet": part.has_result,
        "ResultRows": part.rows,
        "ResultSize": part.size,
        "RedshiftQueryId": part.query,
    }
    if part.error:
        answer["Error"] = part.error
    return answer


def _find(identifier: str, call: Call) -> tuple[Record, Part | None]:
    statement, colon, number = identifier.partition(":")
    record = records.find(call.store, call.account, call.region, statement)
    if record is None:
        raise statement_not_found(identifier)
    if not colon:
        return record, None if record.batch else record.parts[0]
    for part in record.parts:
        if str(part.number) == number:
            return record, part
    raise statement_not_found(identifier)


@OPERATIONS.operation("GetStatementResult")
def get_statement_result(request: GetStatementResultRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a page of a result in typed fields.

    Raises
    ------
    ResourceNotFoundError
        If there is no such statement, or it has no result.
    InvalidRequestError
        If the statement was asked for CSV.
    """
    part, rows, token = _page(cast("Mapping[str, Any]", request), call, "JSON")
    answer: dict[str, Any] = {
        "Records": [results.fields(row, part.columns) for row in rows],
        "ColumnMetadata": part.columns,
        "TotalNumRows": part.rows,
    }
    if token:
        answer["NextToken"] = token
    return answer


@OPERATIONS.operation("GetStatementResultV2")
def get_statement_result_v2(
    request: GetStatementResultV2RequestTypeDef, call: Call
) -> dict[str, Any]:
    """Give a page of a result as CSV; the first page begins with the columns' names.

    Raises
    ------
    ResourceNotFoundError
        If there is no such statement, or it has no result.
    InvalidRequestError
        If the statement was not asked for CSV.
    """
    part, rows, token = _page(cast("Mapping[str, Any]", request), call, "CSV")
    text = results.csv_records(rows, part.columns, header=not request.get("NextToken"))
    answer: dict[str, Any] = {
        "Records": [{"CSVRecords": text}],
        "ColumnMetadata": part.columns,
        "TotalNumRows": part.rows,
        "ResultFormat": "CSV",
    }
    if token:
        answer["NextToken"] = token
    return answer


def _page(
    request: Mapping[str, Any], call: Call, wanted: str
) -> tuple[Part, list[list[Any]], str | None]:
    if request.get("WaitTimeSeconds"):
        statement = str(request["Id"]).partition(":")[0]
        call.runtime.component(Worker).wait(statement, float(request["WaitTimeSeconds"]))
    record, part = _find(request["Id"], call)
    part = part or next((item for item in reversed(record.parts) if item.has_result), None)
    if (record.request.get("ResultFormat") or "JSON") != wanted:
        other = "GetStatementResult" if wanted == "CSV" else "GetStatementResultV2"
        raise InvalidRequestError(f"The result of this statement is not {wanted}: use {other}.")
    if part is None or not part.has_result or part.status != "FINISHED":
        raise ResourceNotFoundError(
            "Query does not have result. Please check query status with DescribeStatement.",
            request["Id"],
        )
    numbers, token = page(
        range(len(part.pages)), token=request.get("NextToken"), size=1, invalid=InvalidRequestError
    )
    if request.get("NextToken") and not numbers:
        raise InvalidRequestError("The pagination token is not valid.")
    folder = call.runtime.component(Warehouse).results
    file = results.path(folder, record.id, part.number)
    return part, results.read(file, part.pages, numbers[0] if numbers else 0), token
