"""Changes how a module is imported, or runs a function right after that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.changes: dict[str, Callable[[ModuleSpec], None]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in self.changes:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            self.changes[fullname](spec)
        return spec


_finder = _Finder()


def change_import(module: str, change: Callable[[ModuleSpec], None]) -> None:
    """Have `change` called with how `module` will be imported, before it is.

    Parameters
    ----------
    module : str
        The module's full name.
    change : callable
        Takes the module's spec, which has a loader, and changes it.

    Raises
    ------
    RuntimeError
        If the module is imported already: the change would come too late.
    """
    if module in sys.modules:
        raise RuntimeError(f"{module} was imported before its patch")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.changes[module] = change


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
        If the module is imported already.
    """

    def follow(spec: ModuleSpec) -> None:
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            function()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]

    change_import(module, follow)
