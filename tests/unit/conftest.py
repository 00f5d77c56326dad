"""A runtime without processes: a temporary state file, and AWS clients that refuse to be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etlocal.aws.call import Acting, Call, Runtime
from etlocal.aws.store import Store
from etlocal.settings import Settings


class NoClients:
    """A client factory for code that must not call another service."""

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        raise AssertionError(f"unexpected AWS client: {service}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose folders are temporary, with emulated time running a hundredfold."""
    return Settings(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache", time_scale=0.01)


@pytest.fixture
def runtime(settings: Settings) -> Runtime:
    """A runtime over a temporary state file."""
    return Runtime(settings, Store(settings.state_dir / "state.sqlite"), NoClients())


@pytest.fixture
def call(runtime: Runtime) -> Call:
    """A call by the account's root."""
    return Call(
        account="000000000000",
        region="us-east-1",
        principal="arn:aws:iam::000000000000:root",
        request_id="00000000-0000-0000-0000-000000000000",
        runtime=runtime,
    )
