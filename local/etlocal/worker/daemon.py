"""``python -m etlocal.worker.daemon``: Spark's daemon, which forks Python's workers, kept off AWS.

A function that a script gives to Spark runs in these, not in the script's process.
"""

from __future__ import annotations

from pyspark import daemon

from etlocal import outbound

if __name__ == "__main__":
    outbound.refuse_aws()
    daemon.manager()
