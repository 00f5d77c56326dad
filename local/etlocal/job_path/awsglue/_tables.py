"""Reading a table of the Data Catalog: files, or a database's rows."""

from __future__ import annotations

from typing import Any

from . import _aws, _catalog, _databases, _s3_source
from ._loading import Loaded


def load(
    spark: Any,
    database: str | None = None,
    table_name: str | None = None,
    redshift_tmp_dir: str = "",
    transformation_ctx: str = "",
    push_down_predicate: str = "",
    additional_options: dict[str, Any] | None = None,
    catalog_id: str | None = None,
    **unknown: Any,
) -> Loaded:
    """Read a table; the parameters are those of `create_dynamic_frame.from_catalog`.

    Raises
    ------
    ValueError
        When the database or the table is not named.
    TypeError
        For a parameter that there is not.
    """
    if not database or not table_name:
        raise ValueError("create_dynamic_frame.from_catalog needs database and table_name")
    if unknown:
        raise TypeError(f"create_dynamic_frame.from_catalog takes no {sorted(unknown)}")
    options = dict(additional_options or {})
    table = _catalog.get_table(_aws.client("glue"), database, table_name, catalog_id)
    if table.is_jdbc:
        df = _databases.read_table(spark, table, redshift_tmp_dir, options, transformation_ctx)
        return Loaded(df)
    return _s3_source.read_table(
        spark, table, options, push_down_predicate, transformation_ctx, catalog_id
    )
