"""System tables and views.

Source: Amazon Redshift Database Developer Guide, "System tables and views reference". A view has
the columns in use; the rest of AWS's columns are not there, so that asking for one is an error.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import duckdb

from etlocal.redshift.engines import pg_catalog
from etlocal.redshift.engines.duckdb.build import quote, quote_text
from etlocal.redshift.engines.duckdb.catalog import INTERNAL

_USER = "getvariable('rs_user')"
_HIDDEN = f"'{INTERNAL}', 'main', 'information_schema', 'pg_catalog'"

# {db}: the database's quoted name; {text}: its name as a string.
_BASE = {
    "relations": f"""
        SELECT schema_name, table_name AS name, 'TABLE' AS kind, estimated_size AS size,
            CAST(100000 + table_oid AS BIGINT) AS oid
        FROM duckdb_tables() WHERE database_name = {{text}} AND schema_name NOT IN ({_HIDDEN})
        UNION ALL
        SELECT schema_name, view_name, 'VIEW', 0, CAST(100000 + view_oid AS BIGINT)
        FROM duckdb_views() WHERE database_name = {{text}} AND schema_name NOT IN ({_HIDDEN})""",
    "fields": f"""
        SELECT d.schema_name, d.table_name, d.column_name, d.column_index AS ordinal,
            coalesce(c.formatted, CASE
                WHEN d.data_type = 'VARCHAR' THEN 'character varying(65535)'
                WHEN d.data_type = 'DOUBLE' THEN 'double precision'
                WHEN d.data_type = 'FLOAT' THEN 'real'
                WHEN d.data_type = 'HUGEINT' THEN 'numeric(38,0)'
                WHEN d.data_type = 'JSON' THEN 'super'
                WHEN d.data_type = 'TIMESTAMP' THEN 'timestamp without time zone'
                WHEN d.data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
                ELSE lower(replace(d.data_type, 'DECIMAL', 'numeric')) END) AS type,
            coalesce(c.encoding, 'none') AS encoding, coalesce(c.distkey, false) AS distkey,
            coalesce(c.sortkey, 0) AS sortkey, d.is_nullable AS nullable,
            coalesce(c.nullable, d.is_nullable) AS allows_null,
            CASE WHEN c.identity_seed IS NOT NULL
                THEN '"identity"(' || c.identity_seed || ', ' || c.identity_step || ')'
                ELSE c.default_text END AS default_text,
            nullif(c.length, 0) AS length, nullif(c."precision", 0) AS "precision",
            c.scale, c.type_name, CAST(100000 + d.table_oid AS BIGINT) AS table_oid,
            c.remark
        FROM duckdb_columns() d LEFT JOIN {{db}}.{INTERNAL}.columns c
            ON c.schema_name = d.schema_name AND c.table_name = d.table_name
            AND c.column_name = d.column_name
        WHERE d.database_name = {{text}} AND d.schema_name NOT IN ({_HIDDEN})""",
}
_CATALOG = {
    "pg_table_def": """
        SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", type,
            encoding, distkey, sortkey, NOT allows_null AS "notnull"
        FROM {views}.fields
        WHERE schema_name IN (SELECT unnest(current_schemas(true)))
        ORDER BY schema_name, table_name, ordinal""",
    "pg_tables": """
        SELECT schema_name AS schemaname, name AS tablename, getvariable('rs_user') AS tableowner
        FROM {views}.relations WHERE kind = 'TABLE'""",
    "pg_views": """
        SELECT schema_name AS schemaname, view_name AS viewname,
            getvariable('rs_user') AS viewowner, sql AS definition
        FROM duckdb_views() WHERE database_name = {text} AND NOT internal""",
    "pg_namespace": """
        SELECT CAST(oid AS BIGINT) AS oid, schema_name AS nspname, 100 AS nspowner
        FROM duckdb_schemas() WHERE database_name = {text}
            AND schema_name NOT IN ('pg_internal', 'main')""",
    "pg_class": """
        SELECT r.oid, r.name AS relname, CAST(s.oid AS BIGINT) AS relnamespace, 100 AS relowner,
            CASE r.kind WHEN 'TABLE' THEN 'r' ELSE 'v' END AS relkind,
            CAST(r.size AS DOUBLE) AS reltuples, 0::BIGINT AS reltype, 0::BIGINT AS relam,
            0::BIGINT AS reltablespace, 0::BIGINT AS reloftype,
            0::BIGINT AS reltoastrelid, CAST(NULL AS VARCHAR[]) AS reloptions, 0 AS relpages,
            false AS relhasindex, false AS relhasrules,
            false AS relhastriggers, false AS relhasoids, false AS relhassubclass, 0 AS relchecks,
            'p' AS relpersistence, false AS relisshared, CAST(NULL AS VARCHAR[]) AS relacl
        FROM {views}.relations r JOIN duckdb_schemas() s
            ON s.schema_name = r.schema_name AND s.database_name = {text}""",
    "pg_user": """
        SELECT getvariable('rs_user') AS usename, 100 AS usesysid, true AS usecreatedb,
            true AS usesuper""",
    "pg_database": """
        SELECT CAST(database_oid AS BIGINT) AS oid, database_name AS datname, 100 AS datdba,
            6 AS encoding, true AS datallowconn, false AS datistemplate, 'C' AS datcollate,
            'C' AS datctype, CAST(NULL AS VARCHAR[]) AS datacl
        FROM duckdb_databases()
        WHERE NOT internal AND path IS NOT NULL""",
    "svv_tables": """
        SELECT {text} AS table_catalog, r.schema_name AS table_schema, r.name AS table_name,
            CASE r.kind WHEN 'TABLE' THEN 'BASE TABLE' ELSE r.kind END AS table_type,
            t.remark AS remarks
        FROM {views}.relations r LEFT JOIN {db}.pg_internal.tables t
            ON t.schema_name = r.schema_name AND t.table_name = r.name""",
    "svv_columns": """
        SELECT {text} AS table_catalog, schema_name AS table_schema, table_name, column_name,
            CAST(ordinal AS INTEGER) AS ordinal_position, default_text AS column_default,
            CASE WHEN allows_null THEN 'YES' ELSE 'NO' END AS is_nullable,
            regexp_replace(type, '\\(.*\\)', '') AS data_type,
            length AS character_maximum_length, "precision" AS numeric_precision,
            CASE WHEN "precision" IS NOT NULL THEN scale END AS numeric_scale, remark AS remarks,
            CAST(NULL AS VARCHAR) AS domain_name
        FROM {views}.fields""",
    "svv_table_info": """
        SELECT {text} AS database, r.schema_name AS schema, r.oid AS table_id, r.name AS "table",
            CASE WHEN EXISTS (SELECT 1 FROM {views}.fields f WHERE f.schema_name = r.schema_name
                AND f.table_name = r.name AND f.encoding <> 'none') THEN 'Y, AUTO(ENCODE)'
                ELSE 'N' END AS encoded,
            CASE WHEN t.diststyle = 'KEY' THEN 'KEY(' || (SELECT any_value(f.column_name)
                FROM {views}.fields f WHERE f.schema_name = r.schema_name
                AND f.table_name = r.name AND f.distkey) || ')'
                WHEN t.diststyle = 'AUTO' THEN 'AUTO(ALL)'
                ELSE t.diststyle END AS diststyle,
            CASE WHEN t.sortstyle = 'INTERLEAVED' THEN 'INTERLEAVED' WHEN t.sortstyle = 'AUTO'
                THEN 'AUTO(SORTKEY)' ELSE (SELECT any_value(f.column_name) FROM {views}.fields f
                WHERE f.schema_name = r.schema_name AND f.table_name = r.name
                AND f.sortkey = 1) END AS sortkey1,
            CAST((SELECT count(*) FROM {views}.fields f WHERE f.schema_name = r.schema_name
                AND f.table_name = r.name AND f.sortkey > 0) AS INTEGER) AS sortkey_num,
            CAST(r.size AS DECIMAL(38, 0)) AS tbl_rows,
            CAST(r.size AS DECIMAL(38, 0)) AS estimated_visible_rows
        FROM {views}.relations r JOIN {db}.pg_internal.tables t
            ON t.schema_name = r.schema_name AND t.table_name = r.name WHERE r.kind = 'TABLE'""",
    "svv_all_tables": """
        SELECT {text} AS database_name, schema_name, name AS table_name, kind AS table_type
        FROM {views}.relations""",
    "svv_all_schemas": """
        SELECT {text} AS database_name, schema_name, 100 AS schema_owner, 'local' AS schema_type
        FROM duckdb_schemas() WHERE database_name = {text}
            AND schema_name NOT IN ('pg_internal', 'main')""",
    "svv_redshift_databases": """
        SELECT database_name, 100 AS database_owner, 'local' AS database_type
        FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL""",
    "pg_etlocal_rights": """
        SELECT granted_at, granted_by, action, text FROM {db}.pg_internal.rights""",
    "stl_load_errors": """
        SELECT 100 AS userid, 0 AS slice, CAST(table_id AS INTEGER) AS tbl,
            start_time AS starttime, session, CAST(query AS INTEGER) AS query,
            file_name AS filename, line_number, column_name AS colname, column_type AS type,
            column_length AS col_length, "position", raw_line, raw_value AS raw_field_value,
            code AS err_code, reason AS err_reason
        FROM {db}.pg_internal.load_errors""",
    "sys_load_error_detail": """
        SELECT 100 AS user_id, query AS query_id, query AS transaction_id, session AS session_id,
            {text} AS database_name, table_id, table_name, start_time, file_name, line_number,
            column_name, column_type, column_length, "position", code AS error_code,
            reason AS error_message
        FROM {db}.pg_internal.load_errors""",
}
_INFORMATION = {
    "tables": """
        SELECT {text} AS table_catalog, schema_name AS table_schema, name AS table_name,
            CASE kind WHEN 'TABLE' THEN 'BASE TABLE' ELSE kind END AS table_type
        FROM {views}.relations""",
    "columns": """
        SELECT table_catalog, table_schema, table_name, column_name, ordinal_position,
            column_default, is_nullable, data_type, character_maximum_length, numeric_precision,
            numeric_scale
        FROM {views}.svv_columns""",
    "schemata": """
        SELECT {text} AS catalog_name, schema_name, getvariable('rs_user') AS schema_owner
        FROM duckdb_schemas() WHERE database_name = {text}
            AND schema_name NOT IN ('pg_internal', 'main')""",
    "views": """
        SELECT {text} AS table_catalog, schema_name AS table_schema, view_name AS table_name,
            sql AS view_definition
        FROM duckdb_views() WHERE database_name = {text} AND NOT internal""",
}
_CATALOG |= pg_catalog.VIEWS
NAMES = {"pg_catalog": frozenset(_CATALOG), "information_schema": frozenset(_INFORMATION)}


def place(database: str, schema: str) -> str:
    """Name the schema in memory that holds a database's system views."""
    return f"{schema}${database}"


def create(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Make the system views of a database."""
    where = f"memory.{quote(place(database, 'pg_catalog'))}"
    schemas = {
        "pg_catalog": {**_BASE, **_CATALOG},
        "information_schema": _INFORMATION,
    }
    for schema, definitions in schemas.items():
        target = f"memory.{quote(place(database, schema))}"
        connection.execute(f"CREATE SCHEMA {target}")
        for name, text in definitions.items():
            query = text.format(
                db=quote(database), text=quote_text(database), views=where, user=_USER,
                own=f"{quote(database)}.{INTERNAL}",
            )  # fmt: skip
            connection.execute(f"CREATE VIEW {target}.{quote(name)} AS {query}")


def drop(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Drop the system views of a database."""
    for schema in NAMES:
        connection.execute(f"DROP SCHEMA memory.{quote(place(database, schema))} CASCADE")
