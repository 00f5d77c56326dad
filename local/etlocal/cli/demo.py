"""``demo``: the whole story, from an empty folder to warehouse rows and a message."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from etlocal import deploy, target, templates
from etlocal.cli.context import (
    DEFAULT_STACK,
    DEFAULT_TEMPLATE,
    Deployment,
    Endpoint,
    Port,
    StateDir,
    chosen_endpoint,
    remember,
    settings,
)
from etlocal.cli.following import follow
from etlocal.cli.output import console, progress, say, table
from etlocal.control import scaled
from etlocal.flow import Flow, FlowError
from etlocal.inbox import Inbox
from etlocal.processes import free_port, port_is_free
from etlocal.stack import Stack
from etlocal.target import Target, TargetError
from etlocal.templates import Template

_DEMO_SCALE = 0.02


def demo(
    *,
    endpoint: Endpoint = None,
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
    patience: Annotated[
        float,
        typer.Option(
            "--patience", min=1, help="Seconds that an upload's execution may take to its end"
        ),
    ] = 600,
) -> None:
    """Start everything, deploy, upload one file, then another, and show what happens.

    It works on a state folder of its own, `demo` in the state folder, which it clears first. With
    --endpoint it works on what runs there and clears nothing; the stack that it deploys stays.
    """
    loaded = templates.load(template)
    if loaded.metadata.Demo is None:
        raise FlowError(f"{template} has no Metadata.etlocal.Demo: it does not say what to upload")
    url = chosen_endpoint(endpoint, state_dir)
    started = time.monotonic()
    if url is not None:
        if port is not None:
            raise TargetError(f"--port is for a stack that is started, and {url} runs already")
        _run_on(target.find(url), loaded, 1.0 if real_time else _DEMO_SCALE, patience)
    else:
        _run_embedded(_stack(state_dir, port, real_time=real_time), loaded, patience, keep=keep)
    say(f"\nThe demo took {time.monotonic() - started:.0f} s.", style="green")


def _run_on(found: Target, template: Template, time_scale: float, patience: float) -> None:
    with scaled(found.control(), time_scale):
        _step(f"AWS answers at {found.endpoint_url}")
        _show(found, template, time_scale, patience)


def _run_embedded(stack: Stack, template: Template, patience: float, *, keep: bool) -> None:
    try:
        with progress() as tell:
            started = Target.of(stack.start(tell, tied=not keep))
        _step(f"Everything is up: AWS at {started.endpoint_url}")
        _show(started, template, started.time_scale, patience)
        if keep:
            _tell_how_to_go_on(stack)
    finally:
        if not keep:
            stack.stop()


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


def _show(on: Target, template: Template, scale: float, patience: float) -> None:
    if scale != 1:
        say(
            f"Waits are scaled: a Wait state's 10 s take {10 * scale:g} s here. "
            "`etlocal demo --real-time` keeps AWS's pace."
        )
    _step(f"Deploying {template.path.name}")
    with progress() as tell:
        deployed = deploy.Deployment(
            on.clients(), template, stack=DEFAULT_STACK, progress=tell
        ).run()
    remember(on, Deployment(stack=DEFAULT_STACK, template=template.path))
    flow = Flow(on.clients(), deployed)
    say(f"Deployed {len(deployed.outputs)} outputs; the state machine is {flow.state_machine}")
    inbox = flow.inbox()
    try:
        section = template.metadata.Demo
        for number, relative in enumerate(section.Uploads if section else [], start=1):
            _upload(flow, inbox, template.file(relative), number, patience)
            if number == 1 and section and section.Query:
                _ask(flow, template, section.Query)
    finally:
        # Where the stack is gone, so is the queue, and what went wrong before is the news.
        with suppress(ClientError, BotoCoreError):
            inbox.close()


def _upload(flow: Flow, inbox: Inbox, file: Path, number: int, patience: float) -> None:
    _step(f"Uploading {file.name}")
    before = flow.bookmarked_files()
    # A stack that runs may have seen this file before.
    known = {execution["executionArn"] for execution in flow.executions()}
    began = time.monotonic()
    key = flow.upload(file)
    say(f"s3://{flow.upload_bucket}/{key}")
    ended = follow(flow, flow.execution_of(key, besides=known), seconds=patience)
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


def _tell_how_to_go_on(stack: Stack) -> None:
    folder = stack.settings.state_dir
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
