"""The Redshift Data API: statements that go on as they are asked for."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.aws_stub.redshift_serverless import RedshiftServerless
from tests.unit.deploy.aws_stub.redshift_statements import (
    ENDED,
    Statement,
    Sub,
    described_sub,
    listed,
    record_field,
)
from tests.unit.deploy.aws_stub.service import (
    AwsError,
    Request,
    Response,
    Service,
    page,
    without_nones,
)
from tests.unit.deploy.aws_stub.warehouse import (
    StatementError,
    Warehouse,
    reads_only,
)
from tests.unit.deploy.aws_stub.world import World

_SQL_BYTES = 100_000


class RedshiftData(Service):
    """Amazon Redshift Data API Reference; Management Guide, "Using the Amazon Redshift Data API".

    Each call lets every statement that has not ended go on by a step, in the order in which they
    were begun: SUBMITTED, PICKED, STARTED, then its end, which is when its SQL runs. So a statement
    whose caller is gone comes to its end nevertheless, while another caller asks.

    A token of the client's stands for the statement that was first begun by it (Management Guide,
    "Ensuring idempotency when calling the Amazon Redshift Data API"), whatever became of it; no
    token is ever forgotten, where AWS forgets them after some hours.

    Undocumented: which error a token with other parameters is. The stub's is ValidationException.
    """

    name = "redshift-data"
    invalid = "ValidationException"

    def __init__(self, world: World, serverless: RedshiftServerless, warehouse: Warehouse) -> None:
        super().__init__(world)
        self.warehouse = warehouse
        self.statements: list[Statement] = []
        self._serverless = serverless

    def fail(
        self, *, containing: str, message: str = "ERROR: injected", times: int | None = None
    ) -> None:
        """Let statements with a text in them fail, `times` times or until `heal`."""
        self.warehouse.fail(containing, message, times)

    def heal(self) -> None:
        """Let no statement fail any more."""
        self.warehouse.heal()

    def settle(self) -> None:
        """End what is under way."""
        for statement in self.statements:
            self._finish(statement)

    def ExecuteStatement(self, asked: Request) -> Response:
        """Begin a statement, which commits by itself."""
        return self._begin(asked, [asked["Sql"]], is_batch=False)

    def BatchExecuteStatement(self, asked: Request) -> Response:
        """Begin statements in one transaction, or each in its own if asked."""
        return self._begin(asked, asked["Sqls"], is_batch=True)

    def _begin(self, asked: Request, sqls: list[str], *, is_batch: bool) -> Response:
        self._tick()
        if not any(key in asked for key in ("WorkgroupName", "ClusterIdentifier", "SessionId")):
            raise _invalid("Either ClusterIdentifier or WorkgroupName must be specified.")
        if any(len(sql.encode()) > _SQL_BYTES for sql in sqls):
            raise _invalid("The maximum query statement size is 100 KB.")
        token = asked["ClientToken"]
        found = [each for each in self.statements if each.asked["ClientToken"] == token]
        if found and not found[0].is_same(asked, is_batch=is_batch):
            raise _invalid(f"The client token {token} was used by a request with other parameters.")
        if found:
            statement = found[0]
        else:
            self._check_workgroup(asked)
            made = self.world.uuid("statement")
            statement = Statement(made, asked, [Sub(sql) for sql in sqls], is_batch, self.now())
            self.statements.append(statement)
        answer = {
            "Id": statement.id, "CreatedAt": statement.created, "DbUser": "IAM:deployer",
            **{key: asked[key] for key in ("Database", "SecretArn", "WorkgroupName")
               if key in asked},
        }  # fmt: skip
        if "WaitTimeSeconds" in asked:
            self._finish(statement)
            answer["Status"] = statement.status
        return answer

    def _check_workgroup(self, asked: Request) -> None:
        name = asked.get("WorkgroupName")
        if name is not None and name.rsplit("/", 1)[-1] not in {
            part
            for each in self._serverless.workgroups.values()
            for part in (each["workgroupName"], each["workgroupId"])
        }:
            raise _invalid(f"Redshift endpoint doesn't exist in this region: {name}")

    def DescribeStatement(self, asked: Request) -> Response:
        """Describe a statement."""
        statement = self._statement(asked["Id"].partition(":")[0])
        self._tick()
        if "WaitTimeSeconds" in asked:
            self._finish(statement)
        first = statement.subs[-1]
        known = ("Database", "SecretArn", "WorkgroupName", "ClusterIdentifier", "ExecutionMode")
        return without_nones({
            **{key: statement.asked.get(key) for key in known},
            "Id": statement.id, "Status": statement.status, "Error": statement.error,
            "CreatedAt": statement.created, "UpdatedAt": self.now(), "Duration": 1,
            "QueryString": None if statement.is_batch else first.sql,
            "QueryParameters": statement.asked.get("Parameters"),
            "HasResultSet": any(each.result is not None for each in statement.subs),
            "ResultRows": -1 if first.result is None else len(first.result.rows),
            "ResultSize": -1 if first.result is None else len(str(first.result.rows)),
            "RedshiftPid": 1, "RedshiftQueryId": 1 if statement.status in ENDED else 0,
            "ResultFormat": statement.asked.get("ResultFormat", "JSON"),
            "SubStatements": [
                described_sub(statement, place, each) for place, each in enumerate(statement.subs)
            ] if statement.is_batch else None,
        })  # fmt: skip

    def GetStatementResult(self, asked: Request) -> Response:
        """Give a finished statement's rows, a page at a time."""
        identity, _, number = asked["Id"].partition(":")
        statement = self._statement(identity)
        self._tick()
        if statement.is_batch and not number:
            raise AwsError(
                "ResourceNotFoundException", "Query does not have result. Name a sub-statement."
            )
        place = int(number or 1) - 1
        result = statement.subs[place].result if place < len(statement.subs) else None
        if statement.status != "FINISHED" or result is None:
            raise AwsError(
                "ResourceNotFoundException",
                "Query does not have result. Please check query status with DescribeStatement.",
            )
        rows, token = page(
            result.rows, asked.get("NextToken"), self.world.page_size,
            lambda: _invalid("The next token is not valid."),
        )  # fmt: skip
        return without_nones({
            "Records": [[record_field(value) for value in row] for row in rows],
            "ColumnMetadata": [
                {"name": name, "label": name, "typeName": kind, "nullable": 1}
                for name, kind in result.columns
            ],
            "TotalNumRows": len(result.rows),
            "NextToken": token,
        })  # fmt: skip

    def ListStatements(self, asked: Request) -> Response:
        """List statements, the newest first: of a name's beginning, of a status, of a workgroup."""
        self._tick()
        prefix, status = asked.get("StatementName", ""), asked.get("Status", "ALL")
        found = [
            each for each in reversed(self.statements)
            if each.asked.get("StatementName", "").startswith(prefix)
            and status in ("ALL", each.status)
            and all(asked.get(key) in (None, each.asked.get(key))
                    for key in ("WorkgroupName", "ClusterIdentifier", "Database"))
        ]  # fmt: skip
        size = min(asked.get("MaxResults") or 100, self.world.page_size)
        shown, token = page(
            found, asked.get("NextToken"), size, lambda: _invalid("The next token is not valid.")
        )
        return without_nones(
            {"Statements": [listed(each, self.now()) for each in shown], "NextToken": token}
        )

    def CancelStatement(self, asked: Request) -> Response:
        """Stop a statement that has not ended: nothing of it is committed."""
        statement = self._statement(asked["Id"])
        if statement.status in ENDED:
            raise _invalid(f"Could not cancel a query that is already in {statement.status} state")
        self._abort(statement)
        return {"Status": True}

    def _statement(self, identity: str) -> Statement:
        for statement in self.statements:
            if statement.id == identity:
                return statement
        raise AwsError("ResourceNotFoundException", "Query does not exist.")

    def _abort(self, statement: Statement) -> None:
        statement.status, statement.coming = "ABORTED", []
        for sub in statement.subs:
            sub.status = "ABORTED"

    def _tick(self) -> None:
        for statement in self.statements:
            for _ in range(self.world.pace):
                self._advance(statement)

    def _finish(self, statement: Statement) -> None:
        while statement.coming:
            self._advance(statement)

    def _advance(self, statement: Statement) -> None:
        if not statement.coming:
            return
        statement.status = statement.coming.pop(0)
        for sub in statement.subs:
            sub.status = statement.status
        if statement.status != "FINISHED":
            return
        if statement.asked.get("ExecutionMode") == "AUTO_COMMIT":
            for sub in statement.subs:
                self._run(statement, [sub])
        else:
            self._run(statement, statement.subs)

    def _run(self, statement: Statement, subs: list[Sub]) -> None:
        """Run statements in one transaction: all are committed, or none."""
        parameters = statement.parameters
        self.warehouse.begin()
        for place, sub in enumerate(subs):
            try:
                sub.result = self.warehouse.run(sub.sql, parameters)
            except StatementError as error:
                self.warehouse.roll_back()
                sub.status, sub.error = "FAILED", str(error)
                for other in subs[place + 1 :]:
                    other.status = "ABORTED"
                number = statement.subs.index(sub) + 1
                which = f"Query #{number} failed with " if statement.is_batch else ""
                statement.status, statement.error = "FAILED", f"{which}{error}"
                return
        self.warehouse.commit([(sub.sql, parameters) for sub in subs])

    def snapshot(self) -> dict[str, Any]:
        """Give what was committed: statements in order with how often, and the own tables' rows.

        Statements that change nothing are left out, and so are those on the deployment's own
        tables, as the rows say what these came to.
        """
        applied = [
            {"sql": self.world.forget(each.sql), "times": each.times,
             "parameters": self.world.forget(each.parameters)}
            for each in self.warehouse.applied.values()
            if not reads_only(each.sql) and not self.warehouse.is_own(each.sql)
        ]  # fmt: skip
        return {"statements": applied, "tables": self.world.forget(self.warehouse.tables())}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
