"""The project's own pipeline, deployed on a clean stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.testing.harness import Harness, Pipeline

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project() -> Path:
    """The checkout's root, where the pipeline's files are."""
    return ROOT


@pytest.fixture
def pipeline(etlocal: Harness, project: Path) -> Pipeline:
    """The project's pipeline, deployed."""
    return etlocal.deploy(project / "template.yaml")
