"""What Step Functions' SDK integrations are called and give, and how S3 pages: as on AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[..., Any]


def run(client: Client, name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Run a state machine to its end and describe the execution."""
    states = client("stepfunctions")
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::000000000000:role/any",
        type="STANDARD",
    )["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        pass
    return dict(ended)


def task(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Task",
        "States": {
            "Task": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
        },
    }


def test_service_is_found_by_the_java_sdks_name(client: Client, name: str) -> None:
    ended = run(
        client,
        name,
        task("arn:aws:states:::aws-sdk:redshiftdata:describeStatement", {"Id": "0" * 36}),
    )

    assert ended["status"] == "FAILED"
    assert ended["error"].startswith("RedshiftData.")


def test_timestamps_are_text_that_jsonata_reads(client: Client, name: str) -> None:
    client("glue").create_database(DatabaseInput={"Name": name})

    definition = task("arn:aws:states:::aws-sdk:glue:getDatabase", {"Name": name})
    definition["States"]["Task"]["Output"] = {
        "text": "{% $states.result.Database.CreateTime %}",
        "millis": "{% $toMillis($states.result.Database.CreateTime) %}",
    }
    ended = run(client, name, definition)

    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    output = json.loads(ended["output"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", output["text"])
    assert output["millis"] > 1_700_000_000_000


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_listing_has_every_key_of_hive_style_folders(
    client: Client, name: str, operation: str
) -> None:
    s3 = client("s3")
    bucket = name.replace("_", "-").lower()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    keys = [f"date=2024-01-{day:02}/a b+{part}.csv" for day in range(1, 5) for part in range(3)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    pages = s3.get_paginator(operation).paginate(
        Bucket=bucket, Prefix="date=", PaginationConfig={"PageSize": 2}
    )
    found = [
        each["Key"] for page in pages for each in page.get("Contents", page.get("Versions", []))
    ]

    assert found == sorted(keys)


def test_common_prefixes_hold_every_folder_once(client: Client, name: str) -> None:
    s3 = client("s3")
    bucket = name.replace("_", "-").lower()
    s3.create_bucket(Bucket=bucket)
    for day in range(1, 6):
        for part in range(2):
            s3.put_object(Bucket=bucket, Key=f"raw/date={day}/{part}", Body=b"")

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="raw/", Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    folders = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]

    assert folders == [f"raw/date={day}/" for day in range(1, 6)]
