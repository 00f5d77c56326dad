"""System tables and views.

Source: Amazon Redshift Database Developer Guide, "System tables and views reference". A view has
the columns in use; the rest of AWS's columns are not there, so that asking for one is an error.
Where PostgreSQL has a relation of the same name this one is meant: Redshift's names of types, and
none of etlocal's own schemas.
"""

# ruff: noqa: S608  names are quoted by `build.quote`
from __future__ import annotations

from etlocal.redshift.engines import pg_catalog
from etlocal.redshift.engines.postgres.build import quote
from etlocal.redshift.engines.postgres.catalog import INTERNAL

_PLACES = {"pg_catalog": "etlocal_catalog", "information_schema": "etlocal_information"}
_VIEWS = _PLACES["pg_catalog"]
# The schemas that Redshift does not have.
HIDDEN = (INTERNAL, *_PLACES.values())
_SHOWN_SCHEMA = (
    "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND n.nspname NOT IN ("
    + ", ".join(f"'{name}'" for name in HIDDEN)
    + ")"
)
_DATABASE = "current_setting('etlocal.database')"
_USER = "current_setting('etlocal.user')"

_BASE = {
    "relations": f"""
        SELECT CAST(n.nspname AS TEXT) AS schema_name, CAST(c.relname AS TEXT) AS name,
            CASE WHEN c.relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS kind,
            CASE WHEN c.relkind IN ('v', 'm') THEN 0 ELSE {INTERNAL}.rs_count(c.oid) END AS size,
            CAST(c.oid AS BIGINT) AS oid
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_SHOWN_SCHEMA}""",
    "fields": f"""
        SELECT CAST(n.nspname AS TEXT) AS schema_name, CAST(r.relname AS TEXT) AS table_name,
            CAST(a.attname AS TEXT) AS column_name,
            CAST(row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum) AS INTEGER) AS ordinal,
            coalesce(c.formatted, CASE format_type(a.atttypid, a.atttypmod)
                WHEN 'text' THEN 'character varying(65535)'
                WHEN 'json' THEN 'super' WHEN 'jsonb' THEN 'super'
                WHEN 'numeric' THEN 'numeric(38,0)'
                ELSE format_type(a.atttypid, a.atttypmod) END) AS type,
            coalesce(c.encoding, 'none') AS encoding, coalesce(c.distkey, false) AS distkey,
            coalesce(c.sortkey, 0) AS sortkey, NOT a.attnotnull AS nullable,
            coalesce(c.nullable, NOT a.attnotnull) AS allows_null,
            CASE WHEN c.identity_seed IS NOT NULL
                THEN '"identity"(' || c.identity_seed || ', ' || c.identity_step || ')'
                ELSE c.default_text END AS default_text,
            nullif(c.length, 0) AS length, nullif(c."precision", 0) AS "precision",
            c.scale, c.type_name, CAST(r.oid AS BIGINT) AS table_oid, c.remark
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        LEFT JOIN {INTERNAL}.columns c ON c.schema_name = n.nspname AND c.table_name = r.relname
            AND c.column_name = a.attname
        WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
            AND {_SHOWN_SCHEMA}""",
}
_CATALOG = {
    "pg_table_def": """
        SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", type,
            encoding, distkey, sortkey, NOT allows_null AS "notnull"
        FROM {views}.fields
        WHERE CAST(schema_name AS NAME) = ANY(current_schemas(true))
        ORDER BY schema_name, table_name, ordinal""",
    "pg_tables": """
        SELECT schema_name AS schemaname, name AS tablename, {user} AS tableowner
        FROM {views}.relations WHERE kind = 'TABLE'""",
    "pg_views": """
        SELECT CAST(n.nspname AS TEXT) AS schemaname, CAST(c.relname AS TEXT) AS viewname,
            {user} AS viewowner, pg_get_viewdef(c.oid) AS definition
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND {shown}""",
    "pg_namespace": """
        SELECT CAST(n.oid AS BIGINT) AS oid, CAST(n.nspname AS TEXT) AS nspname, 100 AS nspowner
        FROM pg_catalog.pg_namespace n WHERE {shown}""",
    "pg_class": """
        SELECT r.oid, r.name AS relname, CAST(n.oid AS BIGINT) AS relnamespace, 100 AS relowner,
            CASE r.kind WHEN 'TABLE' THEN 'r' ELSE 'v' END AS relkind,
            CAST(r.size AS DOUBLE PRECISION) AS reltuples, 0::BIGINT AS reltype,
            0::BIGINT AS relam, 0::BIGINT AS reltablespace, 0::BIGINT AS reloftype,
            0::BIGINT AS reltoastrelid, CAST(NULL AS VARCHAR[]) AS reloptions, 0 AS relpages,
            false AS relhasindex, false AS relhasrules,
            false AS relhastriggers, false AS relhasoids, false AS relhassubclass, 0 AS relchecks,
            'p' AS relpersistence, false AS relisshared, CAST(NULL AS VARCHAR[]) AS relacl
        FROM {views}.relations r JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema_name""",
    "pg_user": """
        SELECT {user} AS usename, 100 AS usesysid, true AS usecreatedb,
            true AS usesuper""",
    "pg_database": """
        SELECT CAST(d.oid AS BIGINT) AS oid, {own}.rs_mark(d.oid) ->> 'database' AS datname,
            100 AS datdba, 6 AS encoding, true AS datallowconn, false AS datistemplate,
            'C' AS datcollate, 'C' AS datctype, CAST(NULL AS VARCHAR[]) AS datacl
        FROM pg_catalog.pg_database d WHERE {own}.rs_mark(d.oid) ->> 'etlocal' = (
            SELECT {own}.rs_mark(h.oid) ->> 'etlocal' FROM pg_catalog.pg_database h
            WHERE h.datname = pg_catalog.current_database())""",
    "svv_tables": """
        SELECT {text} AS table_catalog, r.schema_name AS table_schema, r.name AS table_name,
            CASE r.kind WHEN 'TABLE' THEN 'BASE TABLE' ELSE r.kind END AS table_type,
            t.remark AS remarks
        FROM {views}.relations r LEFT JOIN {own}.tables t
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
            CASE WHEN t.diststyle = 'KEY' THEN 'KEY(' || (SELECT min(f.column_name)
                FROM {views}.fields f WHERE f.schema_name = r.schema_name
                AND f.table_name = r.name AND f.distkey) || ')'
                WHEN t.diststyle = 'AUTO' THEN 'AUTO(ALL)'
                ELSE t.diststyle END AS diststyle,
            CASE WHEN t.sortstyle = 'INTERLEAVED' THEN 'INTERLEAVED' WHEN t.sortstyle = 'AUTO'
                THEN 'AUTO(SORTKEY)' ELSE (SELECT min(f.column_name) FROM {views}.fields f
                WHERE f.schema_name = r.schema_name AND f.table_name = r.name
                AND f.sortkey = 1) END AS sortkey1,
            CAST((SELECT count(*) FROM {views}.fields f WHERE f.schema_name = r.schema_name
                AND f.table_name = r.name AND f.sortkey > 0) AS INTEGER) AS sortkey_num,
            CAST(r.size AS DECIMAL(38, 0)) AS tbl_rows,
            CAST(r.size AS DECIMAL(38, 0)) AS estimated_visible_rows
        FROM {views}.relations r JOIN {own}.tables t
            ON t.schema_name = r.schema_name AND t.table_name = r.name WHERE r.kind = 'TABLE'""",
    "svv_all_tables": """
        SELECT {text} AS database_name, schema_name, name AS table_name, kind AS table_type
        FROM {views}.relations""",
    "svv_all_schemas": """
        SELECT {text} AS database_name, CAST(n.nspname AS TEXT) AS schema_name,
            100 AS schema_owner, 'local' AS schema_type
        FROM pg_catalog.pg_namespace n WHERE {shown}""",
    "svv_redshift_databases": """
        SELECT datname AS database_name, 100 AS database_owner, 'local' AS database_type
        FROM {views}.pg_database""",
    "pg_etlocal_rights": """
        SELECT granted_at, granted_by, action, text FROM {own}.rights""",
    "stl_load_errors": """
        SELECT 100 AS userid, 0 AS slice, CAST(table_id AS INTEGER) AS tbl,
            start_time AS starttime, session, CAST(query AS INTEGER) AS query,
            file_name AS filename, line_number, column_name AS colname, column_type AS type,
            column_length AS col_length, "position", raw_line, raw_value AS raw_field_value,
            code AS err_code, reason AS err_reason
        FROM {own}.load_errors""",
    "sys_load_error_detail": """
        SELECT 100 AS user_id, query AS query_id, query AS transaction_id, session AS session_id,
            {text} AS database_name, table_id, table_name, start_time, file_name, line_number,
            column_name, column_type, column_length, "position", code AS error_code,
            reason AS error_message
        FROM {own}.load_errors""",
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
        SELECT {text} AS catalog_name, CAST(n.nspname AS TEXT) AS schema_name,
            {user} AS schema_owner
        FROM pg_catalog.pg_namespace n WHERE {shown}""",
    "views": """
        SELECT {text} AS table_catalog, schemaname AS table_schema, viewname AS table_name,
            definition AS view_definition
        FROM {views}.pg_views""",
}
_CATALOG |= pg_catalog.VIEWS
NAMES = {"pg_catalog": frozenset(_CATALOG), "information_schema": frozenset(_INFORMATION)}


_OWN_VIEWS = {"pg_catalog": {**_BASE, **_CATALOG}, "information_schema": _INFORMATION}


def place(schema: str) -> str:
    """Name the schema that holds the views of a system schema."""
    return _PLACES[schema]


def script() -> str:
    """Give the statements that make the system views of a database."""
    found = []
    for schema, definitions in _OWN_VIEWS.items():
        found.append(f"CREATE SCHEMA IF NOT EXISTS {place(schema)};")
        for name, text in definitions.items():
            query = text.format(
                own=INTERNAL, text=_DATABASE, user=_USER, views=_VIEWS, shown=_SHOWN_SCHEMA
            )
            found.append(f"CREATE OR REPLACE VIEW {place(schema)}.{quote(name)} AS {query};")
    return "\n".join(found)
