"""A Redshift to drive with random requests: a real store, worker and engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.validate import ParamValidator

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.aws.operations import Operations
from etlocal.aws.store import Store
from etlocal.redshift import SERVICES
from etlocal.redshift.data.worker import Worker
from etlocal.settings import Settings

from .conftest import FakeClients

ACCOUNT, REGION = "000000000000", "us-east-1"
# What a service may answer to any operation, beside what its model declares.
COMMON = {"ValidationException", "NotImplemented", "InvalidParameterValue"}
READING = ("Get", "List", "Describe")
# They keep, hashed, the password that they lend.
LENDING = ("GetCredentials", "GetClusterCredentials", "GetClusterCredentialsWithIAM")
SQLS = [
    "select 1 as a", "select :p", "create table if not exists made (a int)", "selec", "",
    "insert into made values (1)", "select * from pg_catalog.pg_class", "begin", "commit",
]  # fmt: skip
TABLES = {service.name: service.operations for service in SERVICES}


def operations() -> Iterator[tuple[str, str]]:
    """Every emulated operation with its service."""
    for service in SERVICES:
        for operation in service.operations.implemented:
            yield service.name, operation


class RandomRedshift:
    """Answers requests, and checks what holds for every answer."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(state_dir=folder / "state", cache_dir=folder / "cache", time_scale=0.01)
        store = Store(folder / "state.sqlite")
        self.runtime = Runtime(settings, store, FakeClients())
        for service in SERVICES:
            service.start(self.runtime)
        self.call = Call(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "id", self.runtime)
        self.store = store
        self._fill()
        self._base = self.dump()

    def close(self) -> None:
        """Stop what works in the background."""
        for service in SERVICES:
            service.stop(self.runtime)

    def ask(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        """Carry out an operation that must succeed."""
        return TABLES[service].handle(operation, request, self.call)

    def _fill(self) -> None:
        serverless, data = "redshift-serverless", "redshift-data"
        self.ask(serverless, "CreateNamespace", namespaceName="house")
        self.ask(serverless, "CreateNamespace", namespaceName="spare")
        made = self.ask(
            serverless, "CreateWorkgroup", workgroupName="group", namespaceName="house"
        )["workgroup"]
        limit = self.ask(
            serverless, "CreateUsageLimit", resourceArn=made["workgroupArn"],
            usageType="serverless-compute", amount=5,
        )["usageLimit"]  # fmt: skip
        self.ask(
            "redshift", "CreateCluster", ClusterIdentifier="c1", NodeType="ra3.large",
            MasterUsername="admin", MasterUserPassword="Passw0rdIsLong",
        )  # fmt: skip
        target = {"WorkgroupName": "group", "Database": "dev"}
        csv = {"Sql": "select 'x' as b", "ResultFormat": "CSV"}
        ids = [
            self.ask(data, "ExecuteStatement", **target, **more)["Id"]
            for more in ({"Sql": "select 1 as a"}, {"Sql": "selec"}, csv)
        ]
        batch = self.ask(data, "BatchExecuteStatement", Sqls=["select 1", "select 2"], **target)
        ids.append(batch["Id"])
        for identity in ids:
            self.runtime.component(Worker).wait(identity, 60)
        arn = f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:c1"
        gone = "00000000-0000-0000-0000-000000000000"
        self.known: dict[str, Sequence[Any]] = {
            "Id": [*ids, f"{ids[3]}:1", f"{ids[3]}:9", gone],
            "Sql": SQLS, "Sqls": [*([sql] for sql in SQLS), SQLS[:3]],
            "Database": ["dev", "nope"], "ConnectedDatabase": ["dev"],
            "WorkgroupName": ["group"], "workgroupName": ["group", "other"],
            "namespaceName": ["house", "spare", "other"],
            "ClusterIdentifier": ["c1", "c2", "C1"], "SessionId": [gone],
            "DbUser": ["ann"], "Schema": ["public"], "Table": ["made"],
            "SchemaPattern": ["pub%", "_ublic"], "TablePattern": ["%", "ma_e"],
            "Parameters": [[{"name": "p", "value": "'; --"}]],
            "resourceArn": [made["workgroupArn"]], "usageLimitId": [limit["usageLimitId"]],
            "ResourceName": [arn], "MasterUserPassword": ["Passw0rdIsLong"],
            "MasterUsername": ["admin"], "NodeType": ["ra3.large"], "DBName": ["dev"],
            "dbName": ["dev"],
        }  # fmt: skip

    def reset(self) -> None:
        """Bring the store back to what it was at first."""
        with self.store.transaction() as tx:
            for table, rows in self._base.items():
                tx.execute(f'DELETE FROM "{table}"')
                for row in rows:
                    tx.execute(f'INSERT INTO "{table}" VALUES ({",".join("?" * len(row))})', row)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give everything that the store holds, but for the numbers given out."""
        with self.store.transaction() as tx:
            names = [
                row["name"]
                for row in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if row["name"] not in ("sqlite_sequence", "redshift_query_ids")
            ]
            return {
                name: sorted(
                    (tuple(row) for row in tx.execute(f'SELECT * FROM "{name}"')), key=repr
                )
                for name in names
            }

    def check(
        self, service: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any] | AwsError:
        """Carry out an operation, and check what holds whatever it is.

        Returns
        -------
        dict or AwsError
            The response, which fits the model; or the error, which is one that the operation may
            answer and has left everything as it was.
        """
        table: Operations = TABLES[service]
        before = self.dump()
        try:
            response = table.handle(operation, request, self.call)
        except AwsError as error:
            assert self.dump() == before, f"{operation} was refused and changed the store"
            self._check_error(table, operation, error)
            return error
        if operation.endswith("ExecuteStatement"):
            self._check_statement(response)
        elif operation.startswith(READING):
            after = self.dump()
            if operation in LENDING:
                after["redshift_logins"] = before["redshift_logins"]
            assert after == before, f"{operation} changed the store"
        shape = table.model.operation_model(operation).output_shape
        if shape is not None:
            # A list that the model wants at least one member in is still empty where nothing is.
            needed = shape.required_members
            found = {name: v for name, v in response.items() if v != [] or name in needed}
            report = ParamValidator().validate(found, shape)
            assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        json.dumps(response, default=lambda time: time.timestamp(), ensure_ascii=False).encode()
        return response

    def _check_statement(self, response: dict[str, Any]) -> None:
        self.runtime.component(Worker).wait(response["Id"], 60)
        described = self.ask("redshift-data", "DescribeStatement", Id=response["Id"])
        assert described["Status"] in ("FINISHED", "FAILED", "ABORTED")
        assert "internal error" not in described.get("Error", "")
        for part in described.get("SubStatements", []):
            assert part["Status"] in ("FINISHED", "FAILED", "ABORTED")

    def _check_error(self, table: Operations, operation: str, error: AwsError) -> None:
        model = table.model.operation_model(operation)
        declared = {shape.name for shape in model.error_shapes}
        declared |= {
            shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes
        }
        assert error.code in declared | COMMON, f"{operation}: {error.code}: {error}"
        assert error.status < 500 or error.code == "NotImplemented"
        assert error.message.encode()
