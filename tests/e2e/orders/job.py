"""Sums up orders by customer, in plain Spark."""

import sys

import boto3
from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "target", "currency", "source_key"])
spark = SparkSession.builder.appName(args["JOB_NAME"]).getOrCreate()

orders = spark.sql(
    f"SELECT customer.name AS customer, amount, currency FROM {args['database']}.orders"
)
totals = (
    orders.where(F.col("currency") == args["currency"])
    .groupBy("customer")
    .agg(F.sum("amount").alias("total"), F.count("*").alias("orders"))
)
totals.write.mode("overwrite").parquet(args["target"])

written = boto3.client("s3").list_objects_v2(
    Bucket=args["target"].split("/")[2], Prefix="totals/part-"
)
print(f"{args['source_key']}: {totals.count()} customers in {written['KeyCount']} files")
