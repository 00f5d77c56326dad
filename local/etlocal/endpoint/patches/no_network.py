"""The endpoint asks nobody on the internet.

Telemetry and the certificate's download have switches (`etlocal.endpoint.configuration`). The
catalogue of what a newer LocalStack supports has none: it is fetched from LocalStack's servers,
with retries and without a time limit, whenever an operation is not emulated or a CloudFormation
type is unknown. So is the latest version of a package before it is installed.

`etlocal.outbound` refuses what is left, and what SNS, API destinations and HTTP tasks are told to
call outside; what is patched here would be tried again and again before.
"""

from __future__ import annotations

from typing import Any

from localstack.utils import http
from localstack.utils.catalog.catalog_loader import AwsCatalogLoaderException, RemoteCatalogLoader

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Take the catalogue that is on the machine, and refuse downloads."""

    def refuse_catalog(self: Any) -> Any:
        del self
        raise AwsCatalogLoaderException("etlocal does not fetch LocalStack's catalogue")

    RemoteCatalogLoader.get_remote_catalog = refuse_catalog
    http.download = _refuse_download


def _refuse_download(url: str, *_: Any, **__: Any) -> None:
    raise OSError(f"etlocal's endpoint downloads nothing ({url})")
