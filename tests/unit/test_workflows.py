"""GitHub's workflows: what they may do, what they name, and that no key is in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from etlocal.cli import app

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
ROLE = ROOT / ".github" / "oidc-role.yaml"
FILES = sorted(path.name for path in FOLDER.glob("*.y*ml"))
# What somebody outside of the repository can choose: a branch's name, a title, a message.
UNTRUSTED = re.compile(r"\$\{\{[^}]*\b(github\.(event|head_ref|ref_name|ref|actor)|inputs)\b")
PINNED = re.compile(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
KEYS = ("aws-access-key-id", "aws-secret-access-key", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def workflow(name: str) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    # YAML 1.1 takes `on` for true.
    return {"on" if key is True else key: value for key, value in found.items()}


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow(name)["jobs"]
    return found


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in jobs(name).values():
        yield from job.get("steps", [])


def commands(name: str) -> Iterator[list[str]]:
    for step in steps(name):
        for line in str(step.get("run", "")).splitlines():
            yield shlex.split(line)


def test_there_is_a_suite_and_a_deployment() -> None:
    assert FILES == ["deploy.yml", "suite.yml"]


@pytest.mark.parametrize("name", FILES)
def test_no_key_that_lasts_is_named(name: str) -> None:
    text = (FOLDER / name).read_text()

    assert not [key for key in KEYS if key in text]
    assert "secrets." not in text
    assert not re.search(r"A[KS]IA[A-Z0-9]{12,}", text)


@pytest.mark.parametrize("name", FILES)
def test_actions_are_pinned_by_their_commit(name: str) -> None:
    used = re.findall(r"uses: .*", (FOLDER / name).read_text())

    assert used
    assert [each for each in used if not each.startswith("uses: ./")] == PINNED.findall(
        "\n".join(used)
    )
    for local in (each.removeprefix("uses: ") for each in used if each.startswith("uses: ./")):
        assert (ROOT / local).is_file()


@pytest.mark.parametrize("name", FILES)
def test_workflow_may_read_and_a_job_may_more_only_where_it_deploys(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}
    more = {
        job: given["permissions"]
        for job, given in jobs(name).items()
        if given.get("permissions", {"contents": "read"}) != {"contents": "read"}
    }
    assert more == (
        {"deploy": {"contents": "read", "id-token": "write"}} if name == "deploy.yml" else {}
    )


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_others_choose_goes_into_a_command(name: str) -> None:
    assert "pull_request_target" not in workflow(name)["on"]
    assert "workflow_run" not in workflow(name)["on"]
    for step in steps(name):
        assert "${{" not in str(step.get("run", "")), step
        assert not UNTRUSTED.search(str(step.get("with", {}))), step
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"]


@pytest.mark.parametrize("name", FILES)
def test_every_job_has_a_limit_of_time(name: str) -> None:
    for job, given in jobs(name).items():
        # What calls another workflow has that one's limits.
        assert "uses" in given or 0 < given["timeout-minutes"] <= 90, job


@pytest.mark.parametrize("name", FILES)
def test_targets_and_files_that_commands_name_are_there(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    found = False
    for command in commands(name):
        if command[0] == "make":
            found = True
            assert re.search(rf"^{re.escape(command[1])}:", makefile, re.MULTILINE), command
            for variable in (word.partition("=")[0] for word in command[2:]):
                assert f"$({variable})" in makefile, command
        for word in command:
            for path in word.replace("=", " ").split():
                if path.startswith(("tests/", "requirements")):
                    assert (ROOT / path).exists(), command
    assert found


@pytest.mark.parametrize("name", FILES)
def test_options_that_etlocal_is_given_are_its_own(name: str) -> None:
    terminal: Any = get_command(app)
    for command in commands(name):
        if Path(command[0]).name != "etlocal" or command[1] == "--help":
            continue
        known = {option for each in terminal.commands[command[1]].params for option in each.opts}
        assert {word for word in command if word.startswith("--")} <= known, command


def test_suite_runs_on_every_push_and_pull_request() -> None:
    assert workflow("suite.yml")["on"] == {
        "push": {"branches": ["**"]},
        "pull_request": None,
        "workflow_call": None,
    }
    told = [" ".join(command) for command in commands("suite.yml")]
    for target in ("make test", "make stress", "make containers"):
        assert any(each.startswith(target) for each in told), target
    assert any("tests.same_results" in each for each in told)


def test_results_are_kept_also_of_a_run_that_fails() -> None:
    kept = [step for step in steps("suite.yml") if "upload-artifact@" in step.get("uses", "")]

    assert len(kept) == 3
    for step in kept:
        assert step["if"] == "${{ !cancelled() }}"
        written = step["with"]["path"].split()
        assert all(file in (FOLDER / "suite.yml").read_text() for file in written)


def test_deployment_is_of_a_tag_that_passed_and_one_at_a_time() -> None:
    assert workflow("deploy.yml")["on"] == {"push": {"tags": ["v*"]}}
    deploy = jobs("deploy.yml")["deploy"]
    assert deploy["needs"] == ["suite"]
    assert jobs("deploy.yml")["suite"]["uses"] == "./.github/workflows/suite.yml"
    assert deploy["environment"] == "production"
    assert deploy["concurrency"] == {"group": "deploy-production", "cancel-in-progress": False}
    assert not any("actions/cache@" in step.get("uses", "") for step in deploy["steps"])


def test_deployment_shows_what_would_change_then_deploys_as_the_role() -> None:
    given = jobs("deploy.yml")["deploy"]["steps"]
    [role] = [at for at, step in enumerate(given) if "configure-aws" in step.get("uses", "")]
    told = [shlex.split(step.get("run", "")) for step in given]
    first, second = (told.index(each) for each in told if each[:1] == [".venv/bin/etlocal"])

    assert given[role]["with"]["role-to-assume"] == "${{ vars.AWS_DEPLOY_ROLE_ARN }}"
    assert role < first < second
    place = ["--target", "aws", "--stack", "$STACK", "--region", "$REGION"]
    assert told[first] == [".venv/bin/etlocal", "diff", *place]
    assert told[second] == [".venv/bin/etlocal", "deploy", *place, "--yes"]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what stands behind them."""


def _short_form(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)


def test_role_is_for_one_environment_of_one_repository_and_one_stack() -> None:
    role = yaml.load(ROLE.read_text(), _Loader)["Resources"]["Role"]["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    claims = "token.actions.githubusercontent.com"

    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{claims}:aud": "sts.amazonaws.com",
            f"{claims}:sub": "repo:${Repository}:environment:${Environment}",
        }
    }
    allowed = role["Policies"][0]["PolicyDocument"]["Statement"]
    for statement in allowed:
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        assert "*" not in actions
        assert not {"iam:*", "cloudformation:*", "sts:AssumeRole"} & set(actions)
        if actions == ["iam:CreateServiceLinkedRole"]:
            assert statement["Condition"]["StringEquals"] == {
                "iam:AWSServiceName": "redshift.amazonaws.com"
            }
        elif any(action.startswith("iam:") for action in actions):
            assert statement["Resource"].endswith(":role/${StackName}-*")
        if statement["Resource"] == "*":
            assert not [action for action in actions if action.endswith(":*")], statement["Sid"]
