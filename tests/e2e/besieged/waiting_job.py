"""Asks S3, plainly, until it does not answer any more."""

import sys

import boto3
from awsglue.utils import getResolvedOptions
from botocore.config import Config

BUCKET = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 2}))
s3.put_object(Bucket=BUCKET, Key="asking", Body=b"")
while True:
    s3.list_buckets()
