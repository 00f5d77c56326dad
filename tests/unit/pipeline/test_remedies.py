"""What takes the remedies out finds each of them, and tests that exist."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.remedies import REMEDIES, TESTS, Remedy, RemedyError, copy_without, replaced

if TYPE_CHECKING:
    from pathlib import Path


def test_every_point_has_a_remedy_to_take_out() -> None:
    assert {remedy.point for remedy in REMEDIES} == set(range(1, 9))


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.without)
def test_every_remedy_is_where_it_is_looked_for(remedy: Remedy, root: Path, tmp_path: Path) -> None:
    folder = copy_without(remedy, tmp_path / "copy")

    changed = (folder / remedy.file).read_text("utf-8")
    assert changed != (root / remedy.file).read_text("utf-8")
    if remedy.file.endswith(".py"):
        ast.parse(changed)


def test_every_test_that_is_named_exists() -> None:
    tree = ast.parse(TESTS.read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {test.partition("[")[0] for remedy in REMEDIES for test in remedy.tests} <= defined


def test_a_remedy_that_has_moved_is_named() -> None:
    with pytest.raises(RemedyError, match="found 0 times instead of 1: 'gone'"):
        replaced("gone", "")("here")
