"""Templates are read with their short forms and packaged as ``aws cloudformation package`` does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etlocal import templates
from etlocal.templates import TemplateError, UsageLimitSection

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


INCLUDING = """
Transform: {Name: AWS::Include, Parameters: {Location: top.yaml}}
Mappings:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/mappings.yaml}}
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        Fn::Transform: {Name: AWS::Include, Parameters: {Location: machine.json}}
  Others:
    Type: AWS::CloudFormation::WaitConditionHandle
    Metadata:
      - Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://there/already.json"}}
      - Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Ref Somewhere}}
      - Fn::Transform: {Name: Mine, Parameters: {Location: nowhere.json}}
"""


def test_local_files_that_are_included_are_uploaded_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mappings.yaml").write_text("A: {B: {C: 1}}")
    (tmp_path / "machine.json").write_text("{}")
    path = tmp_path / "template.yaml"
    path.write_text(INCLUDING)
    given = templates.load(path)
    body = json.loads(templates.package(given, lambda file, _key: ("artifacts", file.name)))

    def location(holder: Any) -> Any:
        return holder["Fn::Transform"]["Parameters"]["Location"]

    assert location(body["Mappings"]) == "s3://artifacts/mappings.yaml"
    machine = body["Resources"]["Machine"]["Properties"]
    assert location(machine["Definition"]) == "s3://artifacts/machine.json"
    # What `aws cloudformation package` leaves: what is elsewhere, not known yet, another macro's.
    others = [location(other) for other in body["Resources"]["Others"]["Metadata"]]
    assert others == ["s3://there/already.json", {"Ref": "Somewhere"}, "nowhere.json"]
    assert body["Transform"] == given.body["Transform"]
    assert location(given.body["Mappings"]) == "parts/mappings.yaml"


def test_included_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(INCLUDING)
    with pytest.raises(TemplateError, match=r"mappings\.yaml"):
        templates.package(templates.load(path), lambda _file, key: ("b", key))


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


LIMITED = """
Metadata:
  etlocal:
    Warehouse:
      Workgroup: Group
      Database: Base
      Scripts: ddl
      UsageLimit: {limit}
Resources: {{}}
Outputs: {{Group: {{Value: g}}, Base: {{Value: b}}, Hours: {{Value: "100"}}}}
"""


def test_usage_limit_of_a_warehouse_logs_each_month_unless_it_says_otherwise() -> None:
    def limit(text: str) -> UsageLimitSection | None:
        parsed = templates.parse(LIMITED.format(limit=text), Path("template.yaml"))
        assert parsed.metadata.Warehouse is not None
        return parsed.metadata.Warehouse.UsageLimit

    assert limit("null") is None
    assert limit("{Amount: Hours}") == UsageLimitSection(
        Amount="Hours", Period="monthly", BreachAction="log"
    )
    assert limit("{Amount: Hours, Period: daily, BreachAction: deactivate}") == UsageLimitSection(
        Amount="Hours", Period="daily", BreachAction="deactivate"
    )


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("{Amount: Nowhere}", "Nowhere"),
        ("{Amount: Hours, Period: yearly}", "Period"),
        ("{Amount: Hours, BreachAction: stop}", "BreachAction"),
        ("{Period: daily}", "Amount"),
        ("{Amount: Hours, Unit: RPU}", "Unit"),
    ],
)
def test_bad_usage_limit_is_refused_by_name(limit: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        templates.parse(LIMITED.format(limit=limit), Path("template.yaml"))


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
