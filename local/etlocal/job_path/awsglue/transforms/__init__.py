"""The transforms as classes, all importable by `from awsglue.transforms import *`.

AWS Glue Developer Guide: "AWS Glue PySpark transforms reference".
"""

from __future__ import annotations

from .collections import FlatMap, MapToCollection, SelectFromCollection
from .fields import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    RenameField,
    ResolveChoice,
    SelectFields,
    SplitFields,
    Unbox,
    UnnestFrame,
)
from .rows import (
    ErrorsAsDynamicFrame,
    EvaluateDataQuality,
    Filter,
    Join,
    Map,
    Relationalize,
    Spigot,
    SplitRows,
    Union,
)
from .transform import GlueTransform, Transform

__all__ = [
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "ErrorsAsDynamicFrame",
    "EvaluateDataQuality",
    "Filter",
    "FlatMap",
    "GlueTransform",
    "Join",
    "Map",
    "MapToCollection",
    "Relationalize",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
    "SelectFromCollection",
    "Spigot",
    "SplitFields",
    "SplitRows",
    "Transform",
    "Unbox",
    "Union",
    "UnnestFrame",
]
