"""Rules of the house that a reader cannot see in one file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "local" / "etlocal"
JOB_PATH = PACKAGE / "job_path"


def modules(folder: Path = PACKAGE) -> Iterator[tuple[str, Path]]:
    """A package's modules; what is on a job's path is of no other package."""
    for path in folder.rglob("*.py"):
        if JOB_PATH in path.parents and JOB_PATH not in folder.parents:
            continue
        parts = path.relative_to(folder.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path, known: set[str], *, everywhere: bool) -> set[str]:
    """What a module imports at its top level, outside of TYPE_CHECKING; or everywhere in it."""
    tree = ast.parse(path.read_text())
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else top_level(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                found.add(inner if inner in known else origin)
    return {each for each in found if each in known and each != name}


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node


@pytest.mark.parametrize(
    ("folder", "everywhere"),
    [
        pytest.param(PACKAGE, False, id="what etlocal's modules need to be imported"),
        pytest.param(JOB_PATH / "awsglue", True, id="all that awsglue's modules name"),
    ],
)
def test_imports_have_no_circles(folder: Path, everywhere: bool) -> None:
    paths = dict(modules(folder))
    graph = {
        name: imports(name, path, set(paths), everywhere=everywhere) for name, path in paths.items()
    }
    assert any(graph.values())
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for each in sorted(graph[name]):
                visit(each, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_services_know_no_emulator() -> None:
    rooms = ("aws", "glue", "redshift", "formats", "iam")
    guilty = [
        name
        for name, path in modules()
        if name.split(".")[1:2] and name.split(".")[1] in rooms
        if re.search(
            r"^\s*(from|import) (localstack|moto|etlocal\.endpoint)", path.read_text(), re.MULTILINE
        )
    ]
    assert guilty == []


def test_package_knows_nothing_of_the_pipeline() -> None:
    words = re.compile(r"(?<![a-z])(flight|airline|airport)", re.IGNORECASE)
    files = (path for path in (ROOT / "local").rglob("*") if path.is_file())
    guilty = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        if "__pycache__" not in path.parts and path.suffix not in (".pyc", ".txt")
        for line in path.read_text(errors="replace").splitlines()
        if words.search(line)
    ]
    assert guilty == []


def test_pipeline_imports_nothing_of_the_package() -> None:
    scripts = [*(ROOT / "glue_job").rglob("*.py")]
    assert scripts
    for script in scripts:
        assert "etlocal" not in script.read_text()


def test_every_emulated_operation_is_in_the_fidelity_page() -> None:
    from etlocal.glue import SERVICES as GLUE
    from etlocal.redshift import SERVICES as REDSHIFT

    page = (ROOT / "docs" / "fidelity.md").read_text()
    named = set(re.findall(r"`([A-Z]\w+)`", page))
    missing = [
        f"{service.name}.{operation}"
        for service in [*GLUE, *REDSHIFT]
        for operation in service.operations.implemented
        if operation not in named
    ]
    assert missing == []
