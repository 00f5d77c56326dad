"""A second pipeline, unlike the project's own: JSON, JSONPath, plain Spark over the catalog."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

from etlocal.testing.harness import Harness

pytestmark = pytest.mark.spark

ORDERS = [
    {"id": 1, "customer": {"name": "Ada"}, "amount": 10.5, "currency": "EUR"},
    {"id": 2, "customer": {"name": "Ada"}, "amount": 2.25, "currency": "EUR"},
    {"id": 3, "customer": {"name": "Grace"}, "amount": 7.0, "currency": "EUR"},
    {"id": 4, "customer": {"name": "Grace"}, "amount": 99.0, "currency": "USD"},
]


def test_json_orders_are_summed_up_by_plain_spark(etlocal: Harness) -> None:
    shop = etlocal.deploy(Path(__file__).parent / "orders" / "template.yaml", stack="shop")
    body = "\n".join(map(json.dumps, ORDERS)).encode()

    execution = shop.run_bytes(body, key="orders/monday.json")

    assert execution.status == "SUCCEEDED", execution.cause
    assert shop.notifications(1) == [
        {"job": shop.deployed.outputs["JobName"], "state": "SUCCEEDED"}
    ]
    assert "orders/monday.json: 2 customers" in shop.log(shop.job_runs()[0]["Id"])
    s3 = etlocal.client("s3")
    bucket = shop.deployed.outputs["ResultsName"]
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    totals = pl.concat(
        pl.read_parquet(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
        for key in keys
        if key.endswith(".parquet")
    )
    assert sorted(totals.rows()) == [("Ada", 12.75, 2), ("Grace", 7.0, 1)]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("ListObjectsV2", {"Prefix": "totals/part-"}, id="the script's boto3"),
        pytest.param("PutObject", {}, id="Spark's writer"),
    ],
)
def test_fault_hits_what_a_job_itself_calls(
    etlocal: Harness, operation: str, parameters: dict[str, str]
) -> None:
    shop = etlocal.deploy(Path(__file__).parent / "orders" / "template.yaml", stack="shop")
    where = {"Bucket": shop.deployed.outputs["ResultsName"]} | parameters
    refused = etlocal.faults.fail(
        "s3", operation, "AccessDenied", message="not today", times=None, where=where
    )

    execution = shop.run_bytes(json.dumps(ORDERS[0]).encode(), key="orders/monday.json")

    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    [run] = shop.job_runs()
    assert run["JobRunState"] == "FAILED"
    assert "not today" in run["ErrorMessage"]
    assert refused.hits
