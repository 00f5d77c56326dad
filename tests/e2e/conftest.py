"""The project's own pipeline, deployed on a clean stack."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from etlocal.target import Target
from etlocal.testing.harness import Harness, Pipeline
from tests.e2e.points import Points

ROOT = Path(__file__).resolve().parents[2]
# Timeouts are scaled, and work is not: on a busy machine neither must end what goes on.
PATIENT = {"JobTimeoutMinutes": "2880", "DeadlineSeconds": "86400"}


@pytest.fixture
def project() -> Path:
    """The checkout's root, where the pipeline's files are."""
    return ROOT


@pytest.fixture
def pipeline(etlocal: Harness, project: Path) -> Pipeline:
    """The project's pipeline, deployed."""
    return etlocal.deploy(project / "template.yaml")


@pytest.fixture(scope="module")
def pipeline_files(request: pytest.FixtureRequest) -> Path:
    """Where the pipeline's files are: the checkout, or a changed copy that is to be found out."""
    return Path(getattr(request, "param", ROOT))


@pytest.fixture(scope="module")
def points(etlocal_stack: Target, pipeline_files: Path) -> Iterator[Points]:
    """One deployed pipeline for all tests of a module."""
    with (pipeline_files / "seed_data" / "airports.csv").open(newline="") as file:
        ids = [int(row["airport_id"]) for row in csv.DictReader(file)]
    harness = Harness(etlocal_stack)
    harness.reset()
    pipeline = harness.deploy(pipeline_files / "template.yaml", parameters=PATIENT)
    yield Points(harness, pipeline, (min(ids), max(ids)))
    harness.reset()


@pytest.fixture
def untouched(points: Points, pipeline_files: Path) -> Points:
    """The same pipeline once more, beside the other, to which no file has come yet."""
    parameters = PATIENT | {"CatalogDatabaseName": "untouched"}
    pipeline = points.harness.deploy(
        pipeline_files / "template.yaml", stack="untouched", parameters=parameters
    )
    return Points(points.harness, pipeline, points.airports)
