"""The Spark and Hadoop settings that every job starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from etlocal.addresses import is_loopback
from etlocal.clients import closed_environment
from etlocal.settings import Settings
from etlocal.worker.protocol import RoleCredentials, RunRequest

# Credentials that say which account calls; no endpoint here checks the secret.
SECRET_KEY = "local"  # noqa: S105

# What no job can ask otherwise.
FIXED_CONF = {"spark.sql.catalogImplementation": "in-memory"}

_S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"
# Where S3A finds a role's session: a driver's in `sdk_properties`, an executor's in its environment
# (`executor_conf`). Its own TemporaryAWSCredentialsProvider fails when two threads come to a file
# system first, as those of a read of several paths do: HADOOP-18233, mended after Spark's 3.3.4.
_SESSION_PROVIDERS = (
    "com.amazonaws.auth.SystemPropertiesCredentialsProvider",
    "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
)


def base_conf(settings: Settings, jars: list[Path], scratch: Path) -> dict[str, str]:
    """Give the settings that a JVM is started with.

    What Glue's Spark decides differently from Apache Spark's defaults, and what a laptop needs; see
    "AWS Glue for Spark" and https://spark.apache.org/docs/3.5.6/configuration.html.

    Parameters
    ----------
    settings : Settings
    jars : list of Path
        Jars beyond Spark's own.
    scratch : Path
        The JVM's folder for shuffle files, uploads and what spills.
    """
    conf = {
        "spark.master": settings.spark_master,
        "spark.app.name": "etlocal",
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        # Tables are the Data Catalog's; a managed table without a location ends with its run.
        "spark.sql.warehouse.dir": (scratch / "warehouse").as_uri(),
        **FIXED_CONF,
        "spark.hadoop.fs.s3.impl": _S3A,
        "spark.hadoop.fs.s3n.impl": _S3A,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
        ),
        "spark.hadoop.fs.s3a.buffer.dir": str(scratch / "s3a"),
        # An endpoint on this machine that refuses a connection is not there: say so soon.
        "spark.hadoop.fs.s3a.attempts.maximum": "4",
        "spark.hadoop.fs.s3a.retry.limit": "4",
        "spark.hadoop.fs.s3a.bucket.probe": "0",
    }
    if settings.spark_master.startswith("local"):
        conf["spark.python.daemon.module"] = "etlocal.worker.daemon"
    else:
        # Executors are other processes: they need the jars, and must reach the driver.
        conf["spark.jars"] = ",".join(jar.as_uri() for jar in jars)
        if not is_loopback(_host(settings.spark_master)):
            del conf["spark.driver.host"], conf["spark.driver.bindAddress"]
    return conf


def _host(master: str) -> str:
    """Give the first host of ``spark://host:port,host:port``."""
    return master.partition("://")[2].partition(",")[0].rpartition(":")[0]


@dataclass(frozen=True)
class Access:
    """Where a run's AWS endpoint is, and as whom it is called.

    Attributes
    ----------
    url, account, region : str
    credentials : RoleCredentials or None
        Of the job's role; None for the account itself.
    """

    url: str
    account: str
    region: str
    credentials: RoleCredentials | None = None

    @classmethod
    def of_run(cls, request: RunRequest) -> Access:
        """Give a run's."""
        return cls(request.endpoint_url, request.account, request.region, request.credentials)

    @property
    def access_key(self) -> str:
        """The key that requests are signed with."""
        return self.credentials.access_key if self.credentials else self.account

    @property
    def secret_key(self) -> str:
        """The key's secret."""
        return self.credentials.secret_key if self.credentials else SECRET_KEY


def executor_conf(settings: Settings, access: Access) -> dict[str, str]:
    """Give the settings by which boto3 in executors reaches the endpoint, as it does in the driver.

    Those of a local master are made before a run is known: `etlocal.worker.session` tells them.

    Parameters
    ----------
    settings : Settings
    access : Access
    """
    if settings.spark_master.startswith("local"):
        return {}
    variables = aws_environment(access)
    return {f"spark.executorEnv.{name}": value for name, value in variables.items()}


def s3a_conf(access: Access) -> dict[str, str]:
    """Give the Hadoop settings by which S3A reaches an endpoint."""
    settings = {
        "fs.s3a.endpoint": access.url,
        "fs.s3a.endpoint.region": access.region,
        "fs.s3a.connection.ssl.enabled": str(access.url.startswith("https://")).lower(),
    }
    if access.credentials is not None:
        settings["fs.s3a.aws.credentials.provider"] = ",".join(_SESSION_PROVIDERS)
    else:
        settings["fs.s3a.access.key"] = access.access_key
        settings["fs.s3a.secret.key"] = access.secret_key
    return settings


def sdk_properties(access: Access) -> dict[str, str]:
    """Give the system properties in which the SDK for Java finds a driver's credentials."""
    token = {"aws.sessionToken": access.credentials.token} if access.credentials else {}
    return {
        "aws.accessKeyId": access.access_key,
        "aws.secretKey": access.secret_key,
        **token,
        "aws.region": access.region,
    }


def aws_environment(access: Access) -> dict[str, str]:
    """Give the variables by which boto3 in a job reaches the endpoint and nothing else."""
    token = {"AWS_SESSION_TOKEN": access.credentials.token} if access.credentials else {}
    return {
        "AWS_ENDPOINT_URL": access.url,
        "AWS_ACCESS_KEY_ID": access.access_key,
        "AWS_SECRET_ACCESS_KEY": access.secret_key,
        **token,
        "AWS_DEFAULT_REGION": access.region,
        "AWS_REGION": access.region,
        # A user's own profile must not send a local job to real AWS.
        **closed_environment(),
        "ETLOCAL_ACCOUNT": access.account,
    }


def is_misleading(variable: str) -> bool:
    """Say whether a variable of the user's shell would change where a job's AWS calls go."""
    return variable.startswith(("AWS_", "BOTO_", "SPARK_", "PYSPARK_", "HADOOP_")) or variable in (
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "CLASSPATH",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "JDK_JAVA_OPTIONS",
    )
