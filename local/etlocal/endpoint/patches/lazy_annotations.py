"""LocalStack 4.13 on Python 3.11: compiles one of its modules with lazy annotations.

``localstack.packages.api`` annotates a parameter ``Lock | None``. `threading.Lock` is a class only
since Python 3.13; before, it is a function and ``|`` fails while the module is imported.
"""

from __future__ import annotations
import __future__

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

_MODULE = "localstack.packages.api"


def apply() -> None:
    """Have the module compiled so; to be called before anything of LocalStack is imported."""
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        # Past the cache of byte code, which holds the module as it is usually compiled.
        path = self.get_filename(fullname)
        code: CodeType = compile(
            self.get_data(path),
            path,
            "exec",
            flags=__future__.annotations.compiler_flag,
            dont_inherit=True,
        )
        return code
