"""A Glue job: what a bookmark over many objects costs, step by step, without reading them.

It is run by the worker, as any job; what it measures it prints as a line of JSON. The steps are
those by which `awsglue` reads a source, called one by one.
"""

import json
import sys
import time

import boto3
from awsglue import _aws, _run, _s3_source
from awsglue._bookmarks_s3 import FileEntry
from awsglue._listing import ListOptions, list_files
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

CTX = "source"

args = getResolvedOptions(sys.argv, ["JOB_NAME", "OBJECTS", "SINCE", "MORE", "BUCKET"])
context = GlueContext(SparkContext.getOrCreate())
job = Job(context)
steps: dict[str, float] = {}


def step(name: str, began: float) -> float:
    steps[name] = time.perf_counter() - began
    return time.perf_counter()


began = time.perf_counter()
job.init(args["JOB_NAME"], args)
began = step("init", began)

listed = list(
    list_files(f"s3://{args['BUCKET']}/days/", ListOptions(recurse=True), lambda: _aws.client("s3"))
)
began = step("listing", began)
client = boto3.client("s3")
pages = client.get_paginator("list_objects_v2").paginate(Bucket=args["BUCKET"], Prefix="days/")
plain = sum(page["KeyCount"] for page in pages)
began = step("plain listing", began)

# As many objects again and again as are asked for, all within the time that a bookmark remembers
# by name, which is when it costs most.
count, since, more = int(args["OBJECTS"]), int(args["SINCE"]), int(args["MORE"])
everything = [
    FileEntry(
        f"s3://a-bucket/days/day={n // 100:05d}/{n:09d}.csv", since + n % 1000, 100, f"{n:032x}"
    )
    for n in range(count + more)
]
began = time.perf_counter()
options = _s3_source.S3Options.read({})
chosen = _s3_source.choose(everything, options, CTX, since + 2000 + more)
began = step("choice", began)
run = _run.current()
assert run is not None
text = json.dumps(run.pending[CTX])
json.loads(text)
began = step("state as JSON and back", began)
job.commit()
step("commit", began)
print(json.dumps({"steps": steps, "chosen": len(chosen), "listed": len(listed), "plain": plain,
                  "bytes": len(text)}))  # fmt: skip
