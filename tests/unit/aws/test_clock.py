"""The clock scales durations, and may be told another scale."""

from __future__ import annotations

import pytest

from etlocal.aws.clock import Clock


def test_durations_follow_the_scale_and_reset_restores_it() -> None:
    clock = Clock(0.5)
    assert clock.scaled(10) == 5
    clock.time_scale = 0.001
    assert clock.scaled(10) == 0.01
    clock.reset()
    assert clock.scaled(10) == 5


@pytest.mark.parametrize("scale", [0, -1, 1.5, float("nan"), True, "1", None])
def test_scale_that_cannot_be_is_refused(scale: object) -> None:
    clock = Clock(0.5)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        clock.time_scale = scale  # type: ignore[assignment]
    assert clock.time_scale == 0.5
