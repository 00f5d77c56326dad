"""In a job's process: Hive's ``CREATE TABLE`` as a table of the data source that reads alike.

On AWS, Spark has Hive's support with ``--enable-glue-datacatalog``: ``STORED AS``, ``ROW FORMAT``
and a ``CREATE TABLE`` without a format make Hive tables. Here Spark has its in-memory catalog,
whose tables are data sources' own. See Spark's "CREATE HIVEFORMAT TABLE".
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from etlocal.worker.catalog_tables import UnsupportedTableError, hive_source, literal

CREATES = frozenset({"CreateTable", "CreateTableAsSelect"})


def native(session: SparkSession, plan: Any, where: str) -> Any:
    """Give the plan that makes a Hive table's like.

    Parameters
    ----------
    session : SparkSession
    plan : JavaObject
        A parsed statement of `CREATES`.
    where : str
        The table, for messages.

    Returns
    -------
    JavaObject or None
        None when the statement asks for no Hive table.

    Raises
    ------
    UnsupportedTableError
        If no data source reads alike.
    """
    asked = plan.tableSpec()
    if asked.provider().isDefined():
        if str(asked.provider().get()).lower() == "hive":
            raise UnsupportedTableError(
                f"{where}: USING hive is not emulated; say STORED AS with the format"
            )
        return None
    by_default = session.conf.get("spark.sql.legacy.createHiveTableByDefault", "true")
    if not asked.serde().isDefined() and by_default == "false":
        return None
    if asked.external() and not asked.location().isDefined():
        # Spark refuses it in its own words.
        return None
    made = _spec(session, asked, where)
    if plan.nodeName() == "CreateTable":
        return plan.copy(
            plan.name(), plan.tableSchema(), plan.partitioning(), made, plan.ignoreIfExists()
        )
    return plan.copy(
        plan.name(),
        plan.partitioning(),
        plan.query(),
        made,
        plan.writeOptions(),
        plan.ignoreIfExists(),
        plan.isAnalyzed(),
    )


def run(session: SparkSession, plan: Any) -> DataFrame:
    """Run a plan as ``spark.sql`` runs the one that it parses."""
    assert session._jvm is not None
    dataset: Any = session._jvm.org.apache.spark.sql.Dataset
    return DataFrame(dataset.ofRows(session._jsparkSession, plan), session)


def _spec(session: SparkSession, asked: Any, where: str) -> Any:
    stored_as = serde = ""
    properties: dict[str, str] = {}
    if asked.serde().isDefined():
        said = asked.serde().get()
        stored_as, serde = _text(said.storedAs()), _text(said.serde())
        properties = _pairs(said.serdeProperties())
        if said.formatClasses().isDefined() and not serde:
            raise UnsupportedTableError(
                f"{where}: INPUTFORMAT without ROW FORMAT SERDE is not emulated; name the SerDe, "
                "or say STORED AS with a format's name"
            )
    provider, options = hive_source(
        where,
        stored_as=stored_as,
        serde=serde,
        properties=properties,
        parameters=_pairs(asked.properties()),
    )
    pairs = ", ".join(f"{literal(key)} = {literal(text)}" for key, text in sorted(options.items()))
    given = f" OPTIONS ({pairs})" if pairs else ""
    # Parsed, since a data source's options have no constructor that Python could call.
    parser: Any = session._jsparkSession.sessionState().sqlParser()
    made = parser.parsePlan(f"CREATE TABLE t (c INT) USING {provider}{given}").tableSpec()
    return asked.copy(
        asked.properties(),
        made.provider(),
        made.optionExpression(),
        asked.location(),
        asked.comment(),
        made.serde(),
        False,
    )


def _text(option: Any) -> str:
    return str(option.get()) if option.isDefined() else ""


def _pairs(scala_map: Any) -> dict[str, str]:
    pairs = scala_map.toSeq()
    found = (pairs.apply(index) for index in range(pairs.size()))
    return {str(pair._1()): str(pair._2()) for pair in found}
