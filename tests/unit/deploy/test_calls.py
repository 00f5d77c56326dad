"""Every call that a deployment makes on AWS: with what, in which order, and nothing beside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from etlocal import templates
from etlocal.deploy import DeclinedError, DeployError, Deployment, Destruction
from tests.copies import copy_files
from tests.unit.deploy.aws_stub import RecordedCall, Stub
from tests.unit.deploy.conftest import STACK, Site, StubClients

ARTIFACTS = "etlocal-artifacts-123456789012-eu-west-1"
READS = ("Describe", "Get", "List", "Head")


def changing(calls: list[RecordedCall]) -> Iterator[RecordedCall]:
    """The calls that change something; what is asked for is left out."""
    return (each for each in calls if not each.operation.startswith(READS))


def named(calls: list[RecordedCall], operation: str) -> list[dict[str, Any]]:
    return [each.parameters for each in calls if each.operation == operation]


def digest(site: Site, file: str) -> str:
    return hashlib.sha256((site.folder / file).read_bytes()).hexdigest()[:32]


def test_a_first_deployment_makes_these_calls_in_this_order(site: Site) -> None:
    site.deployment().run()

    ddl = sorted(file.name for file in (site.folder / "warehouse" / "ddl").glob("*.sql"))
    packaged = [
        *(f"{digest(site, name)}/{name}" for name in ["statemachine.asl.json"]),
        f"{digest(site, 'glue_job/flights_job.py')}/flights_job.py",
        *(f"{digest(site, f'warehouse/ddl/{name}')}/{name}" for name in ddl),
    ]
    told = [(call.service, call.operation) for call in changing(site.stub.calls)]
    assert told == [
        ("s3", "CreateBucket"),
        ("s3", "PutPublicAccessBlock"),
        ("s3", "PutBucketPolicy"),
        *[("s3", "PutObject")] * len(packaged),
        ("cloudformation", "CreateChangeSet"),
        ("cloudformation", "ExecuteChangeSet"),
        ("s3", "PutObject"),
        *(
            [("redshift-serverless", "CreateUsageLimit")]
            if site.template.metadata.Warehouse and site.template.metadata.Warehouse.UsageLimit
            else []
        ),
        *[("redshift-data", "ExecuteStatement")] * 2,
        *[("redshift-data", "BatchExecuteStatement")] * len(ddl),
        ("glue", "StartCrawler"),
    ]
    uploads = named(site.stub.calls, "PutObject")
    assert sorted(each["Key"] for each in uploads[:-1]) == sorted(packaged)
    assert {each["Bucket"] for each in uploads[:-1]} == {ARTIFACTS}
    assert uploads[-1]["Key"] == "seed_data/airports.csv"
    assert uploads[-1]["Bucket"] != ARTIFACTS, "the dimension goes into the stack's bucket"


def test_each_call_on_a_bucket_says_whose_it_must_be(site: Site) -> None:
    site.deployment().run()

    for call in site.stub.calls:
        if call.service == "s3" and call.operation != "CreateBucket":
            assert call.parameters["ExpectedBucketOwner"] == site.stub.account, call.operation


def test_the_asset_bucket_is_private_and_refuses_plain_http(site: Site) -> None:
    site.deployment().run()

    [created] = named(site.stub.calls, "CreateBucket")
    assert created == {
        "Bucket": ARTIFACTS,
        "ObjectOwnership": "BucketOwnerEnforced",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"},
    }
    [closed] = named(site.stub.calls, "PutPublicAccessBlock")
    assert set(closed["PublicAccessBlockConfiguration"].values()) == {True}
    [policy] = named(site.stub.calls, "PutBucketPolicy")
    [statement] = json.loads(policy["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{ARTIFACTS}", f"arn:aws:s3:::{ARTIFACTS}/*"]


def test_the_change_set_is_of_the_packaged_template_and_the_parameters(site: Site) -> None:
    site.deployment(parameters={"CatalogDatabaseName": "planes"}).run()

    [made] = named(site.stub.calls, "CreateChangeSet")
    assert made["ChangeSetType"] == "CREATE"
    assert made["Capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    assert {"ParameterKey": "CatalogDatabaseName", "ParameterValue": "planes"} in made["Parameters"]
    assert {"ParameterKey": "ArtifactBucketName", "ParameterValue": ARTIFACTS} in made["Parameters"]
    assert len(made["TemplateBody"].encode()) <= 51_200
    body = json.loads(made["TemplateBody"])
    job = body["Resources"]["FlightsJob"]["Properties"]["Command"]["ScriptLocation"]
    assert job == f"s3://{ARTIFACTS}/{digest(site, 'glue_job/flights_job.py')}/flights_job.py"
    assert f"{digest(site, 'statemachine.asl.json')}/statemachine.asl.json" in made["TemplateBody"]
    [executed] = named(site.stub.calls, "ExecuteChangeSet")
    assert executed == {
        "StackName": STACK,
        "ChangeSetName": made["ChangeSetName"],
        "RetainExceptOnCreate": True,
    }


def test_each_script_is_one_transaction_with_its_own_record(site: Site) -> None:
    site.deployment().run()

    batches = named(site.stub.calls, "BatchExecuteStatement")
    names = sorted(file.name for file in (site.folder / "warehouse" / "ddl").glob("*.sql"))
    assert [each["StatementName"] for each in batches] == [f"etlocal/{STACK}/{n}" for n in names]
    for batch, name in zip(batches, names, strict=True):
        sha = hashlib.sha256((site.folder / "warehouse" / "ddl" / name).read_bytes()).hexdigest()
        assert batch["Sqls"][0] == "LOCK public.etlocal_migrations"
        assert batch["Sqls"][-1] == (
            f"INSERT INTO public.etlocal_migrations VALUES ('{name}', '{sha}', GETDATE())"
        )
        assert batch["WorkgroupName"]
        assert batch["Database"] == "dev"
        assert batch["SecretArn"].startswith("arn:aws:secretsmanager:eu-west-1:")
    copied = batches[-1]["Sqls"]
    assert any(sql.startswith("COPY airlines.dim_airport_codes") for sql in copied)
    assert not any("${" in sql for batch in batches for sql in batch["Sqls"])


def test_nothing_is_made_outside_of_the_stack_but_the_asset_bucket(site: Site) -> None:
    site.deployment().run()

    outside = site.stub.outside_the_stack()
    assert outside["buckets"] == [ARTIFACTS]
    in_the_stack = {name: keys for name, keys in outside["objects"].items() if name != ARTIFACTS}
    assert list(in_the_stack.values()) == [["seed_data/airports.csv"]]


def test_a_second_deployment_of_the_same_files_changes_nothing(site: Site) -> None:
    site.deployment().run()
    before = len(site.stub.calls)
    state = site.stub.snapshot()

    site.deployment().run()

    again = [(call.service, call.operation) for call in changing(site.stub.calls[before:])]
    assert again == [
        ("redshift-data", "ExecuteStatement"),
        ("s3", "PutPublicAccessBlock"),
        ("s3", "PutBucketPolicy"),
        ("cloudformation", "CreateChangeSet"),
        ("cloudformation", "DeleteChangeSet"),
        *[("redshift-data", "ExecuteStatement")] * 2,
        ("glue", "StartCrawler"),
    ]
    assert without_crawls(site.stub.snapshot()) == without_crawls(state)


def without_crawls(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A snapshot without what a second crawl, and the record's own questions, add to it."""
    warehouse = snapshot["warehouse"]
    applied = [each for each in warehouse["statements"] if "etlocal_migrations" not in str(each)]
    return {**snapshot, "crawlers": None, "warehouse": applied}


def test_a_plan_that_is_declined_leaves_no_stack_and_no_change_set(site: Site) -> None:
    with pytest.raises(DeclinedError, match="is as it was: not confirmed"):
        site.deployment(confirm=lambda _plan: False).run()

    with pytest.raises(ClientError, match="does not exist"):
        site.clients.client("cloudformation").describe_stacks(StackName=STACK)
    assert named(site.stub.calls, "ExecuteChangeSet") == []
    assert site.stub.outside_the_stack()["buckets"] == [ARTIFACTS]


def test_the_plan_names_what_costs_money_and_what_replaces_data(site: Site) -> None:
    plan = site.plan_shown()

    assert plan.creates
    assert {change.action for change in plan.changes} == {"Add"}
    assert {"Workgroup", "FlightsJob", "RawCrawler", "WarehouseSecret"} <= dict(plan.costs).keys()
    assert "RuleRole" not in dict(plan.costs)
    assert plan.scripts == tuple(
        sorted(file.name for file in (site.folder / "warehouse" / "ddl").glob("*.sql"))
    )

    template = site.folder / "template.yaml"
    text = template.read_text()
    name = "NamespaceName: !Ref AWS::StackName"
    assert name in text
    template.write_text(text.replace(name, "NamespaceName: another", 1))
    renamed = site.deployment().plan()
    assert [change.name for change in renamed.changes if change.loses_data] == ["Namespace"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("020_dim_airport_codes.sql", "020_dim_airport_codes.sql has run .* and was changed since"),
        ("025_late.sql", "025_late.sql comes before 060_load_airports.sql by its name"),
        ("070 more.sql", "a script's name is of letters, digits"),
        ("070_long.sql", "has 38 statements, and one transaction .* has room for 37"),
    ],
)
def test_a_script_that_may_not_run_stops_it_before_anything_is_changed(
    site: Site, name: str, words: str
) -> None:
    site.deployment().run()
    before = len(site.stub.calls)
    (site.folder / "warehouse" / "ddl" / name).write_text(
        "SELECT 1;\n" * (38 if "long" in name else 1)
    )
    with (site.folder / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\n# changed\n")

    with pytest.raises(DeployError, match=words):
        site.deployment().run()

    done = [call.operation for call in changing(site.stub.calls[before:])]
    assert set(done) <= {"ExecuteStatement"}, "the stack, a bucket or the warehouse was changed"


def test_an_asset_that_has_changed_is_in_the_plan_and_goes_up_alone(site: Site) -> None:
    site.deployment().run()
    with (site.folder / "seed_data" / "airports.csv").open("a") as file:
        file.write("99999,Nowhere,None,Nowhere Field\n")
    before = len(site.stub.calls)

    plan = site.plan_shown()

    assert (plan.updates, plan.assets, plan.scripts) == (False, ("seed_data/airports.csv",), ())
    [put] = named(site.stub.calls[before:], "PutObject")
    assert put["Key"] == "seed_data/airports.csv"
    assert site.deployment().plan().is_empty


def test_a_change_of_outputs_alone_is_asked_about(site: Site) -> None:
    site.deployment().run()

    plan = site.plan_shown(parameters={"WarehouseMonthlyRpuHours": "7"})

    assert plan.changes == ()
    assert plan.updates
    assert not plan.is_empty
    [limit] = named(site.stub.calls, "UpdateUsageLimit")
    assert limit["amount"] == 7


def test_the_version_before_is_deployed_again_though_newer_scripts_have_run(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    old, new = site.folder, copy_files(tmp_path_factory.mktemp("new"))
    (new / "warehouse" / "ddl" / "070_more.sql").write_text("CREATE TABLE more (n INT)")
    with (new / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\n# changed\n")
    site.folder = new
    site.deployment().run()

    site.folder = old
    plan = site.plan_shown()

    assert [change.name for change in plan.changes] == ["FlightsJob"]
    assert plan.scripts == ()


def test_a_plan_alone_executes_nothing(site: Site) -> None:
    site.deployment().run()
    (site.folder / "warehouse" / "ddl" / "070_more.sql").write_text("CREATE TABLE more (n INT)")
    with (site.folder / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\n# changed\n")
    before = len(site.stub.calls)

    plan = site.deployment().plan()

    assert [change.name for change in plan.changes] == ["FlightsJob"]
    assert plan.scripts == ("070_more.sql",)
    done = {call.operation for call in changing(site.stub.calls[before:])}
    assert "ExecuteChangeSet" not in done
    assert "BatchExecuteStatement" not in done
    listed = site.clients.client("cloudformation").list_change_sets(StackName=STACK)
    assert listed["Summaries"] == []


def test_a_template_too_long_for_a_request_goes_by_the_asset_bucket(site: Site) -> None:
    template = site.folder / "template.yaml"
    text = template.read_text()
    template.write_text(
        text.replace("Outputs:\n", f"  #\nOutputs:\n  Long:\n    Value: {'x' * 52_000}\n")
    )

    site.deployment().run()

    [made] = named(site.stub.calls, "CreateChangeSet")
    assert "TemplateBody" not in made
    assert made["TemplateURL"].startswith(f"https://{ARTIFACTS}.s3.eu-west-1.amazonaws.com/")


def test_another_accounts_bucket_of_that_name_stops_it_before_anything(site: Site) -> None:
    site.stub.s3.foreign_bucket(ARTIFACTS)

    with pytest.raises(DeployError, match="belongs to another account"):
        site.deployment().run()

    assert list(changing(site.stub.calls)) == []


def test_destroying_empties_what_goes_and_says_what_stays(site: Site) -> None:
    site.deployment().run()
    s3 = site.clients.client("s3")
    stack = site.clients.client("cloudformation").list_stack_resources(StackName=STACK)
    raw = next(
        each["PhysicalResourceId"]
        for each in stack["StackResourceSummaries"]
        if each["LogicalResourceId"] == "RawBucket"
    )
    s3.put_object(Bucket=raw, Key="raw/date=2013-01-01/a.csv", Body=b"a")
    before = len(site.stub.calls)

    gone = Destruction(site.clients, STACK).run()

    assert gone is not None
    assert [held.identity for held in gone.kept if held.kind == "AWS::S3::Bucket"] == [raw]
    assert {"AssetsBucket", "TempBucket", "Namespace"} <= {held.name for held in gone.lost}
    emptied = {each["Bucket"] for each in named(site.stub.calls[before:], "DeleteObjects")}
    assert raw not in emptied
    assert s3.list_objects_v2(Bucket=raw)["KeyCount"] == 1
    with pytest.raises(ClientError, match="does not exist"):
        site.clients.client("cloudformation").describe_stacks(StackName=STACK)
    assert Destruction(site.clients, STACK).run() is None, "gone is gone"


def test_destroying_takes_a_yes(site: Site) -> None:
    site.deployment().run()

    with pytest.raises(DeployError, match="is as it was: not confirmed"):
        Destruction(site.clients, STACK, confirm=lambda _farewell: False).run()

    assert named(site.stub.calls, "DeleteStack") == []
    assert named(site.stub.calls, "DeleteObjects") == []


def test_unknown_parameters_are_refused_before_any_call(tmp_path: Any) -> None:
    (tmp_path / "template.yaml").write_text(
        "Parameters: {A: {Type: String}}\nResources: {T: {Type: 'AWS::SNS::Topic'}}"
    )
    stub = Stub()

    with pytest.raises(DeployError, match="has no parameter B; it has: A"):
        Deployment(
            StubClients(stub),
            templates.load(tmp_path / "template.yaml"),
            stack="s",
            parameters={"B": "1"},
        ).run()

    assert stub.calls == []
