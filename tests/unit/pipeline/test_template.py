"""The template: what CloudFormation, cfn-lint and etlocal's terminal need of it."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cfnlint.api import lint_file
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from etlocal import templates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "template.yaml").read_text(encoding="utf-8")


def _all_values(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, dict):
        for value in node.values():
            yield from _all_values(value)
    elif isinstance(node, list):
        for value in node:
            yield from _all_values(value)


def test_cfn_lint_has_nothing_to_say_of_it(root: Path) -> None:
    assert lint_file(root / "template.yaml") == []


def test_cfn_lint_has_nothing_to_say_of_the_packaged_template(root: Path, tmp_path: Path) -> None:
    loaded = templates.load(root / "template.yaml")
    packaged = tmp_path / "packaged.json"
    packaged.write_text(templates.package(loaded, lambda _file, key: ("artifacts", key)), "utf-8")
    assert lint_file(packaged) == []
    # What `aws cloudformation deploy` sends without a bucket for templates.
    assert packaged.stat().st_size <= 51_200


def test_nothing_is_suppressed(root: Path, template: dict[str, Any], text: str) -> None:
    assert "cfn-lint" not in text
    assert not list(root.glob(".cfnlintrc*"))
    [line] = [n for n in (root / "Makefile").read_text().splitlines() if "cfn-lint" in n]
    assert line == "\t.venv/bin/cfn-lint template.yaml"
    assert "Transform" not in template
    assert not [
        node for node in _all_values(template) if isinstance(node, dict) and "cfn-lint" in node
    ]


def test_it_uses_no_yaml_aliases(text: str) -> None:
    # CloudFormation refuses them when the template is sent as it is.
    tokens = yaml.scan(text)
    assert not [t for t in tokens if isinstance(t, (yaml.AliasToken, yaml.AnchorToken))]


def test_local_files_that_packaging_uploads_exist(
    root: Path, resources: dict[str, dict[str, Any]]
) -> None:
    definition = resources["StateMachine"]["Properties"]["Definition"]
    assert definition["Fn::Transform"]["Name"] == "AWS::Include"
    assert (root / definition["Fn::Transform"]["Parameters"]["Location"]).is_file()
    assert (root / resources["FlightsJob"]["Properties"]["Command"]["ScriptLocation"]).is_file()


def test_every_substitution_of_the_definition_is_given_and_used(
    root: Path, resources: dict[str, dict[str, Any]]
) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", (root / "statemachine.asl.json").read_text("utf-8")))
    assert used == set(resources["StateMachine"]["Properties"]["DefinitionSubstitutions"])


def test_metadata_names_outputs_and_files_that_exist(root: Path, template: dict[str, Any]) -> None:
    told = template["Metadata"]["etlocal"]
    names = {
        told["Upload"]["Bucket"],
        told["Assets"]["Bucket"],
        told["Warehouse"]["Workgroup"],
        told["Warehouse"]["Database"],
        told["StateMachine"],
        told["Topic"],
        *told["Crawlers"],
    }
    assert names <= set(template["Outputs"])
    for path in (*told["Assets"]["Files"], *told["Demo"]["Uploads"], told["Demo"]["Query"]):
        assert (root / path).is_file(), path
    assert list((root / told["Warehouse"]["Scripts"]).glob("*.sql"))


def test_warehouse_scripts_name_outputs_only(root: Path, template: dict[str, Any]) -> None:
    for script in (root / "warehouse" / "ddl").glob("*.sql"):
        used = set(re.findall(r"\$\{(\w+)\}", script.read_text(encoding="utf-8")))
        assert used <= set(template["Outputs"]), script.name


def test_uploaded_files_match_the_rule(
    template: dict[str, Any], resources: dict[str, dict[str, Any]]
) -> None:
    key = template["Metadata"]["etlocal"]["Upload"]["Key"].format(
        date="2013-01-01", name="2013-01-01.csv"
    )
    assert _matches(resources["RawFileRule"]["Properties"]["EventPattern"], key)


def _matches(pattern: dict[str, Any], key: str) -> bool:
    """Match a key as EventBridge does: one of the list is enough; `*` is any characters."""
    matched = False
    for condition in pattern["detail"]["object"]["key"]:
        assert set(condition) == {"wildcard"}, "this test knows wildcards only"
        expression = ".*".join(re.escape(part) for part in condition["wildcard"].split("*"))
        matched |= re.fullmatch(expression, key, re.DOTALL) is not None
    return matched


@pytest.mark.parametrize(
    ("key", "matches"),
    [
        ("raw/date=2024-01-01/flights.csv", True),
        ("raw/flights.csv", True),
        ("raw/date=2024-01-01/flights.csv.gz", False),
        ("raw/date=2024-01-01/flights.CSV", False),
        ("raw/date=2024-01-01/", False),
        ("seed_data/airports.csv", False),
        ("flights/raw/part-0.csv", False),
        ("rawer/flights.csv", False),
        ("flights.csv", False),
    ],
)
def test_rule_matches_raw_csv_files_only(
    resources: dict[str, dict[str, Any]], key: str, *, matches: bool
) -> None:
    pattern = resources["RawFileRule"]["Properties"]["EventPattern"]
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["bucket"]["name"] == [{"Ref": "RawBucket"}]
    assert _matches(pattern, key) is matches


def test_crawler_names_the_table_that_the_job_reads(resources: dict[str, dict[str, Any]]) -> None:
    crawler = resources["RawCrawler"]["Properties"]
    path = crawler["Targets"]["S3Targets"][0]["Path"]["Fn::Sub"]
    assert path == "s3://${RawBucket}/raw/"
    table = crawler["TablePrefix"] + path.rstrip("/").rsplit("/", 1)[1]
    assert table == resources["FlightsJob"]["Properties"]["DefaultArguments"]["--RAW_TABLE"]
    assert table == "flights_raw"


def test_crawler_names_columns_by_their_places_and_takes_every_line_as_data(
    root: Path, resources: dict[str, dict[str, Any]]
) -> None:
    classifier = resources["RawClassifier"]["Properties"]["CsvClassifier"]
    assert resources["RawCrawler"]["Properties"]["Classifiers"] == [{"Ref": "RawClassifier"}]
    assert classifier["ContainsHeader"] == "ABSENT"
    script = (root / "glue_job" / "flights_job.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("NUMBERS", "TITLES"):
            exec(ast.unparse(node), names)
    assert classifier["Header"] == list(names["TITLES"])
    assert classifier["Header"] == [title.lower() for title in names["TITLES"].values()]


def test_crawlers_configuration_is_json(resources: dict[str, dict[str, Any]]) -> None:
    configuration = json.loads(resources["RawCrawler"]["Properties"]["Configuration"])
    # Level 2 is the first folder under the bucket.
    assert configuration["Grouping"]["TableLevelConfiguration"] == 2


def test_job_runs_once_at_a_time_with_bookmarks(resources: dict[str, dict[str, Any]]) -> None:
    job = resources["FlightsJob"]["Properties"]
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert job["MaxRetries"] == 0
    assert job["DefaultArguments"]["--job-bookmark-option"] == "job-bookmark-enable"


def test_job_is_given_every_argument_it_asks_for(
    root: Path, resources: dict[str, dict[str, Any]]
) -> None:
    script = (root / "glue_job" / "flights_job.py").read_text(encoding="utf-8")
    asked = re.search(r"getResolvedOptions\(\s*sys\.argv,\s*\[(.*?)\]", script, re.DOTALL)
    assert asked is not None
    names = set(re.findall(r'"(\w+)"', asked[1])) - {"JOB_NAME"}
    given = resources["FlightsJob"]["Properties"]["DefaultArguments"]
    assert names <= {name.removeprefix("--") for name in given}


def test_undelivered_events_go_to_the_queue(resources: dict[str, dict[str, Any]]) -> None:
    [target] = resources["RawFileRule"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": "DeadLetterQueue.Arn"}}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    policy = resources["DeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert policy["Principal"] == {"Service": "events.amazonaws.com"}
    assert policy["Condition"]["ArnEquals"]["aws:SourceArn"] == {"Fn::GetAtt": "RawFileRule.Arn"}


def test_every_bucket_is_private_encrypted_and_tls_only(
    resources: dict[str, dict[str, Any]],
) -> None:
    buckets = {n for n, r in resources.items() if r["Type"] == "AWS::S3::Bucket"}
    assert buckets == {"RawBucket", "AssetsBucket", "TempBucket"}
    for name in buckets:
        properties = resources[name]["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values()), name
        assert len(properties["PublicAccessBlockConfiguration"]) == 4, name
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
    refusing = {
        r["Properties"]["Bucket"]["Ref"]
        for r in resources.values()
        if r["Type"] == "AWS::S3::BucketPolicy"
        and r["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"
        and r["Properties"]["PolicyDocument"]["Statement"][0]["Condition"]
        == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == buckets


def _statements(resources: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement
        elif resource["Type"] == "AWS::IAM::Policy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement


def test_no_role_is_granted_actions_by_wildcard(resources: dict[str, dict[str, Any]]) -> None:
    for role, statement in _statements(resources):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action, f"{role}: {action}"


def test_every_resource_is_allowed_for_actions_without_an_arn_only(
    resources: dict[str, dict[str, Any]],
) -> None:
    on_everything = {
        (role, statement["Sid"])
        for role, statement in _statements(resources)
        if statement["Resource"] == "*"
    }
    assert on_everything == {
        ("StateMachineRole", "ReadItsAnswer"),
        ("StateMachineRole", "Log"),
        ("JobRole", "Metrics"),
        ("ConnectionNetworkPolicy", "LookAtTheNetwork"),
    }


def test_whatever_takes_tags_has_project_and_stack(resources: dict[str, dict[str, Any]]) -> None:
    wanted = {"Project": "airline-flights", "Stack": {"Ref": "AWS::StackName"}}
    for name, resource in resources.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        if "Tags" in schema["properties"]:
            tags = resource["Properties"].get("Tags")
            if isinstance(tags, list):
                tags = {tag["Key"]: tag["Value"] for tag in tags}
            assert tags == wanted, name


def test_every_log_group_forgets(resources: dict[str, dict[str, Any]]) -> None:
    groups = {n: r for n, r in resources.items() if r["Type"] == "AWS::Logs::LogGroup"}
    for name, group in groups.items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    names = {group["Properties"]["LogGroupName"]["Fn::Sub"] for group in groups.values()}
    prefix = resources["FlightsJob"]["Properties"]["DefaultArguments"]["--custom-logGroup-prefix"]
    assert names >= {f"{prefix['Fn::Sub']}/output", f"{prefix['Fn::Sub']}/error"}


def test_alarms_may_publish_to_the_topic_that_they_tell(
    resources: dict[str, dict[str, Any]],
) -> None:
    alarms = [r for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert {a["Properties"]["MetricName"] for a in alarms} == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ApproximateNumberOfMessagesVisible",
    }
    # Without a name of its own an alarm has the stack's in front, which key and topic go by.
    assert all("AlarmName" not in a["Properties"] for a in alarms)
    assert all(a["Properties"]["AlarmActions"] == [{"Ref": "Topic"}] for a in alarms)
    assert resources["Topic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "TopicKey"}
    policies = (
        resources["TopicPolicy"]["Properties"]["PolicyDocument"],
        resources["TopicKey"]["Properties"]["KeyPolicy"],
    )
    for policy in policies:
        [allowed] = [s for s in policy["Statement"] if s["Sid"] == "AlarmsOfThisStack"]
        assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        condition = allowed["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        arn = condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
        assert arn.endswith(":alarm:${AWS::StackName}-*")


def test_whoever_publishes_to_the_topic_may_use_its_key(
    resources: dict[str, dict[str, Any]],
) -> None:
    granted = {
        role: set(statement["Action"])
        for role, statement in _statements(resources)
        if statement["Resource"] == {"Fn::GetAtt": "TopicKey.Arn"}
    }
    publishers = {role for role, s in _statements(resources) if s["Action"] == "sns:Publish"}
    assert granted == {"StateMachineRole": {"kms:GenerateDataKey", "kms:Decrypt"}}
    assert set(granted) == publishers


def test_topics_policy_names_actions_that_a_topic_has(resources: dict[str, dict[str, Any]]) -> None:
    statements = resources["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [refusing] = [s for s in statements if s["Effect"] == "Deny"]
    assert refusing["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refusing["Principal"] == "*"
    # SNS takes no policy with an action that is none of a topic's, sns:* among them.
    assert set(refusing["Action"]) == {
        "sns:AddPermission",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:Publish",
        "sns:RemovePermission",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
    }


def test_warehouse_cannot_grow_without_limit(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    base, most = parameters["WarehouseBaseCapacity"], parameters["WarehouseMaxCapacity"]
    assert base["Default"] < most["Default"]
    assert base["MaxValue"] <= most["MaxValue"]
    workgroup = template["Resources"]["Workgroup"]["Properties"]
    assert workgroup["MaxCapacity"] == {"Ref": "WarehouseMaxCapacity"}
    limit = template["Metadata"]["etlocal"]["Warehouse"]["UsageLimit"]
    assert template["Outputs"][limit["Amount"]]["Value"] == {"Ref": "WarehouseMonthlyRpuHours"}
    assert (limit["Period"], limit["BreachAction"]) == ("monthly", "deactivate")


def test_every_parameter_is_in_one_group(template: dict[str, Any]) -> None:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


def test_definition_has_no_null(definition: dict[str, Any]) -> None:
    # CloudFormation refuses a template with one, and the definition is included in the template.
    assert None not in list(_all_values(definition))


def test_no_secret_is_written_in_the_template(template: dict[str, Any]) -> None:
    for value in _all_values(template["Resources"]):
        if isinstance(value, dict) and "AdminUserPassword" in value:
            assert value["AdminUserPassword"]["Fn::Sub"].startswith("{{resolve:secretsmanager:")
            return
    pytest.fail("the namespace has no password")


def test_outputs_name_what_clients_and_tests_look_for(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) >= {
        "AssetsBucketName",
        "CrawlerName",
        "DatabaseName",
        "DeadLetterQueueUrl",
        "GlueDatabaseName",
        "JobName",
        "NamespaceName",
        "RawBucketName",
        "RedshiftRoleArn",
        "RuleName",
        "StateMachineArn",
        "TempBucketName",
        "TopicArn",
        "WarehouseCrawlerName",
        "WorkgroupName",
    }
