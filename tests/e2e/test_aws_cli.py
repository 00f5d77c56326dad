"""The AWS command line works against the endpoint, with AWS_ENDPOINT_URL alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etlocal.target import Target
from etlocal.testing.harness import Harness
from tests.e2e.commands import aws_command

pytestmark = pytest.mark.spark


def test_cloudformation_package_and_deploy_make_the_stack(
    etlocal: Harness, etlocal_stack: Target, project: Path, tmp_path: Path
) -> None:
    packaged = str(tmp_path / "packaged.yaml")

    def aws(*arguments: str) -> str:
        done = aws_command(*arguments, on=etlocal_stack, cwd=project)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    aws("s3", "mb", "s3://artifacts")
    aws(
        *("cloudformation", "package", "--template-file", "template.yaml"),
        *("--s3-bucket", "artifacts", "--output-template-file", packaged),
    )
    aws(
        *("cloudformation", "deploy", "--template-file", packaged, "--stack-name", "by-hand"),
        *("--capabilities", "CAPABILITY_IAM", "--parameter-overrides"),
        "ArtifactBucketName=artifacts",
    )

    databases = json.loads(aws("glue", "get-databases"))["DatabaseList"]
    assert [database["Name"] for database in databases] == ["airlines"]
    stack = json.loads(aws("cloudformation", "describe-stacks", "--stack-name", "by-hand"))
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Stacks"][0]["Outputs"]}
    job = json.loads(aws("glue", "get-job", "--job-name", outputs["JobName"]))["Job"]
    assert job["Command"]["ScriptLocation"].startswith("s3://artifacts/")
    workgroups = json.loads(aws("redshift-serverless", "list-workgroups"))["workgroups"]
    assert outputs["WorkgroupName"] in [group["workgroupName"] for group in workgroups]

    aws("cloudformation", "delete-stack", "--stack-name", "by-hand")
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "by-hand")
    assert json.loads(aws("glue", "get-databases"))["DatabaseList"] == []


def test_operation_that_is_not_emulated_says_so(etlocal: Harness, etlocal_stack: Target) -> None:
    done = aws_command("glue", "list-triggers", on=etlocal_stack)

    assert done.returncode != 0
    assert "NotImplemented" in done.stderr
    assert "glue.ListTriggers" in done.stderr


def test_bad_parameter_is_refused_in_awss_words(etlocal: Harness, etlocal_stack: Target) -> None:
    done = aws_command(
        *("glue", "create-database", "--database-input", json.dumps({"Name": "a" * 300})),
        on=etlocal_stack,
    )

    assert done.returncode != 0
    assert "ValidationException" in done.stderr
    assert "length less than or equal to 255" in done.stderr
