"""ExecuteStatement, BatchExecuteStatement, ListStatements and CancelStatement.

Source: Amazon Redshift Data API Reference, pages of these operations.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.aws.paging import page
from etlocal.redshift.data import records
from etlocal.redshift.data.errors import (
    ActiveSessionsExceededError,
    ActiveStatementsExceededError,
    InvalidRequestError,
)
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.records import Record
from etlocal.redshift.data.requests import (
    check_parameters,
    statement_not_found,
    target_of,
    user_of,
)
from etlocal.redshift.data.worker import OpenSession, Worker
from etlocal.redshift.dialect.secrets import masked
from etlocal.redshift.errors import SqlError

if TYPE_CHECKING:
    from types_boto3_redshift_data.type_defs import (
        BatchExecuteStatementInputTypeDef,
        CancelStatementRequestTypeDef,
        ExecuteStatementInputTypeDef,
        ListStatementsRequestTypeDef,
    )

_MAX_ACTIVE = 500
_MAX_SESSIONS = 500
_MAX_SQL = 100 * 1024
_MAX_BATCH = 40


@OPERATIONS.operation("ExecuteStatement")
def execute_statement(request: ExecuteStatementInputTypeDef, call: Call) -> dict[str, Any]:
    """Take one statement; it is worked on in the background.

    Raises
    ------
    InvalidRequestError
        For a target, session or parameters that cannot be.
    ActiveStatementsExceededError
        If 500 statements have not ended.
    """
    return _submit(request, call, [request["Sql"]], batch=False)


@OPERATIONS.operation("BatchExecuteStatement")
def batch_execute_statement(
    request: BatchExecuteStatementInputTypeDef, call: Call
) -> dict[str, Any]:
    """Take up to 40 statements, which run in order as one transaction.

    Raises
    ------
    InvalidRequestError
        For a target, session or parameters that cannot be.
    ActiveStatementsExceededError
        If 500 statements have not ended.
    """
    sqls = list(request["Sqls"])
    if len(sqls) > _MAX_BATCH:
        raise InvalidRequestError(f"A batch has at most {_MAX_BATCH} statements.")
    return _submit(request, call, sqls, batch=True)


def _submit(
    request: Mapping[str, Any], call: Call, sqls: list[str], *, batch: bool
) -> dict[str, Any]:
    if request.get("ExecutionMode") == "AUTO_COMMIT":
        raise NotImplementedByEmulatorError("ExecutionMode AUTO_COMMIT is not emulated by etlocal")
    if any(len(sql.encode()) > _MAX_SQL for sql in sqls):
        raise InvalidRequestError("SQL statement exceeds the maximum size of 100 KB")
    check_parameters(request, sqls)
    worker = call.runtime.component(Worker)
    known = _known(request, call, worker)
    if known is not None:
        return known
    if records.count_active(call.store, call.account, call.region) >= _MAX_ACTIVE:
        raise ActiveStatementsExceededError(
            f"Active statements exceeded the allowed quota ({_MAX_ACTIVE})."
        )
    session = _session(request, call, worker)
    if session is not None:
        target, database, user = session.target, session.database, session.user
    else:
        target = target_of(request, call)
        database = request.get("Database") or ""
        if not database:
            raise InvalidRequestError("Database must be provided.")
        user = user_of(request, call) or target.user
    statement = str(uuid.uuid4())
    values = {
        "id": statement,
        "account": call.account,
        "region": call.region,
        "principal": call.principal,
        "request": json.dumps({**request, "principal": call.principal, "Sql": "", "Sqls": []}),
        "database": database,
        "db_user": user,
        "batch": int(batch),
        "token": request.get("ClientToken"),
        "session": session.id if session else None,
        "status": "SUBMITTED",
        "created": time.time(),
        "updated": time.time(),
    }
    if session is not None:
        if not worker.claim(session.id, statement):
            raise InvalidRequestError(
                "Session is not available: another statement is running on it."
            )
        if request.get("SessionKeepAliveSeconds") is not None:
            session.keep_alive = request["SessionKeepAliveSeconds"]
    records.insert(call.store, values, [masked(sql) for sql in sqls])
    record = _record(call, statement)
    worker.submit(record, target, sqls)
    if request.get("WaitTimeSeconds"):
        worker.wait(statement, float(request["WaitTimeSeconds"]))
    return _accepted(_record(call, statement), waited=bool(request.get("WaitTimeSeconds")))


def _known(request: Mapping[str, Any], call: Call, _worker: Worker) -> dict[str, Any] | None:
    """Answer a request whose client token was seen before as it was answered then."""
    token = request.get("ClientToken")
    found = records.find_token(call.store, call.account, call.region, token) if token else None
    return _accepted(_record(call, found), waited=False) if found else None


def _session(request: Mapping[str, Any], call: Call, worker: Worker) -> OpenSession | None:
    wanted, keep_alive = request.get("SessionId"), request.get("SessionKeepAliveSeconds")
    if wanted:
        for name in ("WorkgroupName", "ClusterIdentifier", "Database", "DbUser", "SecretArn"):
            if request.get(name):
                raise InvalidRequestError(f"{name} must not be provided with SessionId.")
        kept = worker.session(wanted)
        if kept is None:
            raise InvalidRequestError(f"Session {wanted} is not available: it has expired.")
        return kept
    if not keep_alive:
        return None
    if worker.count_sessions() >= _MAX_SESSIONS:
        raise ActiveSessionsExceededError(f"Active sessions exceeded the quota ({_MAX_SESSIONS}).")
    target = target_of(request, call)
    user = user_of(request, call) or target.user
    try:
        made = worker.open_session(
            target, request.get("Database") or target.database, user, keep_alive
        )
    except SqlError as error:
        raise InvalidRequestError(error.message) from error
    return worker.session(made)


def _record(call: Call, statement: str) -> Record:
    record = records.find(call.store, call.account, call.region, statement)
    if record is None:
        raise statement_not_found(statement)
    return record


def _accepted(record: Record, *, waited: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": record.id,
        "CreatedAt": record.created,
        "Database": record.database,
        "DbUser": record.db_user,
        "DbGroups": [],
    }
    for name in ("ClusterIdentifier", "WorkgroupName", "SecretArn"):
        if record.request.get(name):
            answer[name] = record.request[name]
    if record.session:
        answer["SessionId"] = record.session
    if waited:
        answer["Status"] = record.status
    return answer


@OPERATIONS.operation("CancelStatement")
def cancel_statement(request: CancelStatementRequestTypeDef, call: Call) -> dict[str, Any]:
    """Stop a statement.

    Raises
    ------
    ResourceNotFoundError
        If there is none.
    InvalidRequestError
        If it has ended.
    """
    record = _record(call, request["Id"])
    if record.status not in records.ACTIVE:
        raise InvalidRequestError(
            f"Could not cancel a query that is already in {record.status} state "
            f"with ID: {record.id}"
        )
    call.runtime.component(Worker).cancel(record.id)
    return {"Status": True}


@OPERATIONS.operation("ListStatements")
def list_statements(request: ListStatementsRequestTypeDef, call: Call) -> dict[str, Any]:
    """List statements, the newest first; those that have ended unless a status is named."""
    asked = cast("Mapping[str, Any]", request)
    since = time.time() - records.KEPT_SECONDS
    found = [
        record
        for record in records.list_all(call.store, call.account, call.region, since)
        if _matches(record, asked)
    ]
    shown, token = page(
        found, token=request.get("NextToken"), size=request.get("MaxResults") or None,
        invalid=InvalidRequestError,
    )  # fmt: skip
    answer: dict[str, Any] = {"Statements": [_listed(record) for record in shown]}
    if token:
        answer["NextToken"] = token
    return answer


def _matches(record: Record, asked: Mapping[str, Any]) -> bool:
    status = asked.get("Status")
    if status in (None, ""):
        status = "FINISHED"
    if status not in ("ALL", record.status):
        return False
    name = asked.get("StatementName")
    if name and not str(record.request.get("StatementName") or "").startswith(name):
        return False
    if asked.get("Database") and asked["Database"] != record.database:
        return False
    return all(
        not asked.get(key) or asked[key] == record.request.get(key)
        for key in ("ClusterIdentifier", "WorkgroupName")
    )


def _listed(record: Record) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Id": record.id,
        "Status": record.status,
        "CreatedAt": record.created,
        "UpdatedAt": record.updated,
        "IsBatchStatement": record.batch,
        "ResultFormat": record.request.get("ResultFormat") or "JSON",
    }
    if record.batch:
        answer["QueryStrings"] = [part.sql for part in record.parts]
    else:
        answer["QueryString"] = record.parts[0].sql
    if record.request.get("Parameters"):
        answer["QueryParameters"] = record.request["Parameters"]
    for name in ("StatementName", "SecretArn"):
        if record.request.get(name):
            answer[name] = record.request[name]
    if record.session:
        answer["SessionId"] = record.session
    return answer
