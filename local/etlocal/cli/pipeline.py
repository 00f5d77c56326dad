"""``upload``, ``watch``, ``logs`` and ``query``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from etlocal import deploy as deployment
from etlocal.cli import following
from etlocal.cli.context import (
    Endpoint,
    StackName,
    StateDir,
    pipeline,
    running,
)
from etlocal.cli.output import Format, print_rows, say
from etlocal.flow import FlowError, run_log, run_query


class Stream(StrEnum):
    """A Glue run's log streams."""

    OUTPUT = "output"
    ERROR = "error"


def upload(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to upload")],
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    stack: StackName = None,
    key: Annotated[
        str | None,
        typer.Option(help="The object's key, for a single file [default: the template's]"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show the executions that start, to their end")
    ] = False,
) -> None:
    """Put files where the pipeline takes its input."""
    if key is not None and len(files) > 1:
        raise FlowError("--key names one object; give one file, or leave --key out")
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise FlowError(f"not a file: {', '.join(missing)}; nothing was uploaded")
    flow = pipeline(running(endpoint, state_dir), stack)
    known = {execution["executionArn"] for execution in flow.executions()} if follow else set()
    keys = []
    for file in files:
        keys.append(flow.upload(file, key=key))
        say(f"s3://{flow.upload_bucket}/{keys[-1]}")
    for uploaded in keys if follow else []:
        ended = following.follow(flow, flow.execution_of(uploaded, besides=known))
        if ended["status"] != "SUCCEEDED":
            raise FlowError(f"the execution of {uploaded} ended {ended['status']}")


def watch(
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    stack: StackName = None,
    once: Annotated[
        bool, typer.Option("--once", help="Return when no execution is running any more")
    ] = False,
) -> None:
    """Show executions live, state by state. Ctrl-C ends it."""
    following.watch(pipeline(running(endpoint, state_dir), stack), once=once)


def logs(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A Glue run's id, or `latest`")
    ] = "latest",
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    stack: StackName = None,
    stream: Annotated[Stream | None, typer.Option(help="Only this stream [default: both]")] = None,
) -> None:
    """Print what a Glue run has written."""
    target = running(endpoint, state_dir)
    run_id = run
    if run == "latest":
        runs = pipeline(target, stack).job_runs()
        if not runs:
            raise FlowError("no Glue job has run yet")
        run_id = str(runs[0]["Id"])
    found = False
    for each in [stream] if stream else list(Stream):
        for line in run_log(target.clients(), run_id, stream=each.value):
            found = True
            say(line)
    if not found:
        raise FlowError(
            f"there is no log of a run {run_id}; etlocal watch shows the runs there are"
        )


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A statement, or @FILE")],
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    stack: StackName = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print the rows")] = (
        Format.TABLE
    ),
    workgroup: Annotated[
        str | None, typer.Option(help="Workgroup [default: the deployed pipeline's]")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="Database [default: the deployed pipeline's]")
    ] = None,
) -> None:
    """Ask the warehouse, in Redshift's SQL."""
    target = running(endpoint, state_dir)
    statement = _statement(sql)
    if workgroup is not None:
        rows = run_query(
            target.clients(), statement, workgroup=workgroup, database=database or "dev"
        )
    else:
        rows = pipeline(target, stack).query(statement)
    if rows.columns:
        print_rows(rows, form)
    else:
        say("done")


def _statement(sql: str) -> str:
    if not sql.startswith("@"):
        return sql
    file = Path(sql[1:])
    try:
        found = deployment.statements(file.read_text())
    except OSError as error:
        raise FlowError(f"{file} cannot be read: {error.strerror}") from error
    if len(found) != 1:
        raise FlowError(f"{file} has {len(found)} statements; query takes one")
    return found[0]
