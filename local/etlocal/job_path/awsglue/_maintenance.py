"""Deleting old files of a path or a table.

AWS Glue Developer Guide: "GlueContext class" (purge_s3_path, purge_table).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import _aws, _catalog
from ._listing import ListOptions, list_files, split_s3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._bookmarks_s3 import FileEntry
    from ._catalog import Table

_KNOWN = {"retentionPeriod", "partitionPredicate", "excludeStorageClasses"}
_DEFAULT_HOURS = 168
_BATCH = 1000


def _check(options: dict[str, Any]) -> tuple[ListOptions, int]:
    unknown = sorted(set(options) - _KNOWN)
    if unknown:
        raise NotImplementedError(f"The purge options {unknown} are not supported")
    hours = float(options.get("retentionPeriod", _DEFAULT_HOURS))
    excluded = frozenset(str(name) for name in options.get("excludeStorageClasses", ()))
    return ListOptions(True, (), excluded, hidden=True), int((time.time() - hours * 3600) * 1000)


def _delete(files: Iterable[FileEntry]) -> None:
    s3 = _aws.client("s3")
    by_bucket: dict[str, list[str]] = {}
    for file in files:
        _, bucket, key = split_s3(file.path)
        by_bucket.setdefault(bucket, []).append(key)
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), _BATCH):
            objects = [{"Key": key} for key in keys[start : start + _BATCH]]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise RuntimeError(
                    f"s3://{bucket}/{error.get('Key')} could not be deleted: {error.get('Code')}"
                )


def purge_path(path: str, options: dict[str, Any]) -> None:
    """Delete the files under a path that were last modified before the retention period."""
    listing, before = _check(options)
    files = list_files(path, listing, lambda: _aws.client("s3"))
    _delete([file for file in files if file.modified <= before])


def purge_table(spark: Any, table: Table, options: dict[str, Any], catalog_id: str | None) -> None:
    """Delete a table's old files; a partition left without files leaves the catalog."""
    listing, before = _check(options)
    if not table.partition_keys:
        purge_path(table.location, options)
        return
    glue = _aws.client("glue")
    found = _catalog.partitions(glue, table, "", catalog_id)
    predicate = str(options.get("partitionPredicate", ""))
    for part in _catalog.matching(spark, table.partition_keys, found, predicate):
        files = list(list_files(part.location, listing, lambda: _aws.client("s3")))
        old = [file for file in files if file.modified <= before]
        _delete(old)
        if len(old) == len(files):
            glue.delete_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionValues=list(part.values),
                **_aws.catalog_args(catalog_id),
            )
