"""The models of AWS's services are held in plain dictionaries.

botocore reads them into ``OrderedDict``, from a time when a plain one forgot its order. An
endpoint that has deployed a stack holds a quarter of a million of them, at twice the size.
"""

from __future__ import annotations

from botocore import loaders


def apply() -> None:
    """Have them read so; to be called before a model is."""
    # Looked up there by its name, at each reading.
    loaders.__dict__["OrderedDict"] = dict
