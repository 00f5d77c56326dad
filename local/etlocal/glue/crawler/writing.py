"""Writing what a crawl found to the catalog, as the crawler's policies say.

Source: AWS Glue Developer Guide, "Setting crawler configuration options" and "Customizing crawler
behavior".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.catalog import api
from etlocal.glue.crawler.configuration import Configuration
from etlocal.glue.crawler.log import CrawlLog
from etlocal.glue.crawler.names import distinguished, table_name
from etlocal.glue.crawler.tables import DEPRECATED, UPDATED_BY
from etlocal.glue.operations import OPERATIONS

_TABLE_MEMBERS = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys",
    "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters", "TargetTable",
)  # fmt: skip
_PARTITION_MEMBERS = ("Values", "LastAccessTime", "StorageDescriptor", "Parameters")
_INDEX = "crawler_partition_index"


@dataclass
class Summary:
    """How many tables and partitions a crawl added, updated and deleted."""

    tables: Counter[str] = field(default_factory=Counter)
    partitions: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, dict[str, int]]:
        """Give what was counted, by kind."""
        kinds = {"TABLE": self.tables, "PARTITION": self.partitions}
        return {kind: dict(counts) for kind, counts in kinds.items() if counts}


@dataclass(frozen=True)
class Policies:
    """What a crawler does with changes.

    Attributes
    ----------
    update, delete : str
        As in ``SchemaChangePolicy``.
    configuration : Configuration
    only_new : bool
        Partitions that exist are left alone (``CRAWL_NEW_FOLDERS_ONLY``).
    """

    update: str
    delete: str
    configuration: Configuration
    only_new: bool = False


@dataclass(frozen=True)
class Wanted:
    """A table to write.

    Attributes
    ----------
    source : str
        What the table is named after.
    table : mapping
        Its ``TableInput``, named or not.
    partitions : sequence of mapping
        Its ``PartitionInput``s.
    """

    source: str
    table: Mapping[str, Any]
    partitions: Sequence[Mapping[str, Any]] = ()

    @property
    def location(self) -> str:
        """Where its data is."""
        where: str = self.table["StorageDescriptor"]["Location"]
        return where


class CatalogWriter:
    """Writes a crawl's tables to one database.

    Parameters
    ----------
    call : Call
    crawler : str
    database, prefix : str
        Where tables go, and what their names begin with.
    policies : Policies
    log : CrawlLog

    Attributes
    ----------
    summary : Summary
    """

    def __init__(
        self,
        call: Call,
        crawler: str,
        database: str,
        prefix: str,
        policies: Policies,
        log: CrawlLog,
    ) -> None:
        self._call = call
        self._crawler = crawler
        self._database = database
        self._prefix = prefix
        self._policies = policies
        self._log = log
        self.summary = Summary()

    def write(self, wanted: Sequence[Wanted], under: Sequence[str]) -> None:
        """Write the tables, and treat those of this crawler that are gone as its policy says.

        All is one transaction: a reader sees the catalog as it was, or as it is after the crawl.

        Parameters
        ----------
        wanted : sequence of Wanted
            What was found.
        under : sequence of str
            What the locations that were crawled begin with, each location taken with a slash at
            its end: only tables there can be gone.

        Raises
        ------
        EntityNotFoundError
            If the database does not exist.
        """
        with self._call.store.transaction():
            existing = {
                table["Name"]: table for table in api.list_tables(self._call, self._database)
            }
            by_location = {
                _location(table): name for name, table in existing.items() if self._is_mine(table)
            }
            written: set[str] = set()
            for item in wanted:
                name = by_location.get(item.location) or self._free_name(item, existing, written)
                written.add(name)
                self._table(name, item, existing.get(name))
            for name, table in existing.items():
                gone = self._is_mine(table) and name not in written
                if gone and f"{_location(table).rstrip('/')}/".startswith(tuple(under)):
                    self._gone(name, table)

    def _is_mine(self, table: Mapping[str, Any]) -> bool:
        return bool(table.get("Parameters", {}).get(UPDATED_BY) == self._crawler)

    def _free_name(
        self, item: Wanted, existing: Mapping[str, Mapping[str, Any]], written: set[str]
    ) -> str:
        name = table_name(item.source, self._prefix)
        taken = existing.get(name)
        if name in written or (taken is not None and not _same_place(taken, item.location)):
            return distinguished(name, item.location)
        return name

    def _table(self, name: str, item: Wanted, existing: Mapping[str, Any] | None) -> None:
        table_input = {**item.table, "Name": name}
        if existing is None:
            api.create_table(self._call, self._database, table_input)
            self._count_table("ADD", f"Created table {name} in database {self._database}")
            self._index(name, table_input)
        elif self._policies.update == "LOG" and not self._policies.configuration.merge_new_columns:
            if _differs(existing, table_input, ignore=("Name",)):
                self._log.info(f"Table {name} has changed; the update behavior is LOG")
            table_input = _picked(existing, _TABLE_MEMBERS)
        else:
            table_input = self._merged(existing, table_input)
            if _key_names(existing) != _key_names(table_input):
                self._drop_partitions(name)
            if _differs(existing, table_input, ignore=("Name",)):
                api.update_table(self._call, self._database, table_input)
                self._count_table("UPDATE", f"Updated table {name} in database {self._database}")
        if _key_names(table_input) != _key_names(item.table):
            self._log.warn(f"Folder partition structure is not consistent with table {name}")
        elif item.partitions:
            self._partitions(name, table_input, item.partitions, is_new=existing is None)
        elif existing is not None and table_input.get("PartitionKeys"):
            self._partitions(name, table_input, (), is_new=False)

    def _merged(self, existing: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        """Give the input that updates a table: its columns in their order, new ones at the end."""
        keep = self._policies.configuration.merge_new_columns
        old = {column["Name"]: column for column in existing["StorageDescriptor"]["Columns"]}
        new = {column["Name"]: column for column in found["StorageDescriptor"]["Columns"]}
        columns = [
            column if keep else new[name] for name, column in old.items() if keep or name in new
        ]
        columns += [column for name, column in new.items() if name not in old]
        descriptor = {**found["StorageDescriptor"], "Columns": columns}
        if not keep:
            return {**found, "StorageDescriptor": descriptor}
        # Add new columns only: what the table says otherwise stays, sizes and counts excepted.
        kept = _picked(existing, _TABLE_MEMBERS)
        parameters = {**kept.get("Parameters", {}), **found["Parameters"]}
        parameters.pop(DEPRECATED, None)
        old_descriptor = kept["StorageDescriptor"]
        descriptor = {**old_descriptor, "Columns": columns, "Parameters": parameters}
        return {**kept, "StorageDescriptor": descriptor, "Parameters": parameters}

    def _partitions(
        self,
        name: str,
        table: Mapping[str, Any],
        wanted: Sequence[Mapping[str, Any]],
        *,
        is_new: bool,
    ) -> None:
        existing = {} if is_new else self._existing_partitions(name)
        if self._policies.configuration.inherit_from_table:
            wanted = [_inheriting(partition, table) for partition in wanted]
        new = [partition for partition in wanted if tuple(partition["Values"]) not in existing]
        if new:
            errors = api.batch_create_partition(self._call, self._database, name, new)
            for error in errors:
                detail = error["ErrorDetail"]["ErrorMessage"]
                self._log.warn(f"Partition {error['PartitionValues']} of {name}: {detail}")
            added = len(new) - len(errors)
            self.summary.partitions["ADD"] += added
            self._log.info(f"Created partitions for table {name}: {added}")
        if self._policies.only_new:
            return
        for partition in wanted:
            old = existing.pop(tuple(partition["Values"]), None)
            if old is not None and self._policies.update != "LOG" and _differs(old, partition):
                self._replace(name, partition)
                self.summary.partitions["UPDATE"] += 1
        self._gone_partitions(name, list(existing.values()))

    def _existing_partitions(self, name: str) -> dict[tuple[str, ...], dict[str, Any]]:
        found = api.get_partitions(self._call, self._database, name)
        return {tuple(partition["Values"]): partition for partition in found}

    def _drop_partitions(self, name: str) -> None:
        """Delete a table's partitions, whose values are not of its new partition keys."""
        values = list(self._existing_partitions(name))
        if values:
            api.delete_partitions(self._call, self._database, name, values)
            self.summary.partitions["DELETE"] += len(values)
            self._log.info(f"Deleted partitions of other keys of table {name}: {len(values)}")

    def _gone(self, name: str, table: Mapping[str, Any]) -> None:
        match self._policies.delete:
            case "DELETE_FROM_DATABASE":
                api.delete_table(self._call, self._database, name)
                self._count_table("DELETE", f"Deleted table {name} of database {self._database}")
            case "DEPRECATE_IN_DATABASE":
                if DEPRECATED in table.get("Parameters", {}):
                    return
                kept = _picked(table, _TABLE_MEMBERS)
                parameters = {**kept.get("Parameters", {}), DEPRECATED: self._now()}
                api.update_table(self._call, self._database, {**kept, "Parameters": parameters})
                self._count_table(
                    "UPDATE",
                    f"Table {name} is marked deprecated because a matching schema was not found "
                    "at the table's location.",
                )
            case _:
                self._log.info(
                    f"Table {name} has no matching schema at its location; "
                    "the delete behavior is LOG"
                )

    def _gone_partitions(self, name: str, gone: Sequence[Mapping[str, Any]]) -> None:
        gone = [
            partition for partition in gone if DEPRECATED not in partition.get("Parameters", {})
        ]
        for partition in gone:
            self._log.info(
                f"Found partition of table {name} with partition values "
                f"[{', '.join(partition['Values'])}] with no matching schema at the partition's "
                "S3 location"
            )
        match self._policies.delete:
            case "DELETE_FROM_DATABASE" if gone:
                values = [partition["Values"] for partition in gone]
                api.delete_partitions(self._call, self._database, name, values)
                self.summary.partitions["DELETE"] += len(gone)
            case "DEPRECATE_IN_DATABASE":
                for partition in gone:
                    kept = _picked(partition, _PARTITION_MEMBERS)
                    parameters = {**kept.get("Parameters", {}), DEPRECATED: self._now()}
                    self._replace(name, {**kept, "Parameters": parameters})
                    self.summary.partitions["UPDATE"] += 1
            case _:
                pass

    def _replace(self, name: str, partition: Mapping[str, Any]) -> None:
        api.update_partition(self._call, self._database, name, partition["Values"], partition)

    def _index(self, name: str, table: Mapping[str, Any]) -> None:
        keys = _key_names(table)
        if keys and self._policies.configuration.partition_index:
            request = {
                "DatabaseName": self._database,
                "TableName": name,
                "PartitionIndex": {"IndexName": _INDEX, "Keys": keys},
            }
            OPERATIONS.handle("CreatePartitionIndex", request, self._call)

    def _count_table(self, kind: str, text: str) -> None:
        self.summary.tables[kind] += 1
        self._log.info(text)

    def _now(self) -> str:
        return str(int(self._call.clock.now().timestamp() * 1000))


def _location(table: Mapping[str, Any]) -> str:
    where: str = table.get("StorageDescriptor", {}).get("Location", "")
    return where


def _key_names(table: Mapping[str, Any]) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys") or ()]


def _same_place(table: Mapping[str, Any], location: str) -> bool:
    return _location(table).rstrip("/") == location.rstrip("/")


def _inheriting(partition: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    owner = table["StorageDescriptor"]
    shared = ("Columns", "InputFormat", "OutputFormat", "SerdeInfo")
    descriptor = {
        **partition["StorageDescriptor"],
        **{key: owner[key] for key in shared if key in owner},
    }
    return {**partition, "StorageDescriptor": descriptor}


def _picked(source: Mapping[str, Any], members: Sequence[str]) -> dict[str, Any]:
    return {name: source[name] for name in members if name in source}


def _differs(
    existing: Mapping[str, Any], wanted: Mapping[str, Any], ignore: Sequence[str] = ()
) -> bool:
    """Whether writing `wanted` would change what exists, in what `wanted` says."""
    for name, value in wanted.items():
        if name in ignore:
            continue
        old = existing.get(name)
        if name == "Parameters" or not isinstance(value, Mapping):
            if (old or None) != (value or None):
                return True
        elif _differs(old or {}, value):
            return True
    return False
