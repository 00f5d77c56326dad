"""What `GlueContext.getSink` gives.

AWS Glue Developer Guide: "GlueContext class" (getSink), "Updating schema, and adding new partitions
in the Data Catalog using AWS Glue ETL jobs".
"""

# ruff: noqa: ARG002 - AWS's signatures have parameters that mean nothing here

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _catalog_update, _databases, _s3_sink
from ._collection import DynamicFrameCollection
from ._listing import flag

if TYPE_CHECKING:
    from ._catalog import Table
    from ._interfaces import Context, F, Frame

_FILES = ("s3", "file")


class DataSink:
    """A target that `writeFrame` writes to, once its format is set."""

    def __init__(
        self,
        glue_context: Context[Any],
        connection_type: str,
        options: dict[str, Any],
        format: str | None,
        transformation_ctx: str,
    ) -> None:
        self._glue_context = glue_context
        self._connection_type = connection_type
        self._options = dict(options)
        self._ctx = transformation_ctx
        self._format = format
        self._format_options: dict[str, Any] = {}
        self._catalog: tuple[str, str] | None = None
        if connection_type in ("parquet", "orc"):
            self._connection_type, self._format = "s3", connection_type

    def setFormat(self, format: str, **options: Any) -> None:
        """Set the format and its options."""
        self._format = format
        self._format_options = options

    def setCatalogInfo(
        self, catalogDatabase: str, catalogTableName: str, catalogId: str = ""
    ) -> None:
        """Name the catalog table that `enableUpdateCatalog` keeps up to date."""
        if catalogId:
            raise NotImplementedError("setCatalogInfo: another account's catalog is not supported")
        self._catalog = (catalogDatabase, catalogTableName)

    def setAccumulableSize(self, size: int) -> None:
        """Do nothing: accumulables are of AWS's own runtime."""

    def write(self, dynamic_frame_or_dfc: Any, info: str = "") -> Any:
        """Write a frame or a collection; see `writeFrame`."""
        if isinstance(dynamic_frame_or_dfc, DynamicFrameCollection):
            for frame in dynamic_frame_or_dfc.values():
                self.writeFrame(frame, info)
            return dynamic_frame_or_dfc
        return self.writeFrame(dynamic_frame_or_dfc, info)

    def writeFrame(self, dynamic_frame: F, info: str = "") -> F:
        """Write a frame and, when asked for, update the catalog.

        Raises
        ------
        NotImplementedError
            For a format or connection type that is not supported.
        ValueError
            When the catalog is to be updated and no table was named.
        """
        df = dynamic_frame.toDF()
        if self._connection_type not in _FILES:
            _databases.write(df, self._connection_type, self._options)
            return dynamic_frame
        update = flag(self._options.get("enableUpdateCatalog", False), "enableUpdateCatalog")
        if update and self._catalog is None:
            raise ValueError("enableUpdateCatalog needs setCatalogInfo to name the table")
        target = _s3_sink.Target.read(self._options, self._format, self._format_options)
        written = _s3_sink.write(df, target, partitions=update)
        if update and self._catalog is not None:
            behavior = str(self._options.get("updateBehavior", "UPDATE_IN_DATABASE"))
            _catalog_update.update(*self._catalog, written, target, behavior)
        return dynamic_frame

    def writeTable(self, frame: Frame, table: Table) -> None:
        """Write a frame in the form of a catalog table (`write_dynamic_frame.from_catalog`)."""
        options: dict[str, Any] = {}
        if table.classification == "csv":
            serde = table.serde_parameters
            named = serde.get("field.delim", serde.get("separatorChar", ","))
            header = table.parameters.get("skip.header.line.count", "0")
            options = {"separator": named, "writeHeader": header != "0"}
        if self._format is None:
            self.setFormat(table.classification, **options)
        self.setCatalogInfo(table.database, table.name)
        self.writeFrame(frame)
