"""What the parts of the library know of a frame and of the context, whose classes use those parts.

AWS Glue Developer Guide: "GlueContext class", "DynamicFrame class".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Frame(Protocol):
    """A DynamicFrame, as far as readers, sinks and collections use one."""

    name: str

    def toDF(self) -> DataFrame:
        """Return the Spark DataFrame."""
        ...


F = TypeVar("F", bound=Frame)


class Context(Protocol[F]):
    """A GlueContext, as far as readers, writers and frames use one."""

    spark_session: Any

    def create_dynamic_frame_from_rdd(
        self,
        data: Any,
        name: str,
        schema: Any = None,
        sample_ratio: float | None = None,
        transformation_ctx: str = "",
    ) -> F:
        """Return an RDD as a frame."""
        ...

    def create_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> F:
        """Return what a connection holds."""
        ...

    def create_dynamic_frame_from_catalog(
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
        """Return a catalog table."""
        ...

    def create_data_frame_from_options(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Return what a connection holds as a DataFrame."""
        ...

    def create_data_frame_from_catalog(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Return a catalog table as a DataFrame."""
        ...

    def write_dynamic_frame_from_options(
        self,
        frame: F,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> F:
        """Write a frame to a connection."""
        ...

    def write_dynamic_frame_from_catalog(
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
        """Write a frame to a catalog table."""
        ...

    def write_from_options(self, frame_or_dfc: Any, *args: Any, **kwargs: Any) -> Any:
        """Write a frame or a collection to a connection."""
        ...

    def write_from_jdbc_conf(self, frame_or_dfc: Any, *args: Any, **kwargs: Any) -> Any:
        """Write a frame or a collection by a catalog connection."""
        ...

    def write_data_frame_from_options(self, frame: DataFrame, *args: Any, **kwargs: Any) -> None:
        """Write a DataFrame to a connection."""
        ...

    def write_data_frame_from_catalog(self, frame: DataFrame, *args: Any, **kwargs: Any) -> None:
        """Write a DataFrame to a catalog table."""
        ...
