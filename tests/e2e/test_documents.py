"""The examples of the documentation run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etlocal.testing.harness import Harness

pytestmark = pytest.mark.spark


def example(page: Path, number: int = 0) -> Callable[[Harness], None]:
    """Give the test function of a page's Python block; blocks are counted from 0."""
    source = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[number]
    names: dict[str, Any] = {}
    exec(compile(source, str(page), "exec"), names)
    [function] = [value for name, value in names.items() if name.startswith("test_")]
    return lambda harness: function(harness)


def test_readmes_example_runs(
    etlocal: Harness, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    example(project / "README.md")(etlocal)


@pytest.mark.parametrize("number", [0, 2], ids=["a story", "faults"])
def test_the_harness_pages_examples_run(
    etlocal: Harness, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    shop = shutil.copytree(Path(__file__).parent / "orders", tmp_path / "shop")
    (shop / "seed").mkdir()
    order = {"id": 1, "customer": {"name": "Ada"}, "amount": 1.0, "currency": "EUR"}
    (shop / "seed" / "monday.json").write_text(f"{json.dumps(order)}\n{json.dumps(order)}\n")
    monkeypatch.chdir(shop)

    example(project / "docs" / "testing.md", number)(etlocal)
