"""``python -m etlocal.redshift.clearing``: deletes what a state folder keeps on a server.

The databases of namespaces and clusters go with the state folder, but for those on a PostgreSQL
server. The endpoint of the state folder must have ended.
"""

from __future__ import annotations

import sys
from typing import Any

from etlocal.aws.call import Runtime
from etlocal.aws.store import Store, StoreError
from etlocal.redshift import targets
from etlocal.redshift.errors import SqlError
from etlocal.redshift.warehouse import Warehouse
from etlocal.settings import Settings


def clear(settings: Settings) -> int:
    """Delete the databases of every namespace and cluster; gives how many had some.

    Raises
    ------
    SqlError
        If the server cannot be reached or refuses.
    StoreError
        If the state file cannot be read.
    """
    runtime = Runtime(settings, Store(settings.state_file), _no_clients)
    keys = targets.keys(runtime.store)
    warehouse = runtime.component(Warehouse)
    try:
        for key in keys:
            warehouse.delete(key)
    finally:
        warehouse.close()
    return len(keys)


def _no_clients(*_: Any, **__: Any) -> Any:
    raise SqlError("no client is needed to delete databases")


def main() -> int:
    """Clear what the environment's settings name; 1, with the reason on stderr, if it fails."""
    settings = Settings()
    if not settings.state_file.exists():
        return 0
    try:
        clear(settings)
    except (SqlError, StoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
