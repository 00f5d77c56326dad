"""``python healthy.py URL``: a container's health, by a real call; exit code 0 when it is well.

The endpoint's health page asks its services itself and answers 503 when one does not work. A worker
is well when a run can begin at once, or one is going on.
"""

from __future__ import annotations

import json
import sys
import urllib.request


def main() -> int:
    """Ask the page that the command line names."""
    with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:  # noqa: S310 - its own address
        said = json.load(answer)
    is_worker = "slots" in said
    if is_worker and not said["ready"] and said["free"] == said["slots"]:
        sys.stderr.write(f"not ready: {said['detail']}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
