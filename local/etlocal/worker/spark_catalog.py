"""In a job's process: Spark SQL over the Glue Data Catalog, with ``--enable-glue-datacatalog``.

On AWS, Spark's Hive catalog is the Data Catalog then. Here a statement is parsed by Spark before it
is analysed, and what it names is mirrored (`etlocal.worker.catalog_mirror`). See "AWS Glue Data
Catalog support for Spark SQL jobs".
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pyspark.sql import Catalog, DataFrameReader, DataFrameWriter, SparkSession

from etlocal.worker import hive_tables
from etlocal.worker.catalog_mirror import Mirror, Name, inserted, named

_WRITES = frozenset(
    {
        "CreateTable",
        "CreateTableAsSelect",
        "AddPartitions",
        "DropPartitions",
        "RecoverPartitions",
        "RepairTable",
        "TruncatePartition",
        "TruncateTable",
    }
)
# Commands that change a definition in a way that is not written back.
_UNSUPPORTED = frozenset(
    {
        "AddColumns",
        "AlterColumn",
        "AlterViewAs",
        "CommentOnNamespace",
        "CommentOnTable",
        "CreateFunction",
        "CreateTableLikeCommand",
        "CreateView",
        "DropColumns",
        "DropView",
        "RenameColumn",
        "RenamePartitions",
        "RenameTable",
        "ReplaceColumns",
        "ReplaceTable",
        "ReplaceTableAsSelect",
        "SetNamespaceLocation",
        "SetNamespaceProperties",
        "SetTableLocation",
        "SetTableProperties",
        "SetTableSerDeProperties",
        "SetViewProperties",
        "UnsetTableProperties",
        "UnsetViewProperties",
    }
)


class UnsupportedStatementError(Exception):
    """A statement changes the Data Catalog in a way that is not emulated."""


def install() -> None:
    """Have Spark SQL find the Data Catalog's databases and tables in this process."""
    run_sql = SparkSession.sql
    mirrors: dict[int, Mirror] = {}

    def mirror(session: SparkSession) -> Mirror:
        key = id(session._jvm)
        if key not in mirrors:
            mirrors[key] = Mirror(session, functools.partial(run_sql, session))
        return mirrors[key]

    def sql(session: SparkSession, sqlQuery: str, args: Any = None, **kwargs: Any) -> Any:  # noqa: N803
        if kwargs:
            from pyspark.sql.sql_formatter import SQLStringFormatter

            formatter = SQLStringFormatter(session)
            try:
                return sql(session, formatter.format(sqlQuery, **kwargs), args)
            finally:
                formatter.clear()
        plan = session._jsparkSession.sessionState().sqlParser().parsePlan(sqlQuery)
        statement = Statement(mirror(session), str(plan.nodeName()), str(plan.toString()))
        statement.before()
        hive = None
        if statement.kind in hive_tables.CREATES:
            hive = hive_tables.native(session, plan, ".".join(statement.names[0][1]))
        if hive is not None and args:
            raise UnsupportedStatementError(
                "parameters in a CREATE TABLE of Hive's are not emulated; say USING with the format"
            )
        if hive is not None:
            result = hive_tables.run(session, hive)
        else:
            result = run_sql(session, sqlQuery, args)
        statement.after()
        return result

    def with_table(function: Callable[..., Any], session_of: Callable[[Any], Any]) -> Any:
        @functools.wraps(function)
        def wrapped(self: Any, tableName: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N803
            bring(mirror(session_of(self)), _parts(session_of(self), tableName))
            return function(self, tableName, *args, **kwargs)

        return wrapped

    SparkSession.sql = sql
    SparkSession.table = with_table(SparkSession.table, lambda it: it)
    DataFrameReader.table = with_table(DataFrameReader.table, lambda it: it._spark)
    _install_writer(mirror)
    _install_catalog(mirror)


def bring(mirror: Mirror, parts: list[str]) -> Name | None:
    """Bring what a name means, unless it is a temporary view's."""
    name = mirror.names(parts)
    if name is None or mirror.is_temporary(parts):
        return None
    mirror.bring_table(name)
    return name


class Statement:
    """One statement on its way through the mirror.

    Parameters
    ----------
    mirror : Mirror
    kind : str
        The name of its plan's root.
    plan : str
        The text of its unresolved plan.

    Attributes
    ----------
    kind : str
    names : list of tuple
        What it names, as `named` gives it.
    """

    def __init__(self, mirror: Mirror, kind: str, plan: str) -> None:
        self._mirror = mirror
        self.kind = kind
        self.names = named(plan)
        self._inserted = inserted(plan)

    def before(self) -> None:
        """Bring what the statement names.

        Raises
        ------
        UnsupportedStatementError
            If it would change the Data Catalog in a way that is not emulated.
        UnsupportedTableError
            If it names a table that Spark cannot read.
        """
        if self.kind in _UNSUPPORTED and not self._temporary():
            raise UnsupportedStatementError(
                f"{self.kind} on the Data Catalog is not emulated; use the Glue API for it"
            )
        if self.kind == "ShowNamespaces":
            self._mirror.bring_databases()
        for kind, parts in self.names:
            if kind == "Namespace" or self.kind in ("CreateNamespace", "DropNamespace"):
                database = parts[-1] if parts else self._mirror.current
                if self.kind in ("ShowTables", "ShowTableExtended", "DropNamespace"):
                    self._mirror.bring_tables(database)
                else:
                    self._mirror.bring_database(database)
            else:
                name = bring(self._mirror, parts)
                if name is not None:
                    self._mirror.bring_database(name[0])
        if self.kind in ("ShowTables", "ShowTableExtended") and not self.names:
            self._mirror.bring_tables(self._mirror.current)

    def after(self) -> None:
        """Write back what the statement changed."""
        for parts in self._inserted:
            self._store(parts)
        if not self.names:
            return
        parts = self.names[0][1]
        if self.kind == "CreateNamespace":
            self._mirror.create_database(parts[-1])
        elif self.kind == "DropNamespace":
            self._mirror.drop_database(parts[-1])
        elif self.kind in _WRITES:
            self._store(parts)
        elif self.kind == "DropTable":
            name = self._mirror.names(parts)
            if name is not None and not self._mirror.is_temporary(parts):
                self._mirror.drop_table(name)

    def _store(self, parts: list[str]) -> None:
        name = self._mirror.names(parts)
        if name is not None and not self._mirror.is_temporary(parts):
            self._mirror.store_table(name)

    def _temporary(self) -> bool:
        return bool(self.names) and self._mirror.is_temporary(self.names[0][1])


def _install_writer(mirror: Callable[[SparkSession], Mirror]) -> None:
    save_as_table, insert_into = DataFrameWriter.saveAsTable, DataFrameWriter.insertInto

    @functools.wraps(save_as_table)
    def saving(self: Any, name: str, *args: Any, **kwargs: Any) -> None:
        held = mirror(self._spark)
        parts = _parts(self._spark, name)
        target = bring(held, parts)
        if target is not None:
            held.bring_database(target[0])
        save_as_table(self, name, *args, **kwargs)
        if target is not None:
            held.store_table(target)

    @functools.wraps(insert_into)
    def inserting(self: Any, tableName: str, *args: Any, **kwargs: Any) -> None:  # noqa: N803
        held = mirror(self._spark)
        target = bring(held, _parts(self._spark, tableName))
        insert_into(self, tableName, *args, **kwargs)
        if target is not None:
            held.store_table(target)

    DataFrameWriter.saveAsTable = saving
    DataFrameWriter.insertInto = inserting


def _install_catalog(mirror: Callable[[SparkSession], Mirror]) -> None:
    def before(name: str, prepare: Callable[[Mirror, Any, tuple[Any, ...]], None]) -> None:
        function = getattr(Catalog, name)

        @functools.wraps(function)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            prepare(mirror(self._sparkSession), self._sparkSession, (*args, *kwargs.values()))
            return function(self, *args, **kwargs)

        setattr(Catalog, name, wrapped)

    def database(held: Mirror, _session: Any, args: tuple[Any, ...]) -> None:
        if args and args[0]:
            held.bring_database(str(args[0]).strip("`"))

    def tables(held: Mirror, _session: Any, args: tuple[Any, ...]) -> None:
        held.bring_tables(str(args[0]).strip("`") if args and args[0] else held.current)

    def table(held: Mirror, session: Any, args: tuple[Any, ...]) -> None:
        texts = [str(each) for each in args[:2] if each]
        # Of (table, database) both are given apart; a table's own name may have both.
        parts = [texts[1], texts[0]] if len(texts) == 2 else _parts(session, texts[0])
        bring(held, parts)

    before("listDatabases", lambda held, _session, _args: held.bring_databases())
    for name in ("setCurrentDatabase", "databaseExists", "getDatabase"):
        before(name, database)
    before("listTables", tables)
    for name in ("tableExists", "getTable", "listColumns", "cacheTable", "refreshTable"):
        before(name, table)


def _parts(session: Any, name: str) -> list[str]:
    """Take a name apart as Spark does."""
    parser = session._jsparkSession.sessionState().sqlParser()
    found = parser.parseMultipartIdentifier(name)
    return [str(found.apply(index)) for index in range(found.size())]
