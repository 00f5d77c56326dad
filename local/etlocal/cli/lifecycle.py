"""``up``, ``down``, ``status`` and ``reset``."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Annotated, Any

import psutil
import typer

from etlocal import target
from etlocal.cli.context import (
    Endpoint,
    Port,
    StateDir,
    WorkerPort,
    chosen_endpoint,
    settings,
)
from etlocal.cli.output import progress, say
from etlocal.stack import ENDPOINT, NotRunningError, Part, Record, Stack, StackError, health

EXIT_NOT_RUNNING = 3


def up(
    *,
    state_dir: StateDir = None,
    port: Port = None,
    worker_port: WorkerPort = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when everything is up; end it with: down")
    ] = False,
    time_scale: Annotated[
        float | None,
        typer.Option(
            help="Real seconds for one emulated second of waits, retries and timeouts [default: 1]"
        ),
    ] = None,
    spark_master: Annotated[
        str | None, typer.Option(help="Spark master that jobs run on [default: local[*]]")
    ] = None,
    cold: Annotated[
        bool | None, typer.Option("--cold/--warm", help="A new JVM for every run, or one kept warm")
    ] = None,
) -> None:
    """Start the AWS endpoint and the Glue worker, and wait until both answer."""
    stack = Stack(
        settings(
            state_dir=state_dir,
            port=port,
            worker_port=worker_port,
            time_scale=time_scale,
            spark_master=spark_master,
            worker_cold=cold,
        )
    )
    before = stack.record()
    already = before is not None and all(part.is_alive() for part in before.parts)
    with progress() as tell:
        record = stack.start(tell, tied=not detach)
    say("already running" if already else "up", style="green")
    _print_addresses(record)
    if detach or already:
        return
    say("Ctrl-C ends it")
    _await_interrupt()
    with progress() as tell:
        tell("stopping")
        stack.stop()
    say("down")


def down(*, state_dir: StateDir = None) -> None:
    """Stop what `up` started. The state stays."""
    with progress() as tell:
        tell("stopping")
        stopped = Stack(settings(state_dir=state_dir)).stop()
    say("down" if stopped else "nothing was running")


def status(
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Say what runs. Exit code 3 when not everything does.

    Of a stack at an endpoint it says what that tells of itself: its processes are not looked at.
    """
    url = chosen_endpoint(endpoint, state_dir)
    if url is not None:
        parts = _ask_endpoint(url, quiet=as_json)
    else:
        record = Stack(settings(state_dir=state_dir)).record()
        parts = [_describe(part) for part in record.parts] if record else []
    sound = bool(parts) and all(part["alive"] and part["health"] is not None for part in parts)
    if as_json:
        sys.stdout.write(json.dumps({"running": sound, "parts": parts}, indent=2) + "\n")
    elif not parts and url is None:
        say("nothing is running; start it: etlocal up")
    for part in parts if not as_json else []:
        state = "up" if part["health"] is not None else ("starting" if part["alive"] else "dead")
        process = f"  pid {part['pid']}" if part["pid"] is not None else ""
        memory = f", {part['memory_mb']} MB" if part["memory_mb"] is not None else ""
        say(f"{part['name']:<9} {state:<9} {part['url']}{process}{memory}")
        if redshift := _redshift(part["health"]):
            say(f"{'redshift':<9} {state:<9} {redshift}  in the {part['name']}")
    if not sound:
        raise typer.Exit(EXIT_NOT_RUNNING)


def reset(
    *,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Delete all state: buckets, catalog, bookmarks, runs, warehouse. Stops what runs.

    A stack at an endpoint goes on running, and holds nothing then.
    """
    url = chosen_endpoint(endpoint, state_dir)
    if url is not None:
        found = target.find(url)
        _confirm(f"everything that the stack at {found.endpoint_url} holds", yes=yes)
        found.control().call("POST", "reset")
        say(f"cleared the stack at {found.endpoint_url}")
        return
    stack = Stack(settings(state_dir=state_dir))
    folder = stack.settings.state_dir.absolute()
    if not folder.exists():
        say(f"there is no state in {folder}")
        return
    _confirm(str(folder), yes=yes)
    stack.stop()
    stack.reset()
    say(f"deleted {folder}")


def _confirm(what: str, *, yes: bool) -> None:
    """Ask before `what` is deleted, unless that was said already."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise StackError(f"deleting {what} wants a yes: etlocal reset --yes")
    typer.confirm(f"Delete {what}?", abort=True)


def _ask_endpoint(url: str, *, quiet: bool) -> list[dict[str, Any]]:
    """Describe a stack that is known by its URL, as `_describe` does; nothing if none is ready."""
    try:
        found, said = target.described(url)
    except NotRunningError as error:
        if not quiet:
            say(str(error))
        return []
    return [
        {
            "name": ENDPOINT,
            "url": found.endpoint_url,
            "pid": None,
            "alive": True,
            "memory_mb": None,
            "health": said,
            "log": None,
        }
    ]


def _print_addresses(record: Record) -> None:
    url = record.part("endpoint").url
    say(f"AWS endpoint  {url}")
    say(f"Glue worker   {record.part('worker').url}")
    if redshift := _redshift(health(record.part("endpoint"))):
        say(f"Redshift      {redshift}  (psql, JDBC, redshift_connector)")
    say(f"state         {record.settings.state_dir.absolute()}")
    if record.settings.time_scale != 1:
        say(f"clock         1 s of waiting takes {record.settings.time_scale:g} s")
    say(f"\nexport AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={record.settings.region} \\")
    say(f"       AWS_ACCESS_KEY_ID={record.settings.account} AWS_SECRET_ACCESS_KEY=etlocal")


def _redshift(found: dict[str, Any] | None) -> str | None:
    """Tell where Redshift's clients connect, from what the endpoint says of itself."""
    address = (found or {}).get("settings", {}).get("redshift")
    return None if address is None else str(address)


def _await_interrupt() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _describe(part: Part) -> dict[str, Any]:
    process = part.process.find()
    return {
        "name": part.name,
        "url": part.url,
        "pid": part.process.pid,
        "alive": process is not None,
        "memory_mb": _memory(process) if process else None,
        "health": health(part) if process else None,
        "log": str(part.log),
    }


def _memory(process: psutil.Process) -> int | None:
    """Megabytes resident in a part's process and its children."""
    try:
        family = [process, *process.children(recursive=True)]
        return int(sum(each.memory_info().rss for each in family) / 2**20)
    except psutil.NoSuchProcess:
        return None
