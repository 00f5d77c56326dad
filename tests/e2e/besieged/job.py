"""Asks AWS in every way that a job does, and writes what came of it to S3."""

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

BUCKET = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
REDSHIFT = "shop.abcdefghijkl.us-east-1.redshift.amazonaws.com"


def outcome(ask: Callable[[], object]) -> str:
    """What came of a question: its answer, or the error with all that caused it."""
    try:
        return str(ask())
    except Exception as error:  # noqa: BLE001 - whatever came is what is told
        return " < ".join(causes(error))


def causes(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield repr(error)
        java = getattr(error, "java_exception", None)
        while java is not None:
            yield str(java.toString())
            java = java.getCause()
        error = error.__cause__ or error.__context__


def ask_as_python(_: Iterable[Any] = ()) -> Iterator[dict[str, str]]:
    """What Python gets to know, here or in a worker of Spark's."""
    import boto3
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1}, connect_timeout=5)
    elsewhere = "https://s3.eu-west-1.amazonaws.com"
    metadata = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    yield {
        "s3": outcome(lambda: [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]]),
        "sts": outcome(lambda: boto3.client("sts").get_caller_identity()["Account"]),
        "athena": outcome(lambda: boto3.client("athena", config=once).list_work_groups()),
        "dynamodb at": boto3.client("dynamodb").meta.endpoint_url,
        "key": str(getattr(boto3.Session().get_credentials(), "access_key", None)),
        "s3 by its name": outcome(
            lambda: boto3.client("s3", endpoint_url=elsewhere, config=once).list_buckets()
        ),
        "a page by its name": outcome(lambda: urllib.request.urlopen(elsewhere, timeout=5)),
        "metadata": outcome(lambda: direct.open(metadata, timeout=5)),
    }


context = SparkContext.getOrCreate()
spark = GlueContext(context).spark_session
hadoop = context._jsc.hadoopConfiguration()
report: dict[str, Any] = {
    "script": next(ask_as_python()),
    "executor": context.parallelize([1], 1).mapPartitions(ask_as_python).collect()[0],
    "s3a at": hadoop.get("fs.s3a.endpoint"),
    "s3a": outcome(lambda: spark.read.text(f"s3://{BUCKET}/lines.txt").count()),
    "java": outcome(lambda: context._jvm.java.net.InetAddress.getByName(REDSHIFT)),
    "jdbc": outcome(
        lambda: (
            spark.read.format("jdbc")
            .option("url", f"jdbc:postgresql://{REDSHIFT}:5439/dev")
            .option("dbtable", "orders")
            .load()
        )
    ),
}
for name, value in (
    ("endpoint", "https://s3.eu-west-1.amazonaws.com"),
    ("attempts.maximum", "1"),
    ("retry.limit", "0"),
):
    hadoop.set(f"fs.s3a.bucket.elsewhere.{name}", value)
report["s3a by its name"] = outcome(lambda: spark.read.text("s3://elsewhere/lines.txt").count())
# The user's own profile, by who looks for one where Java says that home is.
context._jvm.java.lang.System.setProperty("user.home", os.environ["HOME"])
for name, value in (
    ("aws.credentials.provider", "com.amazonaws.auth.profile.ProfileCredentialsProvider"),
    ("attempts.maximum", "1"),
    ("retry.limit", "0"),
):
    hadoop.set(f"fs.s3a.bucket.{BUCKET}-by-profile.{name}", value)
report["s3a by profile"] = outcome(
    lambda: spark.read.text(f"s3://{BUCKET}-by-profile/lines.txt").count()
)
chain = context._jvm.com.amazonaws.auth.DefaultAWSCredentialsProviderChain()
report["java's key"] = outcome(lambda: chain.getCredentials().getAWSAccessKeyId())

import boto3  # noqa: E402

boto3.client("s3").put_object(Bucket=BUCKET, Key="report.json", Body=json.dumps(report))
