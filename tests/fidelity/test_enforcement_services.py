"""What services do for a resource is evaluated as what the resource's role, or the service, does.

Sources: Step Functions Developer Guide, "Handling errors in Step Functions workflows"; EventBridge
User Guide, "Using dead-letter queues to process undelivered events" and "Using resource-based
policies for Amazon EventBridge"; Amazon SNS Developer Guide, "Subscribing an Amazon SQS queue".
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .conftest import Endpoint
from .enforcing import ACCOUNT, Account, allow, document, refused, trust

PASSING = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


@pytest.fixture
def account(enforcing: Endpoint, name: str) -> Account:
    return Account(enforcing, name)


def until(ask: Any, seconds: float = 30) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return answer


def make_queue(account: Account, name: str, policy: str | None = None) -> tuple[str, str]:
    sqs = account.root("sqs")
    name = f"{account.name}-{name}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    if policy:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def sending(service: str, queue: str, source: str) -> str:
    """Make a queue's policy that lets a service send for a resource."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {
                "ArnEquals": {"aws:SourceArn": source},
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        }
    )


def received(account: Account, url: str) -> list[dict[str, Any]]:
    answer = account.root("sqs").receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=0
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def make_machine(account: Account, definition: dict[str, Any], role: str) -> str:
    made = account.root("stepfunctions").create_state_machine(
        name=account.name, definition=json.dumps(definition), roleArn=role
    )
    arn: str = made["stateMachineArn"]
    return arn


def ended(account: Account, machine: str) -> dict[str, Any]:
    states = account.root("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def ask() -> Any:
        told = states.describe_execution(executionArn=execution)
        return told if told["status"] != "RUNNING" else None

    answer: dict[str, Any] = until(ask)
    return answer


def make_rule(account: Account, target: dict[str, Any]) -> str:
    events = account.root("events")
    arn: str = events.put_rule(
        Name=account.name, EventPattern=json.dumps({"source": [account.name]})
    )["RuleArn"]
    answer = events.put_targets(Rule=account.name, Targets=[{"Id": "t", **target}])
    assert not answer["FailedEntries"]
    return arn


def tell(account: Account) -> None:
    entry = {"Source": account.name, "DetailType": "told", "Detail": "{}"}
    account.root("events").put_events(Entries=[entry])


def decided(account: Account, action: str) -> dict[str, Any]:
    """Wait for a decision on an action of this test's resources."""

    def ask() -> Any:
        _, told = account.endpoint.call("GET", "/_etlocal/permissions")
        return [
            each
            for each in told["decisions"]
            if each["action"] == action and account.name in each["principal"] + each["resource"]
        ]

    found: dict[str, Any] = until(ask)[0]
    return found


def test_a_task_is_denied_what_its_role_lacks_and_can_catch_it(account: Account) -> None:
    role = account.role(
        allow("glue:GetCrawler"), trusts=trust("states.amazonaws.com"), name="states"
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:startCrawler",
        "Parameters": {"Name": account.name},
        "End": True,
    }
    catch = [{"ErrorEquals": ["Glue.AccessDeniedException"], "Next": "Caught", "ResultPath": "$"}]
    caught = {
        "StartAt": "T",
        "States": {"T": {**task, "Catch": catch}, "Caught": {"Type": "Pass", "End": True}},
    }
    machine = make_machine(account, caught, role)
    told = ended(account, machine)
    assert told["status"] == "SUCCEEDED"
    cause = json.loads(told["output"])["Cause"]
    crawler = f"arn:aws:glue:us-east-1:{ACCOUNT}:crawler/{account.name}"
    assert f"is not authorized to perform: glue:StartCrawler on resource: {crawler}" in cause
    assert f"assumed-role/{account.name}-states/" in cause
    account.root("stepfunctions").update_state_machine(
        stateMachineArn=machine, definition=json.dumps({"StartAt": "T", "States": {"T": task}})
    )
    told = ended(account, machine)
    assert (told["status"], told["error"]) == ("FAILED", "Glue.AccessDeniedException")
    account.grant(allow("glue:StartCrawler", crawler), name="states")
    assert ended(account, machine)["error"] == "Glue.EntityNotFoundException"


@pytest.mark.parametrize("key", ["aws:SourceArn", "aws:SourceAccount"])
def test_a_state_machines_role_may_trust_one_state_machine(account: Account, key: str) -> None:
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{account.name}"
    right = {"aws:SourceArn": arn, "aws:SourceAccount": ACCOUNT}[key]
    wrong = {"aws:SourceArn": f"{arn}-other", "aws:SourceAccount": "444455556666"}[key]

    def trusting(value: str) -> str:
        return trust("states.amazonaws.com", StringEquals={key: value})

    calling = allow("glue:GetDatabases")
    role = account.role(calling, trusts=trusting(wrong), name="states")
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getDatabases", "End": True}
    definition = {"StartAt": "T", "States": {"T": {**task, "Parameters": {}}}}
    with refused("AccessDeniedException", "Neither the global service principal states"):
        make_machine(account, definition, role)
    iam, name = account.root("iam"), f"{account.name}-states"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusting(right))
    machine = make_machine(account, definition, role)
    assert ended(account, machine)["status"] == "SUCCEEDED"
    account.root("stepfunctions").update_state_machine(stateMachineArn=machine, roleArn=role)


def test_a_role_that_trusts_another_state_machine_is_not_assumed_by_a_task(
    account: Account,
) -> None:
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{account.name}"
    iam = account.root("iam")
    role = account.role(allow("*"), trusts=trust("states.amazonaws.com"), name="states")
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getDatabases", "End": True}
    definition = {"StartAt": "T", "States": {"T": {**task, "Parameters": {}}}}
    machine = make_machine(account, definition, role)
    other = trust("states.amazonaws.com", ArnEquals={"aws:SourceArn": f"{arn}-other"})
    iam.update_assume_role_policy(RoleName=f"{account.name}-states", PolicyDocument=other)
    assert ended(account, machine)["status"] == "FAILED"


def test_a_rules_target_is_started_by_its_role(account: Account) -> None:
    queue, queue_arn = make_queue(account, "dead")
    states = account.role(trusts=trust("states.amazonaws.com"), name="states")
    machine = make_machine(account, PASSING, states)
    conditions = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    role = account.role(trusts=trust("events.amazonaws.com", **conditions), name="rule")
    target = {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": queue_arn}}
    rule = make_rule(account, target)
    account.root("sqs").set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": sending("events", queue_arn, rule)}
    )
    tell(account)
    message = until(lambda: received(account, queue))[0]
    attributes = {
        name: value["StringValue"] for name, value in message["MessageAttributes"].items()
    }
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "states:StartExecution on resource: " + machine in attributes["ERROR_MESSAGE"]
    # What a retry cannot mend is not tried again.
    assert attributes["RETRY_ATTEMPTS"] == "0"
    account.grant(allow("states:StartExecution", machine), name="rule")
    tell(account)
    list_executions = account.root("stepfunctions").list_executions
    until(lambda: list_executions(stateMachineArn=machine)["executions"])


def test_a_role_that_does_not_trust_the_rules_service(account: Account) -> None:
    role = account.role(trusts=trust("glue.amazonaws.com"), name="rule")
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{account.name}"
    with refused("ValidationException", f"Provided role '{role}' cannot be assumed by principal"):
        make_rule(account, {"Arn": machine, "RoleArn": role})
    iam, name = account.root("iam"), f"{account.name}-rule"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("events.amazonaws.com"))
    queue, queue_arn = make_queue(account, "dead")
    target = {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": queue_arn}}
    rule = make_rule(account, target)
    account.root("sqs").set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": sending("events", queue_arn, rule)}
    )
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("glue.amazonaws.com"))
    tell(account)
    message = until(lambda: received(account, queue))[0]
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "FAILED_TO_ASSUME_ROLE"


def test_an_event_is_lost_where_the_dead_letter_queues_policy_does_not_let_it_in(
    account: Account,
) -> None:
    queue, queue_arn = make_queue(account, "dead")
    role = account.role(trusts=trust("events.amazonaws.com"), name="rule")
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{account.name}"
    rule = make_rule(
        account, {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": queue_arn}}
    )
    other = sending("events", queue_arn, rule + "-other")
    account.root("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": other})
    tell(account)
    denied = decided(account, "sqs:SendMessage")
    assert denied["principal"] == "events.amazonaws.com"
    assert denied["resource"] == queue_arn
    assert (denied["allowed"], denied["decided_by"]) == (False, "resource-based")
    assert received(account, queue) == []


@pytest.mark.parametrize("trusted", [True, False])
def test_a_topic_sends_to_a_queue_whose_policy_lets_it(account: Account, trusted: bool) -> None:
    queue, queue_arn = make_queue(account, "subscribed")
    sns = account.root("sns")
    topic = sns.create_topic(Name=account.name)["TopicArn"]
    if trusted:
        policy = sending("sns", queue_arn, topic)
        account.root("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    sns.publish(TopicArn=topic, Message="m")
    decision = decided(account, "sqs:SendMessage")
    assert (decision["principal"], decision["allowed"]) == ("sns.amazonaws.com", trusted)
    if trusted:
        until(lambda: received(account, queue))
    else:
        assert received(account, queue) == []


def crawled(account: Account) -> dict[str, Any]:
    """Run a crawler of this test's bucket with the role ``crawler``; give its last crawl."""
    glue = account.root("glue")

    def ask() -> Any:
        crawler = glue.get_crawler(Name=account.name)["Crawler"]
        return crawler if crawler["State"] == "READY" and "LastCrawl" in crawler else None

    glue.start_crawler(Name=account.name)
    time.sleep(0.2)
    crawl: dict[str, Any] = until(ask)["LastCrawl"]
    return crawl


def test_a_crawler_reads_and_writes_as_its_role(account: Account) -> None:
    s3, glue = account.root("s3"), account.root("glue")
    s3.create_bucket(Bucket=account.name)
    s3.put_object(Bucket=account.name, Key="raw/a.csv", Body=b"a,b\n1,2\n3,4\n")
    glue.create_database(DatabaseInput={"Name": account.name})
    read = [
        allow("s3:ListBucket", f"arn:aws:s3:::{account.name}"),
        allow("s3:GetObject", f"arn:aws:s3:::{account.name}/raw/*"),
    ]
    catalog = ["glue:GetDatabase", "glue:GetTables", "glue:GetPartitions", "glue:UpdateTable"]
    role = account.role(*read, allow(catalog), trusts=trust("glue.amazonaws.com"), name="crawler")
    glue.create_crawler(
        Name=account.name,
        Role=role,
        DatabaseName=account.name,
        Targets={"S3Targets": [{"Path": f"s3://{account.name}/raw/"}]},
    )
    crawl = crawled(account)
    assert crawl["Status"] == "FAILED"
    assert f"assumed-role/{account.name}-crawler/AWS-Crawler" in crawl["ErrorMessage"]
    assert "is not authorized to perform: glue:CreateTable on resource" in crawl["ErrorMessage"]
    account.grant(allow("s3:ListBucket"), allow([*catalog, "glue:CreateTable"]), name="crawler")
    # A file that was read before is not read again.
    s3.put_object(Bucket=account.name, Key="raw/b.csv", Body=b"a,b\n5,6\n7,8\n")
    crawl = crawled(account)
    assert crawl["Status"] == "FAILED"
    assert "s3:GetObject on resource" in crawl["ErrorMessage"]
    account.grant(*read, allow([*catalog, "glue:CreateTable"]), name="crawler")
    assert crawled(account)["Status"] == "SUCCEEDED"
    assert glue.get_table(DatabaseName=account.name, Name="raw")
    # A log that it may not write fails no crawl.
    asked = {each["action"]: each["allowed"] for each in account.decisions()}
    assert asked["logs:CreateLogGroup"] is False


@pytest.mark.parametrize("kind", ["crawler", "job"])
def test_a_role_may_trust_glue_for_one_crawler_or_job(account: Account, kind: str) -> None:
    def trusting(name: str) -> str:
        arn = f"arn:aws:glue:us-east-1:{ACCOUNT}:{kind}/{name}"
        return trust("glue.amazonaws.com", ArnEquals={"aws:SourceArn": arn})

    def make() -> None:
        if kind == "job":
            make_job(account, role)
            return
        account.root("glue").create_crawler(
            Name=account.name,
            Role=role,
            DatabaseName="d",
            Targets={"S3Targets": [{"Path": "s3://b/"}]},
        )

    role = account.role(trusts=trusting("other"), name="glue")
    with refused("InvalidInputException", "assume"):
        make()
    account.root("iam").update_assume_role_policy(
        RoleName=f"{account.name}-glue", PolicyDocument=trusting(account.name)
    )
    make()


def run_of(account: Account, run_id: str) -> dict[str, Any]:
    answer = account.root("glue").get_job_run(JobName=account.name, RunId=run_id)
    run: dict[str, Any] = answer["JobRun"]
    return run


def make_job(account: Account, role: str) -> None:
    account.root("glue").create_job(
        Name=account.name,
        Role=role,
        Command={"Name": "glueetl", "ScriptLocation": "s3://b/s.py"},
        GlueVersion="5.1",
    )


def test_a_run_reads_its_jobs_bookmark_as_its_role(account: Account) -> None:
    glue = account.root("glue")
    make_job(account, account.role(trusts=trust("glue.amazonaws.com"), name="job"))
    run = glue.start_job_run(JobName=account.name)["JobRunId"]
    path = (
        f"/_etlocal/glue/bookmarks/{account.name}?account={ACCOUNT}&region=us-east-1&run_id={run}"
    )
    status, told = account.endpoint.call("GET", path)
    job = f"arn:aws:glue:us-east-1:{ACCOUNT}:job/{account.name}"
    assert (status, told["code"]) == (400, "AccessDeniedException")
    assert f"glue:GetJobBookmark on resource: {job}" in told["message"]
    assert "/GlueJobRunnerSession is not" in told["message"]
    account.grant(allow("glue:GetJobBookmark", job), name="job")
    assert account.endpoint.call("GET", path)[0] == 200
    glue.batch_stop_job_run(JobName=account.name, JobRunIds=[run])


def test_a_run_whose_role_does_not_trust_glue_fails(account: Account) -> None:
    role = account.role(trusts=trust("glue.amazonaws.com"), name="job")
    make_job(account, role)
    account.root("iam").update_assume_role_policy(
        RoleName=f"{account.name}-job", PolicyDocument=trust("states.amazonaws.com")
    )
    run = account.root("glue").start_job_run(JobName=account.name)["JobRunId"]
    until(lambda: run_of(account, run)["JobRunState"] == "FAILED")
    message = run_of(account, run)["ErrorMessage"]
    assert f"The role {role} could not be assumed" in message
    assert "User: glue.amazonaws.com is not authorized to perform: sts:AssumeRole" in message
