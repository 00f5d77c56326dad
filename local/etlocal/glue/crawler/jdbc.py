"""Crawling a JDBC target: the tables of a Redshift database, through the Data API.

Source: AWS Glue Developer Guide, "Crawler properties" (JDBC include path) and "Redshift
connections"; Amazon Redshift Data API, "ListTables" and "DescribeTable".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.catalog import api
from etlocal.glue.crawler.globs import matcher
from etlocal.glue.crawler.jdbc_url import parse_redshift_url
from etlocal.glue.crawler.listing import CrawlCancelledError
from etlocal.glue.crawler.log import CrawlLog
from etlocal.glue.crawler.sampling import Readers
from etlocal.glue.crawler.tables import UPDATED_BY
from etlocal.glue.crawler.writing import Wanted
from etlocal.glue.errors import InvalidInputError

_SYSTEM_SCHEMAS = re.compile(r"pg_.*|information_schema|catalog_history")
_HIVE_TYPES = {
    "bool": "boolean", "boolean": "boolean",
    "int2": "smallint", "smallint": "smallint",
    "int4": "int", "int": "int", "integer": "int",
    "int8": "bigint", "bigint": "bigint", "oid": "bigint",
    "float4": "float", "real": "float",
    "float8": "double", "float": "double", "double precision": "double",
    "date": "date",
    "timestamp": "timestamp", "timestamptz": "timestamp",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamp",
    "varchar": "string", "character varying": "string", "char": "string", "bpchar": "string",
    "character": "string", "nvarchar": "string", "text": "string", "name": "string",
    "time": "string", "timetz": "string", "super": "string",
    "varbyte": "binary", "binary varying": "binary",
}  # fmt: skip
_DECIMAL = ("numeric", "decimal")


@dataclass(frozen=True)
class JdbcPath:
    """An include path ``database/schema/table``; ``%`` stands for any characters.

    Attributes
    ----------
    database, schema, table : str
    """

    database: str
    schema: str
    table: str

    @property
    def under(self) -> str:
        """What the tables' locations begin with, taken with a slash at their end."""
        return f"{self.database}.{self.schema}.{self.table}/".partition("%")[0]


def parse_path(path: str) -> JdbcPath:
    """Read a JDBC include path.

    Raises
    ------
    InvalidInputError
    """
    parts = path.strip("/").split("/")
    if len(parts) == 2:
        parts.append("%")
    if len(parts) != 3 or not all(parts) or "%" in parts[0]:
        raise InvalidInputError(f"JDBC target path must be database/schema/table: {path}")
    return JdbcPath(*parts)


@dataclass(frozen=True)
class JdbcCrawl:
    """Finds the tables of one JDBC target.

    Attributes
    ----------
    call : Call
    crawler : str
    target : mapping
        The ``JdbcTarget``.
    log : CrawlLog
    cancelled : threading.Event
    """

    call: Call
    crawler: str
    target: Mapping[str, Any]
    log: CrawlLog
    cancelled: threading.Event

    def find(self) -> tuple[list[Wanted], str]:
        """Give the tables, and what their locations begin with.

        Raises
        ------
        EntityNotFoundError
            If the connection does not exist.
        JdbcUrlError
            If its URL is not Redshift's.
        botocore.exceptions.ClientError
            If the warehouse answers with an error.
        """
        path = parse_path(self.target["Path"])
        name = self.target["ConnectionName"]
        properties = api.connection_properties(self.call, name)
        endpoint = parse_redshift_url(properties.get("JDBC_CONNECTION_URL", ""))
        # On AWS a crawler connects with the login alone: its role needs nothing of the Data API.
        client = self.call.runtime.client(
            "redshift-data",
            account=self.call.account,
            region=endpoint.region,
        )
        arguments = {**endpoint.arguments, "Database": path.database}
        if "ClusterIdentifier" in arguments:
            arguments |= _credentials(properties)
        tables = list(self._tables(client, arguments, path))
        describe = partial(self._describe, client, arguments, path.database)
        pool = self.call.runtime.component(Readers).pool
        described = list(pool.map(describe, tables))
        return [wanted for wanted in described if wanted is not None], path.under

    def _tables(
        self, client: Any, arguments: Mapping[str, str], path: JdbcPath
    ) -> Iterator[tuple[str, str]]:
        excluded = matcher(self.target.get("Exclusions") or [])
        schemas, names = _pattern(path.schema), _pattern(path.table)
        pages = client.get_paginator("list_tables").paginate(
            **arguments, SchemaPattern=path.schema, TablePattern=path.table
        )
        for page in pages:
            if self.cancelled.is_set():
                raise CrawlCancelledError
            for item in page["Tables"]:
                schema, table = item["schema"], item["name"]
                if not (schemas.fullmatch(schema) and names.fullmatch(table)):
                    continue
                if "%" in path.schema and _SYSTEM_SCHEMAS.fullmatch(schema):
                    continue
                relative = f"{schema}/{table}" if "%" in path.schema else table
                if excluded is None or not excluded.fullmatch(relative):
                    yield schema, table

    def _describe(
        self, client: Any, arguments: Mapping[str, str], database: str, table: tuple[str, str]
    ) -> Wanted | None:
        """Give a table as it is to be written, or None if it was dropped since it was listed."""
        if self.cancelled.is_set():
            raise CrawlCancelledError
        schema, name = table
        columns: list[Mapping[str, Any]] = []
        pages = client.get_paginator("describe_table").paginate(
            **arguments, Schema=schema, Table=name
        )
        for page in pages:
            columns.extend(page["ColumnList"])
        if not columns:
            return None
        return Wanted(
            f"{database}_{schema}_{name}",
            self._table_input(
                f"{database}.{schema}.{name}",
                [
                    {"Name": column["name"].lower(), "Type": self._type(column)}
                    for column in columns
                ],
            ),
        )

    def _table_input(self, location: str, columns: list[dict[str, str]]) -> dict[str, Any]:
        parameters = {
            "CrawlerSchemaDeserializerVersion": "1.0",
            "CrawlerSchemaSerializerVersion": "1.0",
            UPDATED_BY: self.crawler,
            "classification": "redshift",
            "compressionType": "none",
            "connectionName": self.target["ConnectionName"],
            "typeOfData": "table",
        }
        return {
            "Owner": "owner",
            "Retention": 0,
            "StorageDescriptor": {
                "Columns": columns,
                "Location": location,
                "Compressed": False,
                "NumberOfBuckets": -1,
                "SerdeInfo": {"Parameters": {}},
                "SortColumns": [],
                "Parameters": parameters,
                "StoredAsSubDirectories": False,
            },
            "PartitionKeys": [],
            "TableType": "EXTERNAL_TABLE",
            "Parameters": parameters,
        }

    def _type(self, column: Mapping[str, Any]) -> str:
        name = column["typeName"].lower().partition("(")[0].strip()
        if name in _DECIMAL:
            return f"decimal({column.get('precision', 18)},{column.get('scale', 0)})"
        if name not in _HIVE_TYPES:
            self.log.warn(f"Column {column['name']} has type {name}, which becomes string")
        return _HIVE_TYPES.get(name, "string")


def _credentials(properties: Mapping[str, str]) -> dict[str, str]:
    if "SECRET_ID" in properties:
        return {"SecretArn": properties["SECRET_ID"]}
    return {"DbUser": properties["USERNAME"]} if "USERNAME" in properties else {}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("%")), re.IGNORECASE)
