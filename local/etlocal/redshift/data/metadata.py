"""ListDatabases, ListSchemas, ListTables and DescribeTable.

Source: Amazon Redshift Data API Reference, pages of these operations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.redshift.data import results
from etlocal.redshift.data.errors import InvalidRequestError
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.requests import connect, target_of
from etlocal.redshift.dialect.statements import Name
from etlocal.redshift.engines.base import ResultColumn
from etlocal.redshift.errors import SqlError
from etlocal.redshift.warehouse import Warehouse

if TYPE_CHECKING:
    from types_boto3_redshift_data.type_defs import (
        DescribeTableRequestTypeDef,
        ListDatabasesRequestTypeDef,
        ListSchemasRequestTypeDef,
        ListTablesRequestTypeDef,
    )

_DEFAULT_PAGE = 1000


def like(pattern: str | None, name: str) -> bool:
    """Whether a name matches a pattern of ``%`` (any characters) and ``_`` (one)."""
    if not pattern:
        return True
    parts = re.split(r"([%_])", pattern.lower())
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, name.lower(), re.DOTALL) is not None


@OPERATIONS.operation("ListDatabases")
def list_databases(request: ListDatabasesRequestTypeDef, call: Call) -> dict[str, Any]:
    """List the databases of a workgroup's namespace or a cluster.

    Raises
    ------
    InvalidRequestError
        If the server that they are on cannot be reached.
    """
    target = target_of(request, call)
    try:
        engine = call.runtime.component(Warehouse).engine(target.key, target.database)
        found = engine.databases()
    except SqlError as error:
        raise InvalidRequestError(error.message) from error
    return _paged("Databases", found, request)


@OPERATIONS.operation("ListSchemas")
def list_schemas(request: ListSchemasRequestTypeDef, call: Call) -> dict[str, Any]:
    """List a database's schemas whose names match a pattern."""
    session = connect(request, call)
    try:
        found = [name for name in session.schemas() if like(request.get("SchemaPattern"), name)]
    finally:
        session.close()
    return _paged("Schemas", found, request)


@OPERATIONS.operation("ListTables")
def list_tables(request: ListTablesRequestTypeDef, call: Call) -> dict[str, Any]:
    """List a database's tables and views whose names match the patterns."""
    session = connect(request, call)
    try:
        found = [
            {"name": relation.name, "schema": relation.schema, "type": relation.kind}
            for relation in session.relations()
            if like(request.get("SchemaPattern"), relation.schema)
            and like(request.get("TablePattern"), relation.name)
        ]
    finally:
        session.close()
    return _paged("Tables", found, request)


@OPERATIONS.operation("DescribeTable")
def describe_table(request: DescribeTableRequestTypeDef, call: Call) -> dict[str, Any]:
    """Describe the columns of a table; of one that is not there the list is empty.

    Raises
    ------
    InvalidRequestError
        If no table is named.
    """
    name = request.get("Table")
    if not name:
        raise InvalidRequestError("Table must be provided.")
    session = connect(request, call)
    try:
        table = session.table(Name(name.lower(), (request.get("Schema") or "").lower() or None))
    except SqlError:
        return {"TableName": name, "ColumnList": []}
    finally:
        session.close()
    columns = []
    for column in table.columns:
        described = results.column_metadata(ResultColumn(column.name, column.type))
        described |= {
            "nullable": int(column.nullable),
            "schemaName": table.name.schema or "",
            "tableName": table.name.relation,
            "length": column.type.length or described["precision"],
        }
        if column.default is not None:
            described["columnDefault"] = column.default
        columns.append(described)
    return {"TableName": name, **_paged("ColumnList", columns, request)}


def _paged(name: str, items: list[Any], request: Any) -> dict[str, Any]:
    shown, token = page(
        items, token=request.get("NextToken"), size=request.get("MaxResults") or None,
        default_size=_DEFAULT_PAGE, invalid=InvalidRequestError,
    )  # fmt: skip
    return {name: shown, "NextToken": token} if token else {name: shown}
