"""In a job's process: what a statement names, mirrored between the Data Catalog and Spark's own.

Spark's in-memory catalog holds, for the time of a run, the databases, tables and partitions that
the run's statements name. They are brought up to date before each statement, and what a statement
changed is written back after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import boto3
from botocore.exceptions import ClientError

from etlocal.worker.catalog_tables import (
    SparkTable,
    Table,
    UnsupportedTableError,
    literal,
    partition_clauses,
    partition_input,
    quote,
    spark_table,
    table_input,
)

_PARTITIONS_A_STATEMENT = 200
_PARTITIONS_A_CALL = 100
_LOCAL_CATALOG = "spark_catalog"

Name = tuple[str, str]
Partitions = dict[tuple[str, ...], str]


class Mirror:
    """The mirror of one Spark session.

    Parameters
    ----------
    session : SparkSession
    run_sql : callable
        The session's own ``sql``.
    """

    def __init__(self, session: Any, run_sql: Any) -> None:
        self._session = session
        self._sql = run_sql
        self._glue: Any = boto3.client("glue")
        self._databases: set[str] = set()
        self._tables: dict[Name, SparkTable] = {}
        self._partitions: dict[Name, Partitions] = {}
        self._managed: set[Name] = set()

    @property
    def current(self) -> str:
        """The session's current database."""
        return str(self._session._jsparkSession.catalog().currentDatabase())

    def names(self, parts: list[str]) -> Name | None:
        """Give the database and table that a name means; None when it means another catalog's."""
        if parts and parts[0].lower() == _LOCAL_CATALOG:
            parts = parts[1:]
        if not parts or len(parts) > 2:
            return None
        database = parts[0] if len(parts) == 2 else self.current
        return database.lower(), parts[-1].lower()

    def is_temporary(self, parts: list[str]) -> bool:
        """Say whether a name is a temporary view's."""
        return len(parts) == 1 and bool(self._state().catalog().getTempView(parts[0]).isDefined())

    def bring_databases(self) -> None:
        """Bring every database of the Data Catalog."""
        for page in self._glue.get_paginator("get_databases").paginate():
            for database in page["DatabaseList"]:
                self._add_database(database["Name"], database.get("LocationUri", ""))

    def bring_database(self, name: str) -> bool:
        """Bring one database; say whether there is one of that name."""
        try:
            database = self._glue.get_database(Name=name)["Database"]
        except ClientError as error:
            if _code(error) == "EntityNotFoundException":
                return False
            raise
        self._add_database(database["Name"], database.get("LocationUri", ""))
        return True

    def bring_tables(self, database: str) -> None:
        """Bring every table of a database; those that Spark cannot read are left out."""
        if not self.bring_database(database):
            return
        there = set()
        for page in self._glue.get_paginator("get_tables").paginate(DatabaseName=database):
            for table in page["TableList"]:
                try:
                    self._define(spark_table(table))
                except UnsupportedTableError:
                    continue
                there.add((database.lower(), table["Name"].lower()))
        for name in [each for each in self._tables if each[0] == database.lower()]:
            if name not in there:
                self._drop(name)

    def bring_table(self, name: Name) -> bool:
        """Bring one table with its partitions; say whether there is one of that name.

        Raises
        ------
        UnsupportedTableError
            If Spark cannot read it.
        """
        table = self.get(name)
        if table is None:
            self._drop(name)
            return False
        self.bring_database(name[0])
        defined = self._define(spark_table(table))
        if defined.partition_keys:
            self._bring_partitions(name, defined)
        self._state().catalog().refreshTable(self._identifier(name))
        return True

    def get(self, name: Name) -> Table | None:
        """Give a table of the Data Catalog, or None."""
        try:
            table: Table = self._glue.get_table(DatabaseName=name[0], Name=name[1])["Table"]
        except ClientError as error:
            if _code(error) == "EntityNotFoundException":
                return None
            raise
        return table

    def store_table(self, name: Name) -> None:
        """Write back a table that Spark made, changed or filled, with its partitions.

        Raises
        ------
        UnsupportedTableError
            If the Data Catalog has no form for it, or it lies in a folder that ends with the run.
        """
        catalog = self._state().catalog()
        identifier = self._identifier(name)
        if not catalog.tableExists(identifier):
            return
        made = catalog.getTableMetadata(identifier)
        entry = self._entry(name, made)
        known = self.get(name)
        if known is None:
            _refuse_this_machine(name, entry["StorageDescriptor"]["Location"])
            self._glue.create_table(DatabaseName=name[0], TableInput=entry)
        elif _differs(known, entry):
            self._glue.update_table(DatabaseName=name[0], TableInput=entry)
        stored = self.get(name)
        if stored is None:
            return
        self._tables[name] = spark_table(stored)
        if stored.get("TableType") == "MANAGED_TABLE":
            self._managed.add(name)
        if made.partitionColumnNames().size() > 0:
            self._store_partitions(name, made, stored)

    def drop_table(self, name: Name) -> None:
        """Delete from the Data Catalog a table that Spark has dropped."""
        if self._state().catalog().tableExists(self._identifier(name)):
            return
        self._managed.discard(name)
        self._tables.pop(name, None)
        self._partitions.pop(name, None)
        if self.get(name) is not None:
            self._glue.delete_table(DatabaseName=name[0], Name=name[1])

    def create_database(self, name: str) -> None:
        """Create in the Data Catalog a database that Spark has made."""
        catalog = self._state().catalog()
        if not catalog.databaseExists(name) or self.bring_database(name):
            return
        made = catalog.getDatabaseMetadata(name)
        location = str(made.locationUri().toString())
        entry = {"Name": name.lower(), "Description": str(made.description())}
        if not location.startswith("file:"):
            entry["LocationUri"] = location
        self._glue.create_database(DatabaseInput=entry)
        self._databases.add(name.lower())

    def drop_database(self, name: str) -> None:
        """Delete from the Data Catalog a database that Spark has dropped."""
        if self._state().catalog().databaseExists(name):
            return
        self._databases.discard(name.lower())
        self._glue.delete_database(Name=name)

    def _add_database(self, name: str, location: str) -> None:
        if name.lower() not in self._databases:
            self._sql(f"CREATE DATABASE IF NOT EXISTS {quote(name)}")
            self._databases.add(name.lower())
        if location:
            # Afterwards: creating a database with a location would make a folder there.
            self._sql(f"ALTER DATABASE {quote(name)} SET LOCATION {literal(location)}")

    def _define(self, table: SparkTable) -> SparkTable:
        name = (table.database.lower(), table.name.lower())
        if self._tables.get(name) != table:
            self._drop(name)
            self._sql(table.ddl())
            self._tables[name] = table
        return table

    def _drop(self, name: Name) -> None:
        if name in self._managed:
            # Spark would delete its files.
            raise UnsupportedTableError(
                f"{'.'.join(name)} was made by this run and has been changed by others since: "
                "that is not emulated"
            )
        self._partitions.pop(name, None)
        if self._tables.pop(name, None) is not None:
            self._sql(f"DROP TABLE IF EXISTS {quote(*name)}")

    def _bring_partitions(self, name: Name, table: SparkTable) -> None:
        wanted = dict(self._list_partitions(name))
        held = self._partitions.get(name, {})
        keys = [key for key, _ in table.partition_keys]
        gone = {each: "" for each in held if wanted.get(each) != held[each]}
        new = {each: where for each, where in wanted.items() if held.get(each) != where}
        for verb, clauses in (
            ("DROP IF EXISTS", partition_clauses(keys, gone)),
            ("ADD IF NOT EXISTS", partition_clauses(keys, new)),
        ):
            separator = ", " if verb.startswith("DROP") else " "
            for batch in _batches(clauses, _PARTITIONS_A_STATEMENT):
                self._sql(f"ALTER TABLE {quote(*name)} {verb} {separator.join(batch)}")
        self._partitions[name] = wanted

    def _list_partitions(self, name: Name) -> Iterator[tuple[tuple[str, ...], str]]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=name[0], TableName=name[1], ExcludeColumnSchema=True
        )
        for page in pages:
            for each in page["Partitions"]:
                yield tuple(each["Values"]), each.get("StorageDescriptor", {}).get("Location", "")

    def _entry(self, name: Name, made: Any) -> dict[str, Any]:
        options = _pairs(made.storage().properties())
        return table_input(
            name[1],
            provider=str(made.provider().get()),
            schema=str(made.schema().json()),
            partition_columns=[str(each) for each in _each(made.partitionColumnNames())],
            location=str(made.location().toString()),
            options={key: value for key, value in options.items() if key != "path"},
            managed=str(made.tableType().name()) == "MANAGED",
            properties=_pairs(made.properties()),
            comment=str(made.comment().get()) if made.comment().isDefined() else "",
        )

    def _store_partitions(self, name: Name, made: Any, known: Table) -> None:
        keys = [str(each) for each in _each(made.partitionColumnNames())]
        held: Partitions = {}
        nothing = getattr(self._session._jvm.scala, "None$").__getattr__("MODULE$")
        for each in _each(self._state().catalog().listPartitions(self._identifier(name), nothing)):
            values = tuple(str(each.spec().get(key).get()) for key in keys)
            held[values] = str(each.location().toString())
        stored = dict(self._list_partitions(name))
        new = [partition_input(known, key, held[key]) for key in held.keys() - stored.keys()]
        gone = [{"Values": list(key)} for key in stored.keys() - held.keys()]
        where = {"DatabaseName": name[0], "TableName": name[1]}
        for created in _batches(new, _PARTITIONS_A_CALL):
            self._glue.batch_create_partition(**where, PartitionInputList=created)
        for deleted in _batches(gone, 25):
            self._glue.batch_delete_partition(**where, PartitionsToDelete=deleted)
        self._partitions[name] = held

    def _identifier(self, name: Name) -> Any:
        jvm = self._session._jvm
        some = jvm.scala.Some(name[0])
        return jvm.org.apache.spark.sql.catalyst.TableIdentifier(name[1], some)

    def _state(self) -> Any:
        return self._session._jsparkSession.sessionState()


def named(plan: str) -> list[tuple[str, list[str]]]:
    """Find what a parsed statement names.

    Parameters
    ----------
    plan : str
        The text of Spark's unresolved plan.

    Returns
    -------
    list of tuple
        The kind of name (``Relation``, ``Identifier``, ``Namespace``, …) and its parts.
    """
    found = re.findall(
        r"Unresolved(Relation|TableOrView|Table|View|Identifier|Namespace) \[([^\]]*)\]", plan
    )
    return [(kind, _parts(parts)) for kind, parts in found]


def inserted(plan: str) -> list[list[str]]:
    """Find the tables that a parsed statement inserts into, as `named` finds names.

    They are not always at its root: it may begin with ``WITH``, or insert into several.
    """
    found = re.findall(r"InsertIntoStatement 'UnresolvedRelation \[([^\]]*)\]", plan)
    return [_parts(parts) for parts in found]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part]


def _refuse_this_machine(name: Name, location: str) -> None:
    if location.startswith("file:"):
        raise UnsupportedTableError(
            f"{'.'.join(name)} has nowhere to be: database {name[0]} has no location in the Data "
            "Catalog. Give the database a LocationUri, or the table a LOCATION (option path)"
        )


def _differs(known: Table, entry: Table) -> bool:
    """Say whether a table that Spark has is another than the Data Catalog's."""

    def essence(table: Table) -> tuple[object, ...]:
        storage = table["StorageDescriptor"]
        return (
            [(each["Name"], each["Type"]) for each in storage["Columns"]],
            [(each["Name"], each["Type"]) for each in table.get("PartitionKeys", [])],
            storage.get("Location", "").rstrip("/"),
            storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
        )

    return essence(known) != essence(entry)


def _pairs(scala_map: Any) -> dict[str, str]:
    return {str(pair._1()): str(pair._2()) for pair in _each(scala_map.toSeq())}


def _each(seq: Any) -> Iterator[Any]:
    return (seq.apply(index) for index in range(seq.size()))


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
