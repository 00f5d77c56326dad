"""Requests are evaluated against the policies of who makes them.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny
access" and "Troubleshoot access denied error messages".
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import Endpoint
from .enforcing import ACCOUNT, Account, allow, document, refused, trust
from .stacks import Stack


@pytest.fixture
def account(enforcing: Endpoint, name: str) -> Account:
    return Account(enforcing, name)


def make_bucket(account: Account, *keys: str) -> str:
    s3 = account.root("s3")
    s3.create_bucket(Bucket=account.name)
    for key in keys:
        s3.put_object(Bucket=account.name, Key=key, Body=b"1")
    return f"arn:aws:s3:::{account.name}"


def test_a_role_without_an_action_is_denied_in_the_services_words(account: Account) -> None:
    bucket = make_bucket(account, "a")
    client = account.session(allow("s3:GetObject", f"{bucket}/*"))
    assert client("s3").get_object(Bucket=account.name, Key="a")["Body"].read() == b"1"
    principal = f"User: {account.session_arn} is not authorized to perform: "
    with refused("AccessDenied", f'{principal}s3:PutObject on resource: "{bucket}/b" because no '):
        client("s3").put_object(Bucket=account.name, Key="b", Body=b"")
    glue = f"arn:aws:glue:us-east-1:{ACCOUNT}"
    with refused(
        "AccessDeniedException",
        f"{principal}glue:StartCrawler on resource: {glue}:crawler/c because no identity-based "
        "policy allows the glue:StartCrawler action",
    ):
        client("glue").start_crawler(Name="c")
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:t"
    with refused("AuthorizationError", f"{principal}sns:Publish on resource: {topic}"):
        client("sns").publish(TopicArn=topic, Message="m")
    queue = f"http://localhost:4566/{ACCOUNT}/q"
    with refused("AccessDenied", f"sqs:SendMessage on resource: arn:aws:sqs:us-east-1:{ACCOUNT}:q"):
        client("sqs").send_message(QueueUrl=queue, MessageBody="m")
    with refused("AccessDeniedException", "states:ListStateMachines"):
        client("stepfunctions").list_state_machines()
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue on resource: "):
        client("secretsmanager").get_secret_value(SecretId="x")
    with refused("AccessDeniedException", "logs:CreateLogGroup on resource: "):
        client("logs").create_log_group(logGroupName="g")
    with refused("AccessDenied", "iam:ListRoles because no"):
        client("iam").list_roles()
    assert client("sts").get_caller_identity()["Arn"] == account.session_arn


def test_every_resource_of_a_call_must_be_allowed(account: Account) -> None:
    prefix = f"arn:aws:glue:us-east-1:{ACCOUNT}"
    account.root("glue").create_database(DatabaseInput={"Name": account.name})
    allowed = [f"{prefix}:catalog", f"{prefix}:database/{account.name}"]
    client = account.session(allow("glue:GetTable", allowed))
    with refused("AccessDeniedException", f"on resource: {prefix}:table/{account.name}/t "):
        client("glue").get_table(DatabaseName=account.name, Name="t")
    account.grant(allow("glue:GetTable", [*allowed, f"{prefix}:table/{account.name}/*"]))
    with refused("EntityNotFoundException"):
        client("glue").get_table(DatabaseName=account.name, Name="t")


def test_the_prefix_of_a_listing_is_a_condition(account: Account) -> None:
    bucket = make_bucket(account, "raw/a", "private/b")
    only_raw = {"StringLike": {"s3:prefix": "raw/*"}}
    s3 = account.session(allow("s3:ListBucket", bucket, **only_raw))("s3")
    found = s3.list_objects_v2(Bucket=account.name, Prefix="raw/")["Contents"]
    assert [each["Key"] for each in found] == ["raw/a"]
    with refused("AccessDenied", "s3:ListBucket"):
        s3.list_objects_v2(Bucket=account.name, Prefix="private/")
    with refused("AccessDenied", "s3:ListBucket"):
        s3.list_objects_v2(Bucket=account.name)


def test_a_denial_of_the_buckets_policy_is_everyones(account: Account) -> None:
    bucket = make_bucket(account, "kept/a")
    s3 = account.session(allow("s3:*"))("s3")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"{bucket}/kept/*",
    }
    plain = {
        **deny,
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    account.root("s3").put_bucket_policy(Bucket=account.name, Policy=document(deny, plain))
    for client in (s3, account.root("s3")):
        with refused("AccessDenied", "with an explicit deny in a resource-based policy"):
            client.delete_object(Bucket=account.name, Key="kept/a")
    assert s3.get_object(Bucket=account.name, Key="kept/a")["Body"].read() == b"1"


def test_a_resources_policy_alone_can_allow(account: Account) -> None:
    bucket = make_bucket(account, "a")
    s3 = account.session()("s3")
    with refused("AccessDenied"):
        s3.get_object(Bucket=account.name, Key="a")
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{account.name}-role"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket}/a",
    }
    account.root("s3").put_bucket_policy(Bucket=account.name, Policy=document(grant))
    assert s3.get_object(Bucket=account.name, Key="a")["Body"].read() == b"1"


def test_boundaries_and_session_policies_limit(account: Account) -> None:
    make_bucket(account, "a")
    s3 = account.session(allow("s3:*"), policy=document(allow("s3:ListBucket")))("s3")
    s3.list_objects_v2(Bucket=account.name)
    with refused("AccessDenied", "because no session policy allows the s3:GetObject action"):
        s3.get_object(Bucket=account.name, Key="a")
    iam = account.root("iam")
    limit = iam.create_policy(
        PolicyName=account.name, PolicyDocument=document(allow("s3:GetObject"))
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=f"{account.name}-role", PermissionsBoundary=limit)
    with refused("AccessDenied", "because no permissions boundary allows"):
        s3.list_objects_v2(Bucket=account.name)


def test_a_sessions_managed_policies_are_refused_rather_than_ignored(account: Account) -> None:
    role = account.role()
    arns = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    with refused("NotImplemented", "PolicyArns"):
        account.root("sts").assume_role(RoleArn=role, RoleSessionName="session", PolicyArns=arns)


def test_a_users_attached_policies_and_groups_count(account: Account) -> None:
    make_bucket(account, "a")
    iam = account.root("iam")
    iam.create_user(UserName=account.name)
    client = account.clients(iam.create_access_key(UserName=account.name)["AccessKey"])
    with refused("AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:user/{account.name} is not"):
        client("s3").get_object(Bucket=account.name, Key="a")
    policy = iam.create_policy(
        PolicyName=account.name, PolicyDocument=document(allow("s3:GetObject"))
    )["Policy"]["Arn"]
    iam.attach_user_policy(UserName=account.name, PolicyArn=policy)
    client("s3").get_object(Bucket=account.name, Key="a")
    iam.create_group(GroupName=account.name)
    iam.put_group_policy(
        GroupName=account.name, PolicyName="p", PolicyDocument=document(allow("s3:ListBucket"))
    )
    with refused("AccessDenied"):
        client("s3").list_objects_v2(Bucket=account.name)
    iam.add_user_to_group(GroupName=account.name, UserName=account.name)
    client("s3").list_objects_v2(Bucket=account.name)


def test_a_role_is_handed_over_by_who_may_to_whom_it_trusts(account: Account) -> None:
    role = account.role(name="job", trusts=trust("states.amazonaws.com"))
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/s.py"}
    job = {"Name": account.name, "Role": role, "Command": command, "GlueVersion": "5.1"}
    machine = {
        "name": account.name,
        "roleArn": role,
        "definition": json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
    }
    client = account.session(allow(["glue:CreateJob", "states:CreateStateMachine"]))
    for_glue = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    with refused("AccessDeniedException", f"iam:PassRole on resource: {role} because no"):
        client("glue").create_job(**job)
    account.grant(
        allow(["glue:CreateJob", "states:CreateStateMachine"]),
        allow("iam:PassRole", role, **for_glue),
    )
    with refused("AccessDeniedException", f"iam:PassRole on resource: {role}"):
        client("stepfunctions").create_state_machine(**machine)
    with refused("InvalidInputException", "assume role permissions for Glue"):
        client("glue").create_job(**job)
    account.root("iam").update_assume_role_policy(
        RoleName=f"{account.name}-job", PolicyDocument=trust("glue.amazonaws.com")
    )
    client("glue").create_job(**job)
    with refused("AccessDeniedException", "Neither the global service principal states."):
        account.root("stepfunctions").create_state_machine(**machine)


def test_a_role_is_assumed_by_whom_it_trusts(account: Account) -> None:
    role = account.role(name="target", trusts=trust("glue.amazonaws.com"))
    sts = account.session(allow("sts:AssumeRole"))("sts")
    with refused("AccessDenied", f"sts:AssumeRole on resource: {role}"):
        sts.assume_role(RoleArn=role, RoleSessionName="other")
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=role + "-missing", RoleSessionName="other")
    account.root("iam").update_assume_role_policy(
        RoleName=f"{account.name}-target", PolicyDocument=trust()
    )
    sts.assume_role(RoleArn=role, RoleSessionName="other")


def test_a_session_that_nobody_has_is_refused(account: Account) -> None:
    made_up = {"AccessKeyId": "ASIA" + "X" * 16, "SecretAccessKey": "x", "SessionToken": "x"}
    client = account.clients(made_up)
    with refused("UnrecognizedClientException"):
        client("glue").get_databases()
    with refused("InvalidClientTokenId"):
        client("sts").get_caller_identity()


def test_what_was_asked_for_is_told(account: Account) -> None:
    bucket = make_bucket(account, "a")
    s3 = account.session(allow("s3:GetObject"))("s3")
    for _ in range(2):
        s3.get_object(Bucket=account.name, Key="a")
    with refused("AccessDenied"):
        s3.delete_object(Bucket=account.name, Key="a")
    told = {each["action"]: each for each in account.decisions()}
    assert told["s3:GetObject"] == {
        "principal": f"arn:aws:iam::{ACCOUNT}:role/{account.name}-role",
        "action": "s3:GetObject",
        "resource": f"{bucket}/a",
        "allowed": True,
        "reason": "Allowed",
        "decided_by": "identity-based",
        "count": 2,
    }
    assert told["s3:DeleteObject"]["allowed"] is False


def test_who_may_not_list_is_not_told_that_an_object_is_missing(account: Account) -> None:
    bucket = make_bucket(account, "a")
    s3 = account.session(allow("s3:GetObject", f"{bucket}/*"))("s3")
    with refused("AccessDenied", f's3:ListBucket on resource: "{bucket}" because'):
        s3.get_object(Bucket=account.name, Key="missing")
    with refused("403"):
        s3.head_object(Bucket=account.name, Key="missing")
    account.grant(allow("s3:GetObject", f"{bucket}/*"), allow("s3:ListBucket", bucket))
    with refused("NoSuchKey"):
        s3.get_object(Bucket=account.name, Key="missing")
    with refused("404"):
        s3.head_object(Bucket=account.name, Key="missing")


def test_a_state_machine_with_a_log_has_a_role_that_may_make_it(account: Account) -> None:
    actions = ["CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"]
    actions += ["ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies"]
    allowed = [f"logs:{action}" for action in actions]
    role = account.role(allow(allowed), trusts=trust("states.amazonaws.com"))
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/{account.name}:*"
    account.root("logs").create_log_group(logGroupName=f"/{account.name}")
    machine = {
        "name": account.name,
        "roleArn": role,
        "definition": json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}),
        "loggingConfiguration": {
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
    }
    states = account.root("stepfunctions")
    with refused("AccessDeniedException", "not authorized to access the Log Destination"):
        states.create_state_machine(**machine)
    account.grant(allow([*allowed, "logs:DescribeLogGroups"]))
    states.create_state_machine(**machine)


@pytest.mark.parametrize("missing", ["a permission", "trust"])
def test_a_stack_is_refused_a_state_machine_whose_role_will_not_do(
    account: Account, missing: str
) -> None:
    trusted = "states" if missing == "a permission" else "glue"
    role = account.role(
        *([allow("logs:Put*")] if missing == "a permission" else [allow("logs:*")]),
        trusts=trust(f"{trusted}.amazonaws.com"),
    )
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    to_group = {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Group", "Arn"]}}}
    machine = {
        "RoleArn": role,
        "DefinitionString": json.dumps(definition),
        "LoggingConfiguration": {"Level": "ALL", "Destinations": [to_group]},
    }
    resources = {
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }
    stack = Stack(account.root, account.name)

    stack.deploy(resources, "ROLLBACK_COMPLETE")

    words = {
        "a permission": "is not authorized to perform: logs:CreateLogDelivery",
        "trust": "Neither the global service principal states.amazonaws.com",
    }
    assert words[missing] in stack.reasons()


def test_the_command_tells_what_of_a_roles_policy_was_used(account: Account) -> None:
    bucket = make_bucket(account, "a")
    s3 = account.session(allow(["s3:GetObject", "s3:PutObject"], f"{bucket}/*"))("s3")
    s3.get_object(Bucket=account.name, Key="a")
    command = [sys.executable, "-m", "etlocal", "permissions", "--role", account.name]
    command += ["--endpoint", account.endpoint.url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"used s3:GetObject\n    1 x {bucket}/a\n" in told
    assert f"unused s3:PutObject on {bucket}/*" in told
    told = subprocess.run([*command, "--policy"], capture_output=True, text=True, check=True).stdout
    assert json.loads(told)[f"{account.name}-role"]["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{bucket}/a"]}
    ]
