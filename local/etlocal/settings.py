"""Every port, folder and switch of etlocal, once.

A setting is read from the environment (``ETLOCAL_<NAME>``); the terminal's options override it by
passing it on to the parts in their environment, so that each part reads the same values here.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import platformdirs
from pydantic import Field, SecretStr, field_serializer, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from etlocal.addresses import is_local, is_local_url

LOOPBACK: Final = "127.0.0.1"
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

    model_config = SettingsConfigDict(
        env_prefix="ETLOCAL_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    state_dir: Path = Field(
        default=Path(".etlocal"),
        description="folder of what survives a restart: catalog, runs, buckets, warehouse",
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("etlocal"),
        description="folder, shared by projects, of the pinned environments and the resolved jars",
    )
    bind_address: Literal["127.0.0.1", "0.0.0.0"] = Field(  # noqa: S104 - only when asked for
        default=LOOPBACK,
        description="what the parts listen on. 0.0.0.0, every interface, is for containers, whose "
        "ports are published on the loopback interface: nothing here asks for a password",
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=4566, description="port of the AWS endpoint on 127.0.0.1"
    )
    public_url: str | None = Field(
        default=None,
        description="where clients reach the AWS endpoint, when it is not on port: what the URLs "
        "of queues and templates begin with",
    )
    job_endpoint_url: str | None = Field(
        default=None,
        description="where Glue jobs reach the AWS endpoint, when it is not on port",
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
        default=None,
        description="where the worker answers, when it is not on worker_port; every address of its "
        "host is a worker",
    )
    warehouse_url: SecretStr | None = Field(
        default=None,
        description="a PostgreSQL server, 15 or later, to keep the warehouse on: "
        "postgresql://user:password@host:port/database, the host a local one as of public_url; by "
        "default it is in the state folder",
    )
    warehouse_password_file: Path | None = Field(
        default=None, description="a file with the password that warehouse_url leaves out"
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
    driver_java_options: str = Field(
        default="",
        description="more options of each Spark JVM, as in spark.driver.extraJavaOptions",
    )
    enforce_iam: bool = Field(
        default=False,
        description="evaluate every request against the policies of who makes it, and deny what "
        "they do not allow, as AWS does",
    )
    log_level: str = Field(default="INFO", description="log level of the parts")

    @field_validator("public_url", "job_endpoint_url", "worker_url")
    @classmethod
    def _local(cls, url: str | None) -> str | None:
        """Refuse a URL that could be AWS's."""
        if url is not None and not (url.startswith("http://") and is_local_url(url)):
            raise ValueError(
                "it must be http://<host>:<port>, the host a loopback or private address or a name "
                "without a dot, so that local runs never reach real AWS"
            )
        return url

    @field_validator("warehouse_url")
    @classmethod
    def _local_warehouse(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse a server that could be AWS's: databases are made and dropped on it."""
        if url is not None and not url.get_secret_value().startswith(_MARK):
            try:
                host = urlsplit(url.get_secret_value()).hostname
            except ValueError:
                host = None
            # What is no URL of a server at all is told by whoever connects.
            if host is not None and not is_local(host):
                raise ValueError(
                    f"{host} is not local: its host must be a loopback or private address or a "
                    "name without a dot, so that local runs never reach real AWS"
                )
        return url

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
        """The AWS endpoint's URL, on this machine."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def job_endpoint(self) -> str:
        """The AWS endpoint's URL, as Glue jobs reach it."""
        return self.job_endpoint_url or self.endpoint_url

    @property
    def public_endpoint(self) -> str:
        """The AWS endpoint's URL, as its clients reach it."""
        return self.public_url or self.endpoint_url

    @property
    def worker_endpoint(self) -> str:
        """The worker's URL."""
        return self.worker_url or f"http://{LOOPBACK}:{self.worker_port}"

    @property
    def runs_cold(self) -> bool:
        """Whether every run gets a new JVM.

        On a Spark master elsewhere it does: an application that waits, warm, for the next run would
        hold executors that others ask for.
        """
        return self.worker_cold or not self.spark_master.startswith("local")

    def warehouse_address(self) -> str | None:
        """Give `warehouse_url` with its password; None when the warehouse is in the state folder.

        Raises
        ------
        ValueError
            If the password's file cannot be read or is empty; the message names it.
        """
        if self.warehouse_url is None:
            return None
        url = self.warehouse_url.get_secret_value()
        if self.warehouse_password_file is None:
            return url
        return _with_password(url, self.warehouse_password_file)

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, to hand to a part that is started.

        Returns
        -------
        dict
            ``ETLOCAL_<NAME>`` → text, leaving out what is None; folders are absolute.
        """
        values = self.model_dump(exclude_none=True)
        return {f"ETLOCAL_{name.upper()}": _text(value) for name, value in values.items()}


def _with_password(url: str, file: Path) -> str:
    parts = urlsplit(url)
    if parts.password is not None:
        raise ValueError(
            "ETLOCAL_WAREHOUSE_URL has a password and ETLOCAL_WAREHOUSE_PASSWORD_FILE names "
            "another: leave one out"
        )
    try:
        password = file.read_text().strip()
    except OSError as error:
        raise ValueError(
            f"the warehouse's password cannot be read from {file} "
            f"(ETLOCAL_WAREHOUSE_PASSWORD_FILE): {error.strerror}"
        ) from error
    if not password:
        raise ValueError(f"{file} (ETLOCAL_WAREHOUSE_PASSWORD_FILE) is empty")
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        raise ValueError(
            "ETLOCAL_WAREHOUSE_URL names no user that the password of "
            "ETLOCAL_WAREHOUSE_PASSWORD_FILE is for: postgresql://user@host:port/database"
        )
    netloc = f"{user}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def _text(value: object) -> str:
    """Write a setting's value as a variable of the environment; a secret is handed on as it is."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.absolute() if isinstance(value, Path) else value)
