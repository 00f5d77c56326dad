"""Permissions in force: every request is evaluated against the policies of who makes it.

On with ``ETLOCAL_ENFORCE_IAM``; see docs/fidelity.md, "IAM".
"""

from etlocal.endpoint.enforcement.gate import Enforcement

__all__ = ["Enforcement"]
