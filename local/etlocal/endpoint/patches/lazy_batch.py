"""Step Functions' service loads no emulated EC2.

It takes the names of AWS Batch's job states from moto, whose package for Batch imports EC2 with the
descriptions of every instance type in every zone: ninety megabytes and over a second, of services
that nothing here has. The package's modules are there at once, what it imports itself when somebody
wants it.
"""

from __future__ import annotations

import importlib
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from etlocal.endpoint.patches.import_hooks import change_import

_PACKAGE = "moto.batch"


def apply() -> None:
    """Have the package imported so; to be called before anything of LocalStack is imported."""
    change_import(_PACKAGE, _execute_lazily)


def _execute_lazily(spec: ModuleSpec) -> None:
    assert spec.loader is not None
    spec.loader.exec_module = _execute  # type: ignore[method-assign]


def _execute(module: ModuleType) -> None:
    def member(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(f"{_PACKAGE}.models"), name)

    module.__getattr__ = member  # type: ignore[method-assign]
