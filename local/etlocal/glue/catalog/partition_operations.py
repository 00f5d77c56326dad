"""Operations on partitions.

Source: AWS Glue Web API Reference, "CreatePartition", "BatchCreatePartition", "GetPartition",
"GetPartitions", "BatchGetPartition", "UpdatePartition", "BatchUpdatePartition",
"DeletePartition", "BatchDeletePartition".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, partitions
from etlocal.glue.catalog.tables import require_table
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchCreatePartitionRequestTypeDef,
        BatchDeletePartitionRequestTypeDef,
        BatchGetPartitionRequestTypeDef,
        BatchUpdatePartitionRequestTypeDef,
        CreatePartitionRequestTypeDef,
        DeletePartitionRequestTypeDef,
        GetPartitionRequestTypeDef,
        GetPartitionsRequestTypeDef,
        UpdatePartitionRequestTypeDef,
    )


@OPERATIONS.operation("CreatePartition")
def create_partition(request: CreatePartitionRequestTypeDef, call: Call) -> None:
    """Add one partition."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        partitions.create(tx, call, table, request["PartitionInput"])


@OPERATIONS.operation("BatchCreatePartition")
def batch_create_partition(
    request: BatchCreatePartitionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Add partitions; one that cannot be added is an entry of ``Errors``, the others are added."""
    guard.check_catalog(request, call)
    errors = []
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        for given in request["PartitionInputList"]:
            try:
                partitions.create(tx, call, table, given)
            except AwsError as error:
                errors.append(
                    {
                        "PartitionValues": list(given.get("Values") or ()),
                        "ErrorDetail": guard.detail(error),
                    }
                )
    return {"Errors": errors}


@OPERATIONS.operation("GetPartition")
def get_partition(request: GetPartitionRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the partition of the values."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        row = partitions.require(tx, table, request["PartitionValues"])
    return {"Partition": partitions.as_partition(row, call, table)}


@OPERATIONS.operation("GetPartitions")
def get_partitions(request: GetPartitionsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the partitions that pass the expression, in order, a page at a time."""
    guard.check_catalog(request, call)
    guard.refuse("GetPartitions", request, "TransactionId", "QueryAsOfTime")
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        found = partitions.select(tx, table, request.get("Expression"), request.get("Segment"))
        taken, token = page(
            found,
            token=request.get("NextToken"),
            size=request.get("MaxResults"),
            invalid=InvalidInputError,
        )
        listed = partitions.read(
            tx, call, table, taken, columns=not request.get("ExcludeColumnSchema")
        )
    return {"Partitions": listed} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("BatchGetPartition")
def batch_get_partition(request: BatchGetPartitionRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the partitions of the values; those that do not exist are left out."""
    guard.check_catalog(request, call)
    found = []
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        for wanted in request["PartitionsToGet"]:
            try:
                row = partitions.require(tx, table, wanted["Values"])
            except EntityNotFoundError:
                continue
            found.append(partitions.as_partition(row, call, table))
    return {"Partitions": found, "UnprocessedKeys": []}


@OPERATIONS.operation("UpdatePartition")
def update_partition(request: UpdatePartitionRequestTypeDef, call: Call) -> None:
    """Replace one partition."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        partitions.update(tx, table, request["PartitionValueList"], request["PartitionInput"])


@OPERATIONS.operation("BatchUpdatePartition")
def batch_update_partition(
    request: BatchUpdatePartitionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Replace partitions; one that cannot be replaced is an entry of ``Errors``."""
    guard.check_catalog(request, call)
    errors = []
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        for entry in request["Entries"]:
            try:
                partitions.update(tx, table, entry["PartitionValueList"], entry["PartitionInput"])
            except AwsError as error:
                errors.append(
                    {
                        "PartitionValueList": list(entry["PartitionValueList"]),
                        "ErrorDetail": guard.detail(error),
                    }
                )
    return {"Errors": errors}


@OPERATIONS.operation("DeletePartition")
def delete_partition(request: DeletePartitionRequestTypeDef, call: Call) -> None:
    """Delete one partition."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        partitions.delete(tx, table, request["PartitionValues"])


@OPERATIONS.operation("BatchDeletePartition")
def batch_delete_partition(
    request: BatchDeletePartitionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Delete partitions; one that cannot be deleted is an entry of ``Errors``."""
    guard.check_catalog(request, call)
    errors = []
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        for wanted in request["PartitionsToDelete"]:
            try:
                partitions.delete(tx, table, wanted["Values"])
            except AwsError as error:
                errors.append(
                    {
                        "PartitionValues": list(wanted["Values"]),
                        "ErrorDetail": guard.detail(error),
                    }
                )
    return {"Errors": errors}
