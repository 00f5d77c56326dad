"""`glueContext.create_dynamic_frame` and `glueContext.write_dynamic_frame`.

AWS Glue Developer Guide: "DynamicFrameReader class", "DynamicFrameWriter class".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from ._interfaces import F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from ._interfaces import Context


class DynamicFrameReader(Generic[F]):
    """Reads DynamicFrames."""

    def __init__(self, glue_context: Context[F]) -> None:
        self._glue_context = glue_context

    def from_rdd(
        self, data: Any, name: str, schema: Any = None, sampleRatio: float | None = None
    ) -> F:
        """Read an RDD; see `GlueContext.create_dynamic_frame_from_rdd`."""
        return self._glue_context.create_dynamic_frame_from_rdd(data, name, schema, sampleRatio)

    def from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> F:
        """Read a connection; see `GlueContext.create_dynamic_frame_from_options`."""
        return self._glue_context.create_dynamic_frame_from_options(
            connection_type,
            connection_options,
            format,
            format_options,
            transformation_ctx,
            push_down_predicate,
            **kwargs,
        )

    def from_catalog(
        self,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: dict[str, Any] | None = None,
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> F:
        """Read a catalog table; see `GlueContext.create_dynamic_frame_from_catalog`."""
        return self._glue_context.create_dynamic_frame_from_catalog(
            database,
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options,
            catalog_id,
            **kwargs,
        )


class DynamicFrameWriter(Generic[F]):
    """Writes DynamicFrames."""

    def __init__(self, glue_context: Context[F]) -> None:
        self._glue_context = glue_context

    def from_options(
        self,
        frame: F,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> Any:
        """Write to a connection; see `GlueContext.write_dynamic_frame_from_options`."""
        return self._glue_context.write_from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx
        )

    def from_catalog(
        self,
        frame: F,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        additional_options: dict[str, Any] | None = None,
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> F:
        """Write to a catalog table; see `GlueContext.write_dynamic_frame_from_catalog`."""
        return self._glue_context.write_dynamic_frame_from_catalog(
            frame,
            database,
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            additional_options,
            catalog_id,
            **kwargs,
        )

    def from_jdbc_conf(
        self,
        frame: F,
        catalog_connection: str,
        connection_options: dict[str, Any] | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> Any:
        """Write by a catalog connection; see `GlueContext.write_from_jdbc_conf`."""
        return self._glue_context.write_from_jdbc_conf(
            frame,
            catalog_connection,
            connection_options,
            redshift_tmp_dir,
            transformation_ctx,
            catalog_id,
        )


class DataFrameReader:
    """Reads Spark DataFrames from the same sources."""

    def __init__(self, glue_context: Context[Any]) -> None:
        self._glue_context = glue_context

    def from_options(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Read a connection as a DataFrame."""
        return self._glue_context.create_data_frame_from_options(*args, **kwargs)

    def from_catalog(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Read a catalog table as a DataFrame."""
        return self._glue_context.create_data_frame_from_catalog(*args, **kwargs)


class DataFrameWriter:
    """Writes Spark DataFrames to the same targets."""

    def __init__(self, glue_context: Context[Any]) -> None:
        self._glue_context = glue_context

    def from_options(self, frame: DataFrame, *args: Any, **kwargs: Any) -> DataFrame:
        """Write a DataFrame to a connection."""
        self._glue_context.write_data_frame_from_options(frame, *args, **kwargs)
        return frame

    def from_catalog(self, frame: DataFrame, *args: Any, **kwargs: Any) -> DataFrame:
        """Write a DataFrame to a catalog table."""
        self._glue_context.write_data_frame_from_catalog(frame, *args, **kwargs)
        return frame
