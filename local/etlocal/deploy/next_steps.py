"""What to try once a stack is on AWS: commands of the AWS CLI, with the stack's own names."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator

from etlocal.deploy.deployed import Deployed


def next_steps(deployed: Deployed, *, region: str, profile: str | None = None) -> Iterator[str]:
    """Give commands that upload a file, follow what it starts and ask the warehouse.

    Parameters
    ----------
    deployed : Deployed
    region : str
    profile : str, optional
        The profile that was deployed with.
    """
    metadata = deployed.template.metadata
    outputs = deployed.outputs
    base = ["--region", region, *(["--profile", profile] if profile else [])]
    if metadata.Upload is not None:
        file = metadata.Demo.Uploads[0] if metadata.Demo else "FILE"
        name = file.rpartition("/")[2]
        date = name[:10] if name[4:5] == "-" else dt.datetime.now(dt.UTC).date().isoformat()
        key = metadata.Upload.Key.replace("{date}", date).replace("{name}", name)
        bucket = outputs[metadata.Upload.Bucket]
        yield shlex.join(["aws", "s3", "cp", file, f"s3://{bucket}/{key}", *base])
    if metadata.StateMachine is not None:
        yield shlex.join(
            [
                *("aws", "stepfunctions", "list-executions"),
                *("--state-machine-arn", outputs[metadata.StateMachine], *base),
            ]
        )
    if metadata.Warehouse is not None:
        login = metadata.Warehouse.Secret
        yield shlex.join(
            [
                *("aws", "redshift-data", "execute-statement"),
                *("--workgroup-name", outputs[metadata.Warehouse.Workgroup]),
                *("--database", outputs[metadata.Warehouse.Database]),
                *(("--secret-arn", outputs[login]) if login else ()),
                *("--sql", "SELECT COUNT(*) FROM svv_tables", *base),
            ]
        )
    if metadata.Topic is not None:
        yield shlex.join(
            [
                *("aws", "sns", "subscribe", "--topic-arn", outputs[metadata.Topic]),
                *("--protocol", "email", "--notification-endpoint", "you@example.com", *base),
            ]
        )
