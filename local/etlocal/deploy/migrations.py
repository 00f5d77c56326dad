"""Warehouse scripts as recorded migrations: each once, in order, in a transaction.

A table of the warehouse itself says which have run, and a script's row is written in the script's
own transaction: so one is there with the other, whatever is cut off, and both go with the
warehouse.

Sources: Amazon Redshift Management Guide, "Using the Amazon Redshift Data API" (the statements of a
batch are one transaction; a batch has 40 at most); API Reference, ``BatchExecuteStatement`` and
``ListStatements``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etlocal.clients import Clients
from etlocal.deploy.deployed import Deployed, DeployError
from etlocal.deploy.sql import UNFINISHED, await_statement, fill_in, statements
from etlocal.deploy.stacks import Progress
from etlocal.templates import Template

TABLE = "public.etlocal_migrations"
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (script VARCHAR(255) NOT NULL, "
    "sha256 CHAR(64) NOT NULL, applied_at TIMESTAMP NOT NULL)"
)
_LONGEST_BATCH = 40
# Before a script's own statements and after them: the lock, the question, the record.
_OURS = 3
_NAME = re.compile(r"[\w.-]{1,255}")


@dataclass(frozen=True)
class Script:
    """A warehouse script.

    Attributes
    ----------
    name : str
        The file's name, which says its place in the order.
    sha256 : str
        Of the file as it is, before outputs are filled in.
    file : Path
    """

    name: str
    sha256: str
    file: Path


def scripts(template: Template) -> list[Script]:
    """List the template's warehouse scripts in order.

    Raises
    ------
    DeployError
        If a name has characters that SQL would have to escape, or a script has too many statements
        for one transaction of the Data API.
    """
    warehouse = template.metadata.Warehouse
    if warehouse is None:
        return []
    found = []
    for file in sorted(template.file(warehouse.Scripts).glob("*.sql")):
        if not _NAME.fullmatch(file.name):
            raise DeployError(
                f"{file}: a script's name is of letters, digits, '_', '-' and '.', 255 at most"
            )
        count = len(statements(file.read_text()))
        if count > _LONGEST_BATCH - _OURS:
            raise DeployError(
                f"{file} has {count} statements, and one transaction of the Redshift Data API has "
                f"room for {_LONGEST_BATCH - _OURS}: divide it into several scripts"
            )
        found.append(Script(file.name, hashlib.sha256(file.read_bytes()).hexdigest(), file))
    return found


def pending(known: list[Script], applied: dict[str, str]) -> list[Script]:
    """Give the scripts that have not run, in order.

    Parameters
    ----------
    known : list of Script
    applied : dict
        Name → hash of those that have.

    Raises
    ------
    DeployError
        If one that has run was changed since, or a new one comes before it.
    """
    changed = [each for each in known if applied.get(each.name, each.sha256) != each.sha256]
    if changed:
        raise DeployError(
            f"{changed[0].file} has run on the warehouse and was changed since: it does not run "
            "again. Take the change back and write a new script, last by its name, that changes "
            "what is there (locally, `etlocal reset` begins anew instead)"
        )
    new = [each for each in known if each.name not in applied]
    last = max(applied, default="")
    if new and new[0].name < last:
        raise DeployError(
            f"{new[0].file} comes before {last} by its name, which has run on the warehouse "
            "already: scripts run in order. Give it a name that comes last"
        )
    return new


class Migrations:
    """Runs the scripts of a deployed template.

    Parameters
    ----------
    clients : Clients
    deployed : Deployed
    known : list of Script
        What `scripts` gives of its template.
    progress : callable
    """

    def __init__(
        self, clients: Clients, deployed: Deployed, known: list[Script], progress: Progress
    ) -> None:
        self._clients = clients
        self._data = clients.client("redshift-data")
        self._deployed = deployed
        self._known = known
        self._progress = progress

    def pending(self) -> list[Script]:
        """Give the scripts that have not run on the warehouse, once none is under way any more.

        Raises
        ------
        DeployError
            As the function `pending` says, or if the warehouse cannot be asked.
        """
        if not self._known:
            return []
        self._await_earlier()
        return pending(self._known, self._applied())

    def run(self) -> list[str]:
        """Run what has not run; give the names.

        Raises
        ------
        DeployError
            At the first script that fails; it is rolled back, and those before it are recorded.
        """
        if not self._known:
            return []
        self._await_earlier()
        self._finish(self._execute(_CREATE), "the table of what has run")
        waiting = pending(self._known, self._applied())
        for script in waiting:
            self._progress(f"running {script.name}")
            self._run(script)
        return [script.name for script in waiting]

    def _run(self, script: Script) -> None:
        outputs = self._deployed.outputs
        sqls = [
            # Whoever else runs it at this moment waits here, and fails at the next line.
            f"LOCK {TABLE}",
            f"SELECT 1 / (1 - COUNT(*)) FROM {TABLE} WHERE script = '{script.name}'",  # noqa: S608 - checked
            *statements(fill_in(script.file.read_text(), outputs, script.file)),
            f"INSERT INTO {TABLE} VALUES ('{script.name}', '{script.sha256}', GETDATE())",  # noqa: S608 - checked
        ]
        started = self._data.batch_execute_statement(
            Sqls=sqls, StatementName=f"{self._prefix}{script.name}", **self._target
        )
        self._finish(started["Id"], f"{script.file} failed and was rolled back")

    @property
    def _prefix(self) -> str:
        """How the statements of this stack's scripts are named."""
        return f"etlocal/{self._deployed.stack}/"

    @property
    def _target(self) -> dict[str, str]:
        warehouse = self._deployed.template.metadata.Warehouse
        if warehouse is None:
            raise DeployError(f"{self._deployed.template.path} has no Metadata.etlocal.Warehouse")
        target = {
            "WorkgroupName": self._deployed.output(warehouse.Workgroup, "the workgroup"),
            "Database": self._deployed.output(warehouse.Database, "the database"),
        }
        if warehouse.Secret is not None:
            target["SecretArn"] = self._deployed.output(warehouse.Secret, "the warehouse's login")
        return target

    def _await_earlier(self) -> None:
        """Wait for scripts that a deployment has sent which was cut off: they go on without it."""
        pages = self._data.get_paginator("list_statements").paginate(
            StatementName=self._prefix, Status="ALL"
        )
        for each in [each for page in pages for each in page["Statements"]]:
            if each["Status"] in UNFINISHED:
                self._progress(f"waiting for {each['StatementName']}, sent by a deployment before")
                await_statement(self._data, each["Id"], longest=self._clients.pause)

    def _applied(self) -> dict[str, str]:
        started = self._execute(f"SELECT script, TRIM(sha256) FROM {TABLE}")  # noqa: S608 - constant
        ended = await_statement(self._data, started, longest=self._clients.pause)
        if ended["Status"] != "FINISHED":
            error = str(ended.get("Error", ended["Status"]))
            if "does not exist" in error and TABLE.rpartition(".")[2] in error:
                return {}
            raise DeployError(f"the warehouse does not say which scripts have run: {error}")
        return dict(self._rows(started))

    def _rows(self, statement: str) -> Iterator[tuple[str, str]]:
        pages = self._data.get_paginator("get_statement_result").paginate(Id=statement)
        for row in (row for page in pages for row in page["Records"]):
            yield row[0]["stringValue"], row[1]["stringValue"]

    def _execute(self, sql: str) -> str:
        return str(self._data.execute_statement(Sql=sql, **self._target)["Id"])

    def _finish(self, statement: str, what: str) -> None:
        ended: dict[str, Any] = await_statement(self._data, statement, longest=self._clients.pause)
        if ended["Status"] != "FINISHED":
            raise DeployError(f"{what}: {ended.get('Error', ended['Status'])}")
