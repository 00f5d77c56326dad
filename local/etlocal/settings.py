"""Every port, folder and switch of etlocal, once.

A setting is read from the environment (``ETLOCAL_<NAME>``); the terminal's options override it by
passing it on to the parts in their environment, so that each part reads the same values here.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, SecretStr, field_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = "127.0.0.1"
# Redshift's usual port.
REDSHIFT_PORT = 5439
_MARK = "sha256:"


class Settings(BaseSettings):
    """What can be set, with its default.

    Raises
    ------
    pydantic.ValidationError
        If a variable of the environment has a value outside its rule; the message names both.
    """

    model_config = SettingsConfigDict(env_prefix="ETLOCAL_", extra="ignore", frozen=True)

    state_dir: Path = Field(
        default=Path(".etlocal"),
        description="folder of what survives a restart: catalog, runs, buckets, warehouse",
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("etlocal"),
        description="folder, shared by projects, of the pinned environments and the resolved jars",
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=4566, description="port of the AWS endpoint on 127.0.0.1"
    )
    worker_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=4567, description="port of the Glue worker on 127.0.0.1"
    )
    redshift_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        default=None,
        description="port of Redshift (PostgreSQL's protocol) on 127.0.0.1; 0 is any that is free. "
        "Not set, it is 5439, or any that is free when that is taken",
    )
    worker_url: str | None = Field(
        default=None, description="where the worker answers, when it is not on worker_port"
    )
    warehouse_url: SecretStr | None = Field(
        default=None,
        description="a PostgreSQL server, 15 or later, to keep the warehouse on: "
        "postgresql://user:password@host:port/database; by default it is in the state folder",
    )
    account: Annotated[str, Field(pattern=r"^\d{12}$")] = Field(
        default="000000000000", description="the AWS account that local calls belong to"
    )
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = Field(
        default="us-east-1", description="the default region"
    )
    time_scale: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="real seconds that pass for one second of a Wait state, a retry interval or a "
        "timeout: 1 is real time, 0.01 makes Wait 10 s take 0.1 s",
    )
    sync_poll_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=0.05,
        description="how often a .sync task asks whether its job has ended (real time)",
    )
    spark_master: str = Field(
        default="local[*]",
        description="Spark master that jobs run on: local[*], spark://host:7077, …",
    )
    worker_slots: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2, description="how many Glue job runs the worker takes at once"
    )
    worker_cold: bool = Field(
        default=False, description="start a new JVM for every run instead of keeping one warm"
    )
    driver_memory: str = Field(default="2g", description="heap of each Spark JVM")
    log_level: str = Field(default="INFO", description="log level of the parts")

    @field_serializer("warehouse_url", when_used="json")
    def _marked(self, url: SecretStr | None) -> str | None:
        """Write a digest in the secret's place: enough to see that it changed."""
        if url is None or url.get_secret_value().startswith(_MARK):
            return url.get_secret_value() if url is not None else None
        return _MARK + hashlib.sha256(url.get_secret_value().encode()).hexdigest()

    def fingerprint(self) -> str:
        """Give a text that is the same for the same settings, also when read back from JSON."""
        return self.model_copy(
            update={"state_dir": self.state_dir.absolute(), "cache_dir": self.cache_dir.absolute()}
        ).model_dump_json()

    @property
    def state_file(self) -> Path:
        """The file of our services' state in the state folder."""
        return self.state_dir / "state.sqlite3"

    @property
    def endpoint_url(self) -> str:
        """The AWS endpoint's URL."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def worker_endpoint(self) -> str:
        """The worker's URL."""
        return self.worker_url or f"http://{LOOPBACK}:{self.worker_port}"

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, to hand to a part that is started.

        Returns
        -------
        dict
            ``ETLOCAL_<NAME>`` → text, leaving out what is None; folders are absolute.
        """
        values = self.model_dump(exclude_none=True)
        return {f"ETLOCAL_{name.upper()}": _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    """Write a setting's value as a variable of the environment; a secret is handed on as it is."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.absolute() if isinstance(value, Path) else value)
