"""Runs a function right after a module was imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.waiting: dict[str, Callable[[], None]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self.waiting.pop(fullname)()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


_finder = _Finder()


def run_after_import(module: str, function: Callable[[], None]) -> None:
    """Have `function` run when `module` has been executed, before its importer goes on.

    Parameters
    ----------
    module : str
        The module's full name.
    function : callable
        Called once.

    Raises
    ------
    RuntimeError
        If the module is imported already: the function would come too late.
    """
    if module in sys.modules:
        raise RuntimeError(f"{module} was imported before its patch")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.waiting[module] = function
