"""The parts as containers: `make containers` builds, starts, disturbs and ends them.

They need an engine with Compose, and are not part of `make test`.
"""
