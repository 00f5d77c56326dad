"""How plans are printed: what would change, what costs money, what is lost and what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from etlocal.cli.output import say
from etlocal.deploy import Change, Farewell, Plan

Tell = Callable[[str], None]
Confirm = Callable[[Plan], bool]

_SIGNS = {"Add": "+", "Remove": "-", "Modify": "~"}
_STYLES = {"Add": "green", "Remove": "red", "Modify": "yellow"}


@contextmanager
def lines() -> Iterator[Tell]:
    """Print a line for each thing that happens: what takes minutes is read afterwards as well."""
    yield lambda text: say(f"… {text}")


def show(plan: Plan) -> None:
    """Print a plan."""
    if plan.is_empty:
        say(f"nothing to change: {plan.stack} at {plan.place} is as its files say")
        return
    say(f"{'New stack' if plan.creates else 'Stack'} {plan.stack} at {plan.place}:", style="bold")
    for change in plan.changes:
        say(f"  {_line(change)}", style=_STYLES.get(change.action))
    if plan.updates and not plan.changes:
        say("  ~ outputs, conditions or metadata alone", style="yellow")
    for asset in plan.assets:
        say(f"  ~ asset {asset}", style="yellow")
    for script in plan.scripts:
        say(f"  + warehouse script {script}", style="green")
    lost = [change.name for change in plan.changes if change.loses_data]
    if lost:
        say(f"\nWhat is in these is lost: {', '.join(lost)}", style="red")
    if plan.costs:
        say("\nWhat is paid for:", style="bold")
        width = max(len(name) for name, _ in plan.costs)
        for name, cost in plan.costs:
            say(f"  {name:<{width}}  {cost}")


def show_farewell(farewell: Farewell) -> None:
    """Print what a destruction takes with all that is in it, and what it leaves."""
    say(f"Stack {farewell.stack} at {farewell.place}:", style="bold")
    for held in farewell.lost:
        say(f"  - {held.name} ({held.kind}) {held.identity}, with all that is in it", style="red")
    for held in farewell.kept:
        say(f"    {held.name} ({held.kind}) {held.identity} stays")


def show_kept(farewell: Farewell) -> None:
    """Print what stayed."""
    for held in farewell.kept:
        say(f"kept: {held.identity} ({held.name}, {held.kind}), as the template retains it")
    say(f"kept: s3://{farewell.artifacts}, which other stacks may use")
    say("kept: log groups that Glue made (/aws-glue/...), which belong to no stack")


def _line(change: Change) -> str:
    sign = _SIGNS.get(change.action, "?")
    said = [f"{sign} {change.name} ({change.kind})"]
    if change.properties:
        said.append(f": {', '.join(change.properties)}")
    if change.replacement == "True":
        said.append("; is replaced")
    elif change.replacement == "Conditional":
        said.append("; may be replaced")
    if change.action == "Remove" and change.retained:
        said.append("; stays in the account")
    return "".join(said)
