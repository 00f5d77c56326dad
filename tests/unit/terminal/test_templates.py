"""Templates are read with their short forms and packaged as ``aws cloudformation package`` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etlocal import templates
from etlocal.templates import TemplateError

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Metadata:
  etlocal:
    Upload: {Bucket: Raw, Key: "in/{name}"}
Resources:
  Job:
    Type: AWS::Glue::Job
    Properties:
      Role: !GetAtt Role.Arn
      Command: {Name: glueetl, ScriptLocation: jobs/job.py}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionS3Location: machine.json
      RoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/x"
Outputs:
  Raw: {Value: !Ref Bucket}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "job.py").write_text("print(1)")
    (tmp_path / "machine.json").write_text("{}")
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_short_forms_are_read_as_their_long_ones(template: Path) -> None:
    resources = templates.load(template).body["Resources"]
    assert resources["Job"]["Properties"]["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert "Fn::Sub" in resources["Machine"]["Properties"]["RoleArn"]


def test_version_stays_text(template: Path) -> None:
    assert templates.load(template).body["AWSTemplateFormatVersion"] == "2010-09-09"


def test_local_files_are_uploaded_under_their_contents_hash(template: Path) -> None:
    uploaded: dict[str, bytes] = {}

    def upload(file: Path, key: str) -> tuple[str, str]:
        uploaded[key] = file.read_bytes()
        return "artifacts", key

    body = json.loads(templates.package(templates.load(template), upload))

    location = body["Resources"]["Machine"]["Properties"]["DefinitionS3Location"]
    script = body["Resources"]["Job"]["Properties"]["Command"]["ScriptLocation"]
    assert location["Bucket"] == "artifacts"
    assert uploaded[location["Key"]] == b"{}"
    assert uploaded[script.removeprefix("s3://artifacts/")] == b"print(1)"


def test_same_content_has_the_same_key(template: Path) -> None:
    job = template.parent / "jobs" / "job.py"
    before = templates.content_key(job)
    job.write_text("print(2)")
    assert templates.content_key(job) != before
    job.write_text("print(1)")
    assert templates.content_key(job) == before


def test_file_that_is_not_there_is_named(template: Path) -> None:
    (template.parent / "machine.json").unlink()
    with pytest.raises(TemplateError, match=r"machine\.json"):
        templates.package(templates.load(template), lambda _file, key: ("b", key))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "not a CloudFormation template"),
        ("Resources: {", "cannot be read"),
        ("Resources: {}\nMetadata: {etlocal: {Uplod: 1}}", "Uplod"),
        ("Resources: {}\nMetadata: {etlocal: {Topic: Nowhere}}", "Nowhere"),
    ],
)
def test_bad_template_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError, match=words) as caught:
        templates.load(path)
    assert "bad.yaml" in str(caught.value)


def test_template_that_is_not_there_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="--template"):
        templates.load(tmp_path / "none.yaml")
