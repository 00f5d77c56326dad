"""The table that every room of the Glue service enters its operations in."""

from __future__ import annotations

from etlocal.aws.operations import Operations

OPERATIONS = Operations("glue")
