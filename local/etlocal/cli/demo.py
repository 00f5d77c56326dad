"""``demo``: the whole story, from an empty folder to warehouse rows and a message."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from etlocal import deploy, templates
from etlocal.cli.context import (
    DEFAULT_STACK,
    DEFAULT_TEMPLATE,
    Deployment,
    Port,
    StateDir,
    clients,
    remember,
    settings,
)
from etlocal.cli.following import follow
from etlocal.cli.output import console, progress, say, table
from etlocal.flow import Flow, FlowError, Inbox
from etlocal.processes import free_port, port_is_free
from etlocal.stack import Record, Stack
from etlocal.templates import Template

_DEMO_SCALE = 0.02


def demo(
    *,
    state_dir: StateDir = None,
    port: Port = None,
    template: Annotated[
        Path, typer.Option("--template", "-t", help="The CloudFormation template")
    ] = DEFAULT_TEMPLATE,
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Keep AWS's pace: no waits are scaled")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running at the end")
    ] = False,
) -> None:
    """Start everything, deploy, upload one file, then another, and show what happens.

    It works on a state folder of its own, `demo` in the state folder, which it clears first.
    """
    loaded = templates.load(template)
    if loaded.metadata.Demo is None:
        raise FlowError(f"{template} has no Metadata.etlocal.Demo: it does not say what to upload")
    stack = _stack(state_dir, port, real_time=real_time)
    started = time.monotonic()
    try:
        _run(stack, loaded, keep=keep)
    finally:
        if not keep:
            stack.stop()
    say(f"\nThe demo took {time.monotonic() - started:.0f} s.", style="green")


def _stack(state_dir: Path | None, port: int | None, *, real_time: bool) -> Stack:
    base = settings(state_dir=state_dir, port=port)
    wanted = base.model_copy(
        update={
            "state_dir": base.state_dir / "demo",
            "time_scale": 1.0 if real_time else _DEMO_SCALE,
            "port": base.port if port or port_is_free(base.port) else free_port(),
            "worker_port": base.worker_port if port_is_free(base.worker_port) else free_port(),
        }
    )
    stack = Stack(wanted)
    stack.stop()
    stack.reset()
    return stack


def _run(stack: Stack, template: Template, *, keep: bool) -> None:
    with progress() as tell:
        record = stack.start(tell, tied=not keep)
    _step(f"Everything is up: AWS at {record.part('endpoint').url}")
    scale = record.settings.time_scale
    if scale != 1:
        say(
            f"Waits are scaled: a Wait state's 10 s take {10 * scale:g} s here. "
            "`etlocal demo --real-time` keeps AWS's pace."
        )
    _step(f"Deploying {template.path.name}")
    with progress() as tell:
        deployed = deploy.Deployment(
            clients(record), template, stack=DEFAULT_STACK, progress=tell
        ).run()
    remember(record, Deployment(stack=DEFAULT_STACK, template=template.path))
    flow = Flow(clients(record), deployed)
    say(f"Deployed {len(deployed.outputs)} outputs; the state machine is {flow.state_machine}")
    inbox = flow.inbox()
    section = template.metadata.Demo
    for number, relative in enumerate(section.Uploads if section else [], start=1):
        _upload(flow, inbox, template.file(relative), number)
        if number == 1 and section and section.Query:
            _ask(flow, template, section.Query)
    inbox.close()
    if keep:
        _tell_how_to_go_on(record)


def _upload(flow: Flow, inbox: Inbox, file: Path, number: int) -> None:
    _step(f"Uploading {file.name}")
    before = flow.bookmarked_files()
    began = time.monotonic()
    key = flow.upload(file)
    say(f"s3://{flow.upload_bucket}/{key}")
    ended = follow(flow, flow.execution_of(key))
    seconds = time.monotonic() - began
    if ended["status"] != "SUCCEEDED":
        raise FlowError(f"the execution ended {ended['status']}\n{flow.describe_standing()}")
    say(f"The execution {ended['status'].lower()} {seconds:.1f} s after the upload.")
    notification = inbox.receive(number)[-1]
    say("\nSNS message:")
    say(f"  {notification.get('Subject') or '(no subject)'}")
    console.print_json(notification["Message"]) if _is_json(notification["Message"]) else say(
        f"  {notification['Message']}"
    )
    _tell_what_was_read(before, flow.bookmarked_files())


def _tell_what_was_read(before: set[str], after: set[str]) -> None:
    new = sorted(after - before)
    if not new and not before:
        return
    say(f"\nBy its bookmark the job read {len(new)} new of {len(after)} files:")
    for path in sorted(after):
        say(f"  {'read now   ' if path in new else 'read before'}  {path}")


def _ask(flow: Flow, template: Template, query: str) -> None:
    _step(f"Asking the warehouse: {query}")
    for sql in deploy.statements(template.file(query).read_text()):
        console.print(table(flow.query(sql), limit=10))


def _tell_how_to_go_on(record: Record) -> None:
    folder = record.settings.state_dir
    _step("It goes on running")
    say(f"etlocal query --state-dir {folder} 'select …'")
    say(f"etlocal down --state-dir {folder}")


def _step(text: str) -> None:
    say(f"\n▸ {text}", style="bold")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
