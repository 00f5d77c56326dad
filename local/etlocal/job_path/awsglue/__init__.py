"""The `awsglue` library that Glue job scripts import, over plain PySpark.

Written from the AWS Glue Developer Guide ("AWS Glue PySpark extensions reference" and "AWS Glue
PySpark transforms reference"). Modules whose names start with an underscore are not part of AWS's
surface.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DynamicFrame", "DynamicFrameCollection"]


def __getattr__(name: str) -> Any:
    # Lazy, so that the pure modules (arguments, bookmarks) need no Spark to be imported.
    if name in __all__:
        from . import dynamicframe

        return getattr(dynamicframe, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
