"""The tables of ``pg_catalog`` that drivers and psql read to describe a database.

What an engine knows of tables (its views ``relations`` and ``fields``, what it keeps of tables) is
shown in PostgreSQL's columns, those that clients ask for; the text is SQL that every engine here
takes. There are no indexes, triggers, inheritance or functions to show: those tables are empty.

Source: PostgreSQL documentation, "System Catalogs"; Amazon Redshift Database Developer Guide,
"System catalog tables".
"""

# ruff: noqa: S608  what is put together here are constants
from __future__ import annotations

# number, name, size, category
_TYPES = (
    (16, "bool", 1, "B"),
    (17, "bytea", -1, "U"),
    (18, "char", 1, "S"),
    (19, "name", 64, "S"),
    (20, "int8", 8, "N"),
    (21, "int2", 2, "N"),
    (23, "int4", 4, "N"),
    (25, "text", -1, "S"),
    (26, "oid", 4, "N"),
    (700, "float4", 4, "N"),
    (701, "float8", 8, "N"),
    (705, "unknown", -2, "X"),
    (1042, "bpchar", -1, "S"),
    (1043, "varchar", -1, "S"),
    (1082, "date", 4, "D"),
    (1083, "time", 8, "D"),
    (1114, "timestamp", 8, "D"),
    (1184, "timestamptz", 8, "D"),
    (1186, "interval", 16, "T"),
    (1266, "timetz", 12, "D"),
    (1700, "numeric", -1, "N"),
    (4000, "super", -1, "U"),
    (6551, "varbyte", -1, "U"),
)
_OID_OF = " ".join(f"WHEN '{name}' THEN {oid}" for oid, name, _, _ in _TYPES)
_NAME_OF = """CASE regexp_replace(f.type, '[(].*[)]', '')
    WHEN 'character varying' THEN 'varchar' WHEN 'character' THEN 'bpchar'
    WHEN 'bigint' THEN 'int8' WHEN 'integer' THEN 'int4' WHEN 'smallint' THEN 'int2'
    WHEN 'boolean' THEN 'bool' WHEN 'double precision' THEN 'float8' WHEN 'real' THEN 'float4'
    WHEN 'timestamp without time zone' THEN 'timestamp'
    WHEN 'timestamp with time zone' THEN 'timestamptz'
    WHEN 'time without time zone' THEN 'time' WHEN 'time with time zone' THEN 'timetz'
    WHEN 'binary varying' THEN 'varbyte'
    ELSE regexp_replace(f.type, '[(].*[)]', '') END"""
_DIGITS = "split_part(split_part(f.type, '(', 2), ')', 1)"
_NUMBER = f"CAST(split_part({_DIGITS}, ',', 1) AS INTEGER)"
_SCALE = f"CAST(split_part({_DIGITS}, ',', 2) AS INTEGER)"


def _empty(columns: str) -> str:
    """Make a table without rows: names with their types behind colons."""
    shown = ", ".join(
        f"CAST(NULL AS {kind}) AS {name}"
        for name, kind in (column.split(":") for column in columns.split())
    )
    return f"SELECT {shown} WHERE false"


# {views}: the schema of the engine's views; {own}: that of what it keeps of tables; {user}: whose
# session it is.
VIEWS = {
    "pg_type": "SELECT CAST(oid AS BIGINT) AS oid, typname, 11::BIGINT AS typnamespace, "
    "CAST(typlen AS SMALLINT) AS typlen, 'b' AS typtype, typcategory, ',' AS typdelim, "
    "0::BIGINT AS typrelid, 0::BIGINT AS typelem, 0::BIGINT AS typarray, "
    "0::BIGINT AS typbasetype, 0::BIGINT AS typcollation, -1 AS typtypmod, "
    "false AS typnotnull, true AS typisdefined, "
    "typname || 'in' AS typinput FROM (VALUES "
    + ", ".join(f"({oid}, '{name}', {size}, '{kind}')" for oid, name, size, kind in _TYPES)
    + ") t(oid, typname, typlen, typcategory)",
    "pg_attribute": f"""
        SELECT f.table_oid AS attrelid, f.column_name AS attname,
            CAST(CASE {_NAME_OF} {_OID_OF} ELSE 1043 END AS BIGINT) AS atttypid,
            CAST(f.ordinal AS SMALLINT) AS attnum, NOT f.allows_null AS attnotnull,
            f.default_text IS NOT NULL AS atthasdef, false AS attisdropped,
            CASE WHEN {_NAME_OF} IN ('varchar', 'bpchar') AND strpos(f.type, '(') > 0
                    THEN {_NUMBER} + 4
                WHEN {_NAME_OF} = 'numeric' AND strpos(f.type, '(') > 0
                    THEN {_NUMBER} * 65536 + {_SCALE} + 4
                ELSE -1 END AS atttypmod,
            CAST(-1 AS SMALLINT) AS attlen, '' AS attidentity, '' AS attgenerated,
            0::BIGINT AS attcollation, f.distkey AS attisdistkey, f.sortkey AS attsortkeyord,
            0 AS attstattarget, 'p' AS attstorage, CAST(NULL AS VARCHAR[]) AS attacl
        FROM {{views}}.fields f""",
    "pg_attrdef": """
        SELECT f.table_oid AS adrelid,
            CAST(f.ordinal AS SMALLINT) AS adnum, f.default_text AS adbin, f.default_text AS adsrc
        FROM {views}.fields f WHERE f.default_text IS NOT NULL""",
    "pg_description": """
        SELECT r.oid AS objoid, 1259::BIGINT AS classoid, 0 AS objsubid, t.remark AS description
        FROM {views}.relations r JOIN {own}.tables t
            ON t.schema_name = r.schema_name AND t.table_name = r.name
        WHERE t.remark IS NOT NULL
        UNION ALL
        SELECT f.table_oid, 1259::BIGINT, CAST(f.ordinal AS INTEGER),
            f.remark
        FROM {views}.fields f WHERE f.remark IS NOT NULL""",
    "pg_roles": """
        SELECT 100::BIGINT AS oid, {user} AS rolname, true AS rolsuper,
            true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb, true AS rolcanlogin""",
    "pg_settings": """
        SELECT name, setting FROM (VALUES ('default_transaction_isolation', 'serializable'),
            ('max_index_keys', '32'), ('server_version', '8.0.2'),
            ('standard_conforming_strings', 'off')) t(name, setting)""",
    "pg_index": _empty(
        "indexrelid:BIGINT indrelid:BIGINT indnatts:SMALLINT indisunique:BOOLEAN "
        "indisprimary:BOOLEAN indisclustered:BOOLEAN indisvalid:BOOLEAN indkey:VARCHAR "
        "indoption:VARCHAR indpred:VARCHAR indexprs:VARCHAR"
    ),
    "pg_constraint": _empty(
        "oid:BIGINT conname:VARCHAR connamespace:BIGINT contype:VARCHAR conrelid:BIGINT "
        "confrelid:BIGINT conkey:VARCHAR confkey:VARCHAR confupdtype:VARCHAR confdeltype:VARCHAR "
        "condeferrable:BOOLEAN condeferred:BOOLEAN conindid:BIGINT contypid:BIGINT"
    ),
    "pg_inherits": _empty("inhrelid:BIGINT inhparent:BIGINT inhseqno:INTEGER"),
    "pg_trigger": _empty(
        "oid:BIGINT tgrelid:BIGINT tgname:VARCHAR tgisinternal:BOOLEAN tgenabled:VARCHAR"
    ),
    "pg_proc": _empty(
        "oid:BIGINT proname:VARCHAR pronamespace:BIGINT prorettype:BIGINT proargtypes:VARCHAR "
        "proallargtypes:VARCHAR proargnames:VARCHAR proargmodes:VARCHAR proretset:BOOLEAN "
        "prokind:VARCHAR"
    ),
    "pg_auth_members": _empty("roleid:BIGINT member:BIGINT grantor:BIGINT"),
    "pg_rewrite": _empty("oid:BIGINT rulename:VARCHAR ev_class:BIGINT ev_type:VARCHAR"),
    "pg_am": _empty("oid:BIGINT amname:VARCHAR"),
    "pg_collation": _empty("oid:BIGINT collname:VARCHAR collnamespace:BIGINT"),
}
