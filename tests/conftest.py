"""What holds for every test."""

from __future__ import annotations

from tests.hypothesis_profiles import register_profiles

register_profiles()
