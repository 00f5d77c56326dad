"""Which end-to-end tests need which permissions of the template."""

from __future__ import annotations

FILE = "test_day_that_grows_is_loaded_and_nobody_is_denied_anything"
CHANGE = "test_warehouse_table_that_has_changed_is_changed_in_the_catalog"
STOP = "test_stopped_execution_stops_the_run_it_waits_for"
DEAD = "test_event_that_may_start_nothing_is_kept_for_two_weeks"
ALARM = "test_alarm_tells_the_topic"
BUSY = "test_file_that_meets_a_running_crawler_and_a_busy_job_is_loaded"

# The modules that have these tests, under tests/e2e.
MODULES = ("test_permissions.py", "test_points.py")

_NEEDED = {
    FILE: {
        "RuleRole/StartTheExecution": "states:StartExecution",
        "StateMachineRole/Crawl": "glue:StartCrawler glue:GetCrawler",
        "StateMachineRole/RunTheJob": "glue:StartJobRun glue:GetJobRun",
        "StateMachineRole/AskTheWarehouse": "redshift-data:ExecuteStatement",
        "StateMachineRole/ReadItsAnswer": (
            "redshift-data:DescribeStatement redshift-data:GetStatementResult"
        ),
        "StateMachineRole/WarehouseLogin": "secretsmanager:GetSecretValue",
        "StateMachineRole/Notify": "sns:Publish",
        "StateMachineRole/EncryptTheMessage": "kms:GenerateDataKey kms:Decrypt",
        "TopicKey/TheAccountsPoliciesSayWho": "kms:*",
        "StateMachineRole/Log": (
            "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery"
            " logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy"
            " logs:DescribeResourcePolicies logs:DescribeLogGroups"
        ),
        "RawCrawlerRole/ListRawFlights": "s3:ListBucket",
        "RawCrawlerRole/ReadRawFlights": "s3:GetObject",
        "RawCrawlerRole/WriteTheCatalog": (
            "glue:GetDatabase glue:GetTables glue:CreateTable glue:UpdateTable"
            " glue:GetPartitions glue:BatchCreatePartition glue:UpdatePartition"
        ),
        "RawCrawlerRole/Log": "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents",
        "WarehouseCrawlerRole/WriteTheCatalog": "glue:GetDatabase glue:GetTables glue:CreateTable",
        "WarehouseCrawlerRole/UseTheConnection": "glue:GetConnection",
        "WarehouseCrawlerRole/WarehouseLogin": "secretsmanager:GetSecretValue",
        "WarehouseCrawlerRole/Log": "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents",
        "JobRole/ReadTheScript": "s3:GetObject",
        "JobRole/ListRawFlights": "s3:ListBucket",
        "JobRole/ReadRawFlights": "s3:GetObject",
        "JobRole/ListItsTemporaryFiles": "s3:ListBucket s3:GetLifecycleConfiguration",
        "JobRole/UseItsTemporaryFiles": "s3:GetObject s3:PutObject s3:DeleteObject",
        "JobRole/ReadTheCatalog": "glue:GetTable glue:GetPartitions",
        "JobRole/ReadItsBookmark": "glue:GetJobBookmark",
        "JobRole/UseTheConnection": "glue:GetConnection",
        "JobRole/WarehouseLogin": "secretsmanager:GetSecretValue",
        "JobRole/Log": "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents",
        "RedshiftRole/ListTheDimension": "s3:ListBucket",
        "RedshiftRole/ReadTheDimension": "s3:GetObject",
        "RedshiftRole/ListTheJobsTemporaryFiles": "s3:ListBucket",
        "RedshiftRole/CopyFromAndUnloadToThem": "s3:GetObject s3:PutObject",
    },
    CHANGE: {"WarehouseCrawlerRole/WriteTheCatalog": "glue:UpdateTable"},
    STOP: {"StateMachineRole/RunTheJob": "glue:BatchStopJobRun"},
    BUSY: {"StateMachineRole/RunTheJob": "glue:GetJobRuns"},
    ALARM: {
        "TopicKey/AlarmsOfThisStack": "kms:GenerateDataKey* kms:Decrypt",
        "TopicPolicy/AlarmsOfThisStack": "sns:Publish",
    },
    DEAD: {"DeadLetterQueuePolicy/UndeliveredEvents": "sqs:SendMessage"},
}

TESTS: dict[str, tuple[str, ...]] = {}
"""Permission's name (``JobRole/ReadRawFlights/s3:GetObject``) → the tests that need it."""
for _test, _statements in _NEEDED.items():
    for _statement, _actions in _statements.items():
        for _action in _actions.split():
            _name = f"{_statement}/{_action}"
            TESTS[_name] = (*TESTS.get(_name, ()), _test)
