"""The catalog's rows: one table a kind of thing, keyed by account and region."""

from __future__ import annotations

# Deleting a row deletes what hangs on it, as deleting a database deletes its tables on AWS.
SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_databases (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    body TEXT NOT NULL, created TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalog_tables (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL, region TEXT NOT NULL, database TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL,
    UNIQUE (account, region, database, name),
    FOREIGN KEY (account, region, database)
        REFERENCES catalog_databases (account, region, name) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS catalog_table_versions (
    table_id INTEGER NOT NULL REFERENCES catalog_tables (id) ON DELETE CASCADE,
    version INTEGER NOT NULL, body TEXT NOT NULL, updated TEXT NOT NULL,
    PRIMARY KEY (table_id, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalog_partitions (
    id INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL REFERENCES catalog_tables (id) ON DELETE CASCADE,
    "values" TEXT NOT NULL, body TEXT NOT NULL, created TEXT NOT NULL,
    UNIQUE (table_id, "values")
);
CREATE TABLE IF NOT EXISTS catalog_partition_indexes (
    table_id INTEGER NOT NULL REFERENCES catalog_tables (id) ON DELETE CASCADE,
    name TEXT NOT NULL, keys TEXT NOT NULL,
    PRIMARY KEY (table_id, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalog_functions (
    account TEXT NOT NULL, region TEXT NOT NULL, database TEXT NOT NULL, name TEXT NOT NULL,
    body TEXT NOT NULL, created TEXT NOT NULL,
    PRIMARY KEY (account, region, database, name),
    FOREIGN KEY (account, region, database)
        REFERENCES catalog_databases (account, region, name) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalog_connections (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    body TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, updated_by TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalog_tags (
    arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""

TABLES = (
    "catalog_tags",
    "catalog_connections",
    "catalog_functions",
    "catalog_partition_indexes",
    "catalog_partitions",
    "catalog_table_versions",
    "catalog_tables",
    "catalog_databases",
)
