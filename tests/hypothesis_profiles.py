"""How long hypothesis tries: quick and the same each time by default, long and random on demand.

``pytest --hypothesis-profile=thorough`` multiplies every test's examples and draws them anew; what
it finds is printed with the line that reproduces it.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_EVERYDAY, _THOROUGH = 100, 1000


def register_profiles() -> None:
    """Register the profiles and load the quick one; hypothesis's own option loads another."""
    common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("everyday", common, max_examples=_EVERYDAY, derandomize=True)
    settings.register_profile("thorough", common, max_examples=_THOROUGH, print_blob=True)
    settings.load_profile("everyday")


def examples(count: int, **more: object) -> settings:
    """Give settings with so many examples in the quick profile, and more in a longer one.

    Parameters
    ----------
    count : int
        Examples in the quick profile.
    **more
        Further settings of hypothesis.
    """
    scaled = max(1, count * settings.default.max_examples // _EVERYDAY)  # type: ignore[union-attr]
    return settings(max_examples=scaled, **more)  # type: ignore[arg-type]
