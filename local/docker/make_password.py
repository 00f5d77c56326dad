"""``python make_password.py FILE``: a random password in a new file; one that is there is kept."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def main() -> int:
    """Make the file that the command line names, whole or not at all."""
    file = Path(sys.argv[1])
    if file.exists():
        return 0
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as writing:
        writing.write(secrets.token_urlsafe(32))
        writing.flush()
        os.fsync(writing.fileno())
    draft.rename(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
