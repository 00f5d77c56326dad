"""Step Functions' service loads no emulated EC2.

It takes the names of AWS Batch's job states from moto, whose package for Batch imports EC2 with the
descriptions of every instance type in every zone: ninety megabytes and over a second, of services
that nothing here has. The package's modules are there at once, what it imports itself when somebody
wants it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_PACKAGE = "moto.batch"


def apply() -> None:
    """Have the package imported so; to be called before anything of LocalStack is imported."""
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != _PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = _execute  # type: ignore[method-assign]
        return spec


def _execute(module: ModuleType) -> None:
    def member(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(f"{_PACKAGE}.models"), name)

    module.__getattr__ = member  # type: ignore[method-assign]
