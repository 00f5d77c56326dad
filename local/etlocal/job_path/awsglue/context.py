"""GlueContext: where a script reads and writes.

AWS Glue Developer Guide: "GlueContext class".
"""

# ruff: noqa: ARG002 - AWS's signatures have parameters that mean nothing here

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from . import (
    _aws,
    _catalog,
    _connections,
    _databases,
    _log,
    _maintenance,
    _python_transforms,
    _rows,
    _s3_source,
    _tables,
    _undecided,
)
from ._collection import DynamicFrameCollection
from ._readers import DataFrameReader, DataFrameWriter, DynamicFrameReader, DynamicFrameWriter
from .data_sink import DataSink
from .data_source import DataSource
from .dynamicframe import DynamicFrame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark import SparkContext
    from pyspark.sql import DataFrame

    from ._catalog import Table
    from ._loading import Loaded

_FILES = ("s3", "file")
_UNSUPPORTED = "is not supported here"


class GlueContext:
    """Wraps a SparkContext and reads and writes DynamicFrames.

    Parameters
    ----------
    sparkContext
        The Spark context to use.
    """

    def __init__(self, sparkContext: SparkContext, **options: Any) -> None:
        self._sc = sparkContext
        self.spark_session = SparkSession.builder.getOrCreate()
        # Functions of map and filter run in Python workers, which need this package as well.
        path = str(Path(__file__).resolve().parent.parent)
        known = sparkContext.environment.get("PYTHONPATH", "")
        if path not in known.split(":"):
            sparkContext.environment["PYTHONPATH"] = f"{path}:{known}" if known else path
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.create_data_frame = DataFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)
        self.write_data_frame = DataFrameWriter(self)

    def __getattr__(self, name: str) -> Any:
        # A GlueContext is used wherever a SQLContext is: sql, table, createDataFrame, ...
        if name.startswith("_"):
            raise AttributeError(name)
        for target in (self.__dict__.get("spark_session"), self.__dict__.get("_sc")):
            if hasattr(target, name):
                return getattr(target, name)
        raise AttributeError(f"GlueContext has no {name!r}: it {_UNSUPPORTED}")

    def get_logger(self) -> _log.GlueLogger:
        """Return a logger with `info`, `warn` and `error`, which writes to the error log."""
        return _log.GlueLogger()

    # -- reading

    def create_dynamic_frame_from_rdd(
        self,
        data: Any,
        name: str,
        schema: Any = None,
        sample_ratio: float | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Return an RDD of rows or dicts as a DynamicFrame."""
        if schema is None:
            first = data.take(1)
            if first and isinstance(first[0], dict):
                df, choices = _python_transforms.from_records(self.spark_session, data, {})
                made = DynamicFrame(df, self, name)
                made._choices = choices
                return made
        df = self.spark_session.createDataFrame(data, schema, sample_ratio)
        return DynamicFrame(df, self, name)

    def create_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> DynamicFrame:
        """Return what a connection of a type holds.

        Raises
        ------
        NotImplementedError
            For a connection type, format or option that is not supported.
        """
        if kwargs:
            raise TypeError(f"create_dynamic_frame.from_options takes no {sorted(kwargs)}")
        if push_down_predicate:
            raise NotImplementedError(f"push_down_predicate without a catalog table {_UNSUPPORTED}")
        options = dict(connection_options or {})
        if connection_type in ("parquet", "orc"):
            format, connection_type = connection_type, "s3"
        if connection_type in _FILES:
            loaded = _s3_source.read_paths(
                self.spark_session, options, format, format_options or {}, transformation_ctx
            )
            return self._loaded(loaded, transformation_ctx)
        df = _databases.read(self.spark_session, connection_type, options, transformation_ctx)
        return DynamicFrame(df, self, transformation_ctx)

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
    ) -> DynamicFrame:
        """Return a catalog table as a DynamicFrame; it has no fields when no file is to be read.

        Parameters
        ----------
        redshift_tmp_dir
            Where a Redshift table is unloaded to; needed for one.
        push_down_predicate
            A Spark SQL condition on partition columns: only those partitions are listed and read.
        additional_options
            Connection options of the source; `catalogPartitionPredicate` filters in the catalog.
        """
        loaded = _tables.load(
            self.spark_session,
            database or kwargs.pop("name_space", None),
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options,
            catalog_id,
            **kwargs,
        )
        return self._loaded(loaded, transformation_ctx)

    def create_data_frame_from_options(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Return what `create_dynamic_frame_from_options` reads, as a DataFrame."""
        return self.create_dynamic_frame_from_options(*args, **kwargs).toDF()

    def create_data_frame_from_catalog(self, *args: Any, **kwargs: Any) -> DataFrame:
        """Return a catalog table as a DataFrame in its types; values of others are null."""
        loaded = _tables.load(self.spark_session, *args, **kwargs)
        return _undecided.as_typed(loaded.df, loaded.undecided)

    def getSource(
        self, connection_type: str, transformation_ctx: str = "", **options: Any
    ) -> DataSource[DynamicFrame]:
        """Return a DataSource; `setFormat` and `getFrame` read it."""
        return DataSource(self, connection_type, options, transformation_ctx)

    # -- writing

    def getSink(
        self,
        connection_type: str,
        format: str | None = None,
        transformation_ctx: str = "",
        **options: Any,
    ) -> DataSink:
        """Return a DataSink; `setFormat`, `setCatalogInfo` and `writeFrame` use it."""
        return DataSink(self, connection_type, options, format, transformation_ctx)

    def write_dynamic_frame_from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Write a frame to a connection and return it."""
        sink = self.getSink(connection_type, None, transformation_ctx, **(connection_options or {}))
        if format:
            sink.setFormat(format, **(format_options or {}))
        sink.writeFrame(frame)
        return frame

    def write_from_options(
        self,
        frame_or_dfc: DynamicFrame | DynamicFrameCollection[DynamicFrame],
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame | DynamicFrameCollection[DynamicFrame]:
        """Write a frame, or every frame of a collection under its name, and return it."""
        if not isinstance(frame_or_dfc, DynamicFrameCollection):
            return self.write_dynamic_frame_from_options(
                frame_or_dfc,
                connection_type,
                connection_options,
                format,
                format_options,
                transformation_ctx,
            )
        for name, frame in frame_or_dfc.items():
            options = dict(connection_options or {})
            key = "path" if "path" in options else "dbtable"
            joint = "/" if key == "path" else "_"
            options[key] = f"{str(options.get(key, '')).rstrip('/')}{joint}{name}"
            self.write_dynamic_frame_from_options(
                frame, connection_type, options, format, format_options, transformation_ctx
            )
        return frame_or_dfc

    def write_dynamic_frame_from_catalog(
        self,
        frame: DynamicFrame,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        additional_options: dict[str, Any] | None = None,
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Write a frame to where a catalog table is, in its form, and return it."""
        named = database or kwargs.pop("name_space", None)
        if not named or not table_name:
            raise ValueError("write_dynamic_frame.from_catalog needs database and table_name")
        if kwargs:
            raise TypeError(f"write_dynamic_frame.from_catalog takes no {sorted(kwargs)}")
        options = dict(additional_options or {})
        table = self._catalog_table(named, table_name, catalog_id)
        if table.is_jdbc:
            _databases.write_table(frame.toDF(), table, redshift_tmp_dir, options)
            return frame
        sink = self.getSink("s3", None, transformation_ctx, path=table.location, **options)
        _one_catalog(catalog_id)
        sink.writeTable(frame, table)
        return frame

    def write_dynamic_frame_from_jdbc_conf(
        self,
        frame: DynamicFrame,
        catalog_connection: str,
        connection_options: dict[str, Any] | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> DynamicFrame:
        """Write a frame to the database of a Glue connection and return it."""
        _one_catalog(catalog_id)
        options = dict(connection_options or {})
        if redshift_tmp_dir:
            options.setdefault("redshiftTmpDir", redshift_tmp_dir)
        _databases.write_by_connection(frame.toDF(), catalog_connection, options)
        return frame

    def write_from_jdbc_conf(
        self,
        frame_or_dfc: DynamicFrame | DynamicFrameCollection[DynamicFrame],
        catalog_connection: str,
        connection_options: dict[str, Any] | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> DynamicFrame | DynamicFrameCollection[DynamicFrame]:
        """Write a frame, or every frame of a collection to a table of its name."""
        if not isinstance(frame_or_dfc, DynamicFrameCollection):
            return self.write_dynamic_frame_from_jdbc_conf(
                frame_or_dfc,
                catalog_connection,
                connection_options,
                redshift_tmp_dir,
                transformation_ctx,
                catalog_id,
            )
        for name, frame in frame_or_dfc.items():
            options = dict(connection_options or {})
            options["dbtable"] = f"{options['dbtable']}_{name}" if "dbtable" in options else name
            self.write_dynamic_frame_from_jdbc_conf(
                frame, catalog_connection, options, redshift_tmp_dir
            )
        return frame_or_dfc

    def write_data_frame_from_options(self, frame: DataFrame, *args: Any, **kwargs: Any) -> None:
        """Write a DataFrame as `write_dynamic_frame_from_options` does a frame."""
        self.write_dynamic_frame_from_options(DynamicFrame(frame, self), *args, **kwargs)

    def write_data_frame_from_catalog(self, frame: DataFrame, *args: Any, **kwargs: Any) -> None:
        """Write a DataFrame as `write_dynamic_frame_from_catalog` does a frame."""
        self.write_dynamic_frame_from_catalog(DynamicFrame(frame, self), *args, **kwargs)

    def extract_jdbc_conf(
        self, connection_name: str, catalog_id: str | None = None
    ) -> dict[str, str]:
        """Return `url`, `fullUrl`, `vendor`, `user` and `password` of a Glue connection."""
        return _connections.get(connection_name, catalog_id).jdbc_conf()

    def add_ingestion_time_columns(
        self, dataFrame: DataFrame, timeGranularity: str = ""
    ) -> DataFrame:
        """Return a DataFrame with the time of ingestion in columns, down to a granularity."""
        return _rows.with_ingestion_time(dataFrame, timeGranularity)

    # -- files

    def purge_s3_path(
        self, s3_path: str, options: Mapping[str, Any] | None = None, transformation_ctx: str = ""
    ) -> None:
        """Delete the files under a path that are older than `retentionPeriod` (168) hours."""
        _maintenance.purge_path(s3_path, dict(options or {}))

    def purge_table(
        self,
        database: str,
        table_name: str,
        options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> None:
        """Delete a table's old files, and the partitions that are left without any."""
        table = self._catalog_table(database, table_name, catalog_id)
        _maintenance.purge_table(self.spark_session, table, dict(options or {}), catalog_id)

    def transition_s3_path(self, *args: Any, **kwargs: Any) -> None:
        """Raise: storage classes are not changed here."""
        raise NotImplementedError(f"GlueContext.transition_s3_path {_UNSUPPORTED}")

    def transition_table(self, *args: Any, **kwargs: Any) -> None:
        """Raise: storage classes are not changed here."""
        raise NotImplementedError(f"GlueContext.transition_table {_UNSUPPORTED}")

    def forEachBatch(self, *args: Any, **kwargs: Any) -> None:
        """Raise: streaming jobs are not run here."""
        raise NotImplementedError(f"GlueContext.forEachBatch (streaming) {_UNSUPPORTED}")

    # -- inside

    def _catalog_table(self, database: str, name: str, catalog_id: str | None) -> Table:
        return _catalog.get_table(_aws.client("glue"), database, name, catalog_id)

    def _loaded(self, loaded: Loaded, name: str) -> DynamicFrame:
        made = DynamicFrame(loaded.df.select() if loaded.nothing else loaded.df, self, name)
        made._undecided = loaded.undecided
        made._choices = loaded.choices
        made._stage_errors = loaded.errors
        return made


def _one_catalog(catalog_id: str | None) -> None:
    if catalog_id:
        raise NotImplementedError(f"Writing by another account's catalog {_UNSUPPORTED}")
