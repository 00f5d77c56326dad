"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres_server
from tests.hypothesis_profiles import register_profiles

register_profiles()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server's URL; without a server the test is skipped, and says why."""
    try:
        with postgres_server.running() as url:
            yield url
    except postgres_server.NoServerError as error:
        pytest.skip(str(error))
