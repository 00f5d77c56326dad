"""LocalStack 4.13 on Python 3.11: compiles one of its modules with lazy annotations.

``localstack.packages.api`` annotates a parameter ``Lock | None``. `threading.Lock` is a class only
since Python 3.13; before, it is a function and ``|`` fails while the module is imported.
"""

from __future__ import annotations
import __future__

from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType

from etlocal.endpoint.patches.import_hooks import change_import

_MODULE = "localstack.packages.api"


def apply() -> None:
    """Have the module compiled so; to be called before anything of LocalStack is imported."""
    change_import(_MODULE, _compile_lazily)


def _compile_lazily(spec: ModuleSpec) -> None:
    if spec.origin is not None:
        spec.loader = _Loader(spec.name, spec.origin)


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
