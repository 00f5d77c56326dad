"""JSON files: records without a schema, whose fields may have several types.

Everything stays in Spark expressions: each document is parsed once for every type that occurs.
AWS Glue Developer Guide: "Using the JSON format in AWS Glue".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark_types

from . import _types
from ._columns import column, file_name, find, rewrite
from ._listing import flag
from ._loading import Loaded, only, reader
from ._python_transforms import ERROR_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from ._paths import Path

_BAD = "_corrupt_record"
_INT = 2**31
# How a value of each kind parses; what is none of them is a string.
_PARSERS: dict[str, Any] = {
    "long": spark_types.LongType(),
    "double": spark_types.DoubleType(),
    "boolean": spark_types.BooleanType(),
    "struct": spark_types.MapType(spark_types.StringType(), spark_types.StringType()),
    "array": spark_types.ArrayType(spark_types.StringType()),
    "string": spark_types.StringType(),
}
_STRICT = {"allowNonNumericNumbers": "false"}


def load(spark: Any, paths: Sequence[str], options: Mapping[str, Any], attach: str) -> Loaded:
    """Read JSON files; what cannot be parsed becomes error records."""
    only(options, {"jsonPath", "multiline", "multiLine", "optimizePerformance"}, "json")
    multi = flag(options.get("multiline", options.get("multiLine", False)), "multiline")
    text = reader(spark).text(list(paths), wholetext=multi)
    file = file_name() if attach else sf.lit("")
    docs = text.select(sf.col("value"), file.alias("~file"))
    if multi:
        # Several documents may follow one another in a file; Spark would take the first.
        docs = spark.createDataFrame(docs.rdd.flatMap(_documents), docs.schema)
    path = options.get("jsonPath")
    if path:
        docs = docs.select(_at(str(path)).alias("value"), "`~file`")
    array = sf.ltrim("value").startswith("[")
    each = sf.when(array, sf.from_json("value", "array<string>")).otherwise(sf.array("value"))
    docs = docs.select(sf.explode(each).alias("value"), "`~file`").filter(sf.trim("value") != "")
    df, choices, errors = parse(docs)
    if attach:
        df = df.withColumnRenamed("~file", attach)
    return Loaded(df if attach else df.drop("~file"), choices, errors)


def _documents(row: Any) -> Iterator[tuple[str, str]]:
    decoder = json.JSONDecoder()
    text, position = row[0], 0
    while position < len(text):
        if text[position] in " \t\r\n\ufeff":
            position += 1
            continue
        try:
            _, end = decoder.raw_decode(text, position)
        except ValueError:
            end = len(text)
        yield text[position:end], row[1]
        position = end


def _at(path: str) -> Column:
    inner = path.removesuffix("[*]")
    if "*" in inner or ".." in inner:
        raise NotImplementedError(
            f"jsonPath {path!r} is not supported: a wildcard may only stand at its end"
        )
    return sf.col("value") if inner == "$" else sf.get_json_object("value", inner)


def parse(docs: DataFrame) -> tuple[DataFrame, frozenset[Path], DataFrame]:
    """Parse the column `value`; return the fields and other columns, choices, and errors."""
    schema = _spark_schema(docs.select("value"))
    found = _kinds(docs, schema)
    chosen = {path: kinds for path, kinds in found.items() if len(kinds) > 1}
    others = [name for name in docs.columns if name != "value"]
    main = spark_types.StructType(
        [*schema.fields, spark_types.StructField(_BAD, spark_types.StringType())]
    )
    options = {"columnNameOfCorruptRecord": _BAD}
    parsed = docs.withColumn("~doc", sf.from_json("value", main, options))
    bad = sf.col(f"`~doc`.`{_BAD}`").isNotNull()
    keep = [column("~doc").getField(f.name).alias(f.name) for f in schema.fields]
    rest = [column("value").alias("~value"), *[column(name) for name in others]]
    df = parsed.filter(~bad).select(*keep, *rest)
    for path, kinds in found.items():
        df = _retype(df, path, kinds)
    errors = parsed.filter(bad).select(_error().alias("error"))
    return df.drop("~value"), frozenset(chosen), errors


def _error() -> Column:
    texts = {"msg": sf.lit("The record is not a JSON object"), "input": sf.col("value")}
    fields = ERROR_SCHEMA["error"].dataType.names
    return sf.struct(*[texts.get(n, sf.lit(None).cast("string")).alias(n) for n in fields])


def _spark_schema(docs: DataFrame) -> Any:
    """Return what Spark infers: mixed types come out as string, or as double among numbers."""
    session = docs.sparkSession
    encoders = session._jvm.org.apache.spark.sql.Encoders
    strings = getattr(docs._jdf, "as")(encoders.STRING())
    inferred = json.loads(session._jsparkSession.read().json(strings).schema().json())
    schema = spark_types.StructType.fromJson(inferred)
    return spark_types.StructType([f for f in schema.fields if f.name != _BAD])


def _candidates(dtype: Any, prefix: Path = ()) -> list[Path]:
    out: list[Path] = []
    for field in dtype.fields:
        path = (*prefix, field.name)
        if isinstance(field.dataType, spark_types.StructType):
            out += _candidates(field.dataType, path)
        elif isinstance(
            field.dataType,
            spark_types.StringType | spark_types.DoubleType | spark_types.LongType,
        ):
            out.append(path)
    return out


def _nested(paths: Sequence[Path], leaf: Any) -> Any:
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(path[0], []).append(path[1:])
    return spark_types.StructType(
        [
            spark_types.StructField(name, leaf if rest == [()] else _nested(rest, leaf), True)
            for name, rest in groups.items()
        ]
    )


def _get(value: Column, path: Path) -> Column:
    for name in path:
        value = value.getField(name)
    return value


def _kinds(docs: DataFrame, schema: Any) -> dict[Path, list[str]]:
    """Return the kinds of values at each place where Spark's schema may hide several."""
    paths = _candidates(schema)
    if not paths:
        return {}
    parsed = docs.select(
        *[
            sf.from_json("value", _nested(paths, leaf), _STRICT).alias(kind)
            for kind, leaf in _PARSERS.items()
        ]
    )
    seen = []
    for i, path in enumerate(paths):
        at = {kind: _get(sf.col(kind), path) for kind in _PARSERS}
        is_long, is_double = at["long"].isNotNull(), at["double"].isNotNull()
        holds = {
            "int": is_long & at["long"].between(-_INT, _INT - 1),
            "long": is_long & ~at["long"].between(-_INT, _INT - 1),
            "double": is_double & ~is_long,
            "boolean": at["boolean"].isNotNull(),
            "struct": at["struct"].isNotNull(),
            "array": at["array"].isNotNull(),
        }
        other = at["string"].isNotNull()
        for condition in holds.values():
            other = other & ~sf.coalesce(condition, sf.lit(False))
        holds["string"] = other
        seen += [sf.max(sf.coalesce(c, sf.lit(False))).alias(f"{i}.{k}") for k, c in holds.items()]
    row = parsed.agg(*seen).first()
    out: dict[Path, list[str]] = {}
    for i, path in enumerate(paths):
        kinds = [
            k
            for k in ("int", "long", "double", "boolean", "struct", "array", "string")
            if row is not None and row[f"{i}.{k}"]
        ]
        out[path] = [k for k in kinds if k != "int" or "long" not in kinds]
    return out


def _retype(df: DataFrame, path: Path, kinds: list[str]) -> DataFrame:
    """Give a field its own type, or make it a choice of its types."""
    if len(kinds) < 2:
        if kinds == ["int"]:
            return rewrite(df, path, lambda name, value, _dtype: [(name, value.cast("int"))])
        return df
    text = _get(sf.from_json("`~value`", _nested([path], _PARSERS["string"])), path)
    members: list[Column] = []
    scalars: list[Column] = []
    for kind in kinds:
        parser = _PARSERS["long" if kind == "int" else kind]
        value = _get(sf.from_json("`~value`", _nested([path], parser), _STRICT), path)
        if kind in ("struct", "array"):
            present = value.isNotNull()
            value = sf.when(present, _complex(df, text, present))
        elif kind == "double" and ("int" in kinds or "long" in kinds):
            whole = _get(sf.from_json("`~value`", _nested([path], _PARSERS["long"]), _STRICT), path)
            value = sf.when(whole.isNull(), value)
        elif kind == "string":
            free = sf.lit(True)
            for other in scalars:
                free = free & other.isNull()
            value = sf.when(free, value)
        elif kind == "int":
            value = value.cast("int")
        scalars.append(value)
        members.append(value.alias(kind))
    whole_text = sf.when(text.isNotNull(), sf.struct(*members))
    return rewrite(df, path, lambda name, _value, _dtype: [(name, whole_text)])


def _complex(df: DataFrame, text: Column, present: Column) -> Column:
    wrapped = sf.concat(sf.lit('{"v":'), text, sf.lit("}"))
    inner = _spark_schema(df.filter(present).select(wrapped.alias("value")))
    return sf.from_json(wrapped, inner).getField("v")


def load_table(
    made: Any, paths: Sequence[str], columns: Sequence[tuple[str, str]], keys: list[tuple[str, str]]
) -> DataFrame:
    """Read JSON files as a catalog table's columns, whatever the case of the fields' names."""
    inferred = made.option("primitivesAsString", True).json(list(paths))
    actual = {name.lower(): name for name in inferred.columns}
    wanted = [(name, _types.parse(kind)) for name, kind in columns]
    fields = [
        spark_types.StructField(actual.get(name.lower(), name), _texts(dtype), True)
        for name, dtype in wanted
    ]
    fields += [spark_types.StructField(name, spark_types.StringType(), True) for name, _ in keys]
    df = made.schema(spark_types.StructType(fields)).json(list(paths))
    out = [
        column(field.name).cast(dtype).alias(name)
        for field, (name, dtype) in zip(fields, wanted, strict=False)
    ]
    return df.select(*out, *[column(name) for name, _ in keys])


def _texts(dtype: Any) -> Any:
    """Return a type with every value in it as text, so that the cast decides what it is."""
    if isinstance(dtype, spark_types.StructType):
        return spark_types.StructType(
            [spark_types.StructField(f.name, _texts(f.dataType), True) for f in dtype.fields]
        )
    if isinstance(dtype, spark_types.ArrayType):
        return spark_types.ArrayType(_texts(dtype.elementType))
    if isinstance(dtype, spark_types.MapType):
        return spark_types.MapType(spark_types.StringType(), _texts(dtype.valueType))
    return spark_types.StringType()


def unbox_json(
    df: DataFrame, path: Path, with_schema: str | None
) -> tuple[DataFrame, frozenset[Path]]:
    """Replace a string field of JSON text by what the text holds."""
    found = find(df, path)
    if found is None:
        raise ValueError(f"unbox: there is no field {'.'.join(path)!r}")
    if with_schema:
        schema = spark_types.StructType.fromJson(json.loads(with_schema))
    else:
        docs = df.select(found[0].alias("value")).filter(sf.col("value").isNotNull())
        schema = _spark_schema(docs)
    return (
        rewrite(df, path, lambda name, value, _dtype: [(name, sf.from_json(value, schema))]),
        frozenset(),
    )
