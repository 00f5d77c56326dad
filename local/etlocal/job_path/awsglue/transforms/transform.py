"""What all transforms share.

AWS Glue Developer Guide: "GlueTransform base class".
"""

from __future__ import annotations

import inspect
from typing import Any


class GlueTransform:
    """A transform: call it, or call its class method `apply` with the same arguments."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Apply the transform."""
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls) -> str:
        """Return the transform's name."""
        return cls.__name__

    @classmethod
    def describe(cls) -> str:
        """Return what the transform does."""
        return inspect.getdoc(cls) or cls.__name__

    @classmethod
    def describeArgs(cls) -> list[dict[str, Any]]:
        """Return the names of the arguments, and which have defaults."""
        signature = inspect.signature(cls.__call__)
        return [
            {
                "name": parameter.name,
                "optional": parameter.default is not inspect.Parameter.empty,
                "defaultValue": None
                if parameter.default is inspect.Parameter.empty
                else parameter.default,
            }
            for parameter in signature.parameters.values()
            if parameter.name != "self"
        ]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the transform."""
        raise NotImplementedError(f"{type(self).__name__} does nothing by itself")


Transform = GlueTransform
