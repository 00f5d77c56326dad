"""``--target aws`` in the terminal: whom it names, what it shows, what it asks, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from etlocal.cli import app, deploying
from etlocal.clients import AwsError
from etlocal.deploy import DeclinedError, DeployError
from tests.copies import copy_files
from tests.unit.deploy.conftest import STACK, Site, StubClients

AWS = ("--target", "aws", "--stack", STACK)


@pytest.fixture
def aws(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The terminal in the pipeline's folder, on the stand-in for AWS."""
    monkeypatch.chdir(site.folder)
    monkeypatch.setattr(deploying, "AwsClients", lambda **_given: StubClients(site.stub))
    return site


def said(*arguments: str, answer: str = "") -> str:
    done = CliRunner().invoke(app, list(arguments), input=answer)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_account_plan_costs_and_next_steps_are_shown(aws: Site) -> None:
    told = said("deploy", *AWS, "--yes")

    place = "AWS account 123456789012 in eu-west-1"
    assert told.startswith(f"{place}, as arn:aws:sts::123456789012:assumed-role/Deployer/ci")
    assert f"New stack {STACK} at {place}:" in told
    assert "+ Workgroup (AWS::RedshiftServerless::Workgroup)" in told
    assert "+ warehouse script 060_load_airports.sql" in told
    costs = told[told.index("What is paid for:") :]
    assert "RPU-hours" in costs
    assert costs.index("RPU-hours") < costs.index("creating the stack"), "asked before it is made"
    after = told[told.index("To try next:") :]
    assert "aws s3 cp" in after
    assert "--region eu-west-1" in after


def test_nobody_to_ask_and_no_yes_changes_nothing(aws: Site) -> None:
    with pytest.raises(DeployError, match=r"Deploy flights to AWS account .* give --yes"):
        said("deploy", *AWS)

    assert "ExecuteChangeSet" not in {call.operation for call in aws.stub.calls}


def test_a_no_changes_nothing(aws: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploying, "is_terminal", lambda: True)

    with pytest.raises(DeclinedError, match="is as it was: not confirmed"):
        said("deploy", *AWS, answer="n\n")

    assert "ExecuteChangeSet" not in {call.operation for call in aws.stub.calls}


def test_a_yes_at_the_question_deploys(aws: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploying, "is_terminal", lambda: True)

    told = said("deploy", *AWS, answer="y\n")

    assert f"Deploy {STACK} to AWS account 123456789012 in eu-west-1? [y/N]" in told
    assert f"deployed {STACK}" in told


def test_a_diff_shows_what_a_deployment_would_do(aws: Site) -> None:
    said("deploy", *AWS, "--yes")
    assert "nothing to change" in said("diff", *AWS)
    with (aws.folder / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\n# changed\n")

    told = said("diff", *AWS)

    assert "~ FlightsJob (AWS::Glue::Job): Command" in told
    assert "StateMachine" not in told


def test_destroying_shows_what_goes_and_what_stays(aws: Site) -> None:
    said("deploy", *AWS, "--yes")

    told = said("destroy", *AWS, "--yes")

    assert "- Namespace (AWS::RedshiftServerless::Namespace)" in told
    assert "RawBucket (AWS::S3::Bucket)" in told
    assert "kept: s3://etlocal-artifacts-123456789012-eu-west-1" in told
    assert "nothing was deleted" in said("destroy", *AWS, "--yes")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "aws", "--endpoint", "http://127.0.0.1:4566"), "leave --endpoint and"),
        (("--target", "aws", "--state-dir", "state"), "leave --endpoint and"),
        (("--profile", "production"), "--profile and --region are for --target aws"),
        (("--region", "eu-west-1"), "--profile and --region are for --target aws"),
    ],
)
@pytest.mark.parametrize("command", ["deploy", "diff", "destroy"])
def test_a_side_that_is_not_clear_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(copy_files(tmp_path))

    with pytest.raises(AwsError, match=words):
        said(command, *arguments)
