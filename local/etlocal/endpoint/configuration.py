"""What LocalStack is told in its environment, before it is imported.

LocalStack reads its configuration from environment variables while ``localstack.config`` is
imported. All of it is decided here: what a user's shell happens to hold for another LocalStack, or
for real AWS, must not change this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from etlocal.proxies import PROXY_VARIABLES
from etlocal.settings import Settings

# Variables of LocalStack that would change which services answer, or reach for the network; and all
# of AWS's, however many there come to be: credentials, profiles, endpoints.
_UNWANTED_PREFIXES = (
    "AWS_",
    "BOTO_",
    "LOCALSTACK_",
    "PROVIDER_OVERRIDE_",
    "SNAPSHOT_",
    "CFN_",
    "DNS_",
)
_UNWANTED = frozenset(
    {
        "ACTIVATE_PRO",
        "CONFIG_PROFILE",
        "DATA_DIR",
        "DEBUG",
        "DEVELOP",
        "EXTRA_CORS_ALLOWED_ORIGINS",
        "DISABLE_CORS_CHECKS",
        "FAIL_FAST",
        "IN_MEMORY_CLIENT",
        "LS_LOG",
        "OUTBOUND_HTTP_PROXY",
        "OUTBOUND_HTTPS_PROXY",
        "PERSISTENCE",
        "RUNTIME_COMPONENTS",
        "SERVICES",
        "SFN_MOCK_CONFIG",
        "STRICT_SERVICE_LOADING",
        "USE_SSL",
    }
)
# One line a request or an import, at the level at which everything else tells what matters.
_CHATTY = (
    "localstack.request.aws",
    "localstack.utils.bootstrap",
    "localstack.services.cloudformation.v2.provider",
)
_LOG_LEVELS = {"TRACE": "trace", "DEBUG": "debug", "INFO": "info"}


def localstack_root(settings: Settings) -> Path:
    """Give the folder that LocalStack keeps its files under."""
    return settings.state_dir.absolute() / "localstack"


def localstack_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Give the environment that LocalStack is to be imported in.

    Parameters
    ----------
    settings : Settings
        etlocal's settings.
    inherited : mapping
        The environment of the process.

    Returns
    -------
    dict
        The whole environment: `inherited` without what would mislead LocalStack or boto3, and with
        what decides both.
    """
    root = localstack_root(settings)
    nowhere = str(root / "none")
    return {name: value for name, value in inherited.items() if not _misleads(name)} | {
        "GATEWAY_LISTEN": f"{settings.bind_address}:{settings.port}",
        # URLs that services give out (queues', templates') then name the endpoint as clients do.
        "LOCALSTACK_HOST": urlsplit(settings.public_endpoint).netloc,
        "SQS_ENDPOINT_STRATEGY": "path",
        "FILESYSTEM_ROOT": str(root),
        "CONFIG_DIR": nowhere,
        # Else the layout of a container is taken wherever a file or a mount looks like Docker's.
        "OVERRIDE_IN_DOCKER": "0",
        # LocalStack takes the local time for UTC, as it is in a container (a Wait's Timestamp).
        "TZ": "UTC",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
        "PROVIDER_OVERRIDE_REDSHIFT": "etlocal",
        "LOG_LEVEL_OVERRIDES": ",".join(f"{name}=WARNING" for name in _CHATTY),
        "LS_LOG": _LOG_LEVELS.get(settings.log_level.upper(), "warning"),
        "AWS_ACCESS_KEY_ID": settings.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _misleads(name: str) -> bool:
    # It has nothing to ask outside, and a proxy on this machine would ask it all the same.
    return name in _UNWANTED or name in PROXY_VARIABLES or name.startswith(_UNWANTED_PREFIXES)
