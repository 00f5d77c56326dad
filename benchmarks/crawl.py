"""A crawl of ten thousand objects in a thousand partitions."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.direct import await_crawl
from benchmarks.figures import Effort, Result, Samples, interleave, table, timed
from benchmarks.ground import Ground, ground

_BUCKET = "benchmark-crawl"
_ROLE = "arn:aws:iam::000000000000:role/benchmark"


def run(effort: Effort) -> Result:
    """Measure."""
    partitions = effort.pick(1000, 5)
    objects = effort.pick(10, 2)
    with ground() as place:
        fill(place, _BUCKET, partitions, objects)
        return _measure(place, partitions, objects, effort.pick(3, 1))


def fill(place: Ground, bucket: str, partitions: int, objects: int) -> None:
    """Put small CSV files, `objects` into each of `partitions` folders."""
    s3 = place.clients.client("s3")
    s3.create_bucket(Bucket=bucket)
    keys = [f"days/day={p:05d}/{o:05d}.csv" for p in range(partitions) for o in range(objects)]

    def put(key: str) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=b"id,name,amount\n1,a,1.5\n2,b,2.5\n")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, keys))


def _measure(place: Ground, partitions: int, objects: int, repeats: int) -> Result:
    glue = place.clients.client("glue")
    s3 = place.clients.client("s3")
    glue.create_database(DatabaseInput={"Name": "benchmark"})
    glue.create_crawler(
        Name="benchmark",
        Role=_ROLE,
        DatabaseName="benchmark",
        Targets={"S3Targets": [{"Path": f"s3://{_BUCKET}/days/"}]},
    )

    def crawl() -> float:
        began = time.perf_counter()
        glue.start_crawler(Name="benchmark")
        crawled = await_crawl(glue, "benchmark")
        took = time.perf_counter() - began
        if crawled["Status"] != "SUCCEEDED":
            raise RuntimeError(f"the crawl ended {crawled}")
        return took

    def listing() -> float:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix="days/")
        return timed(lambda: sum(page["KeyCount"] for page in pages))

    first = Samples([crawl()])
    _check(glue, partitions)
    measured = interleave({"again": crawl, "listing": listing}, repeats=repeats)
    result = Result(
        f"A crawl of {partitions * objects:,} objects in {partitions:,} partitions",
        notes=[
            "The first crawl makes the table and its partitions, the next find nothing new. "
            "Beside them the listing of the same objects by ListObjectsV2, a thousand a page."
        ],
    )
    result.keep(measured | {"first": first})
    lines = [
        ("first crawl", first),
        ("crawl again", measured["again"]),
        ("listing alone", measured["listing"]),
    ]
    result.tables.append(table("", lines, of=measured["listing"], against="to the listing"))
    return result


def _check(glue: Any, partitions: int) -> None:
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName="benchmark", TableName="days", ExcludeColumnSchema=True
    )
    found = sum(len(page["Partitions"]) for page in pages)
    if found != partitions:
        raise RuntimeError(f"the crawl has made {found} partitions of {partitions}")
