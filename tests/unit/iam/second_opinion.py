"""Another evaluator's opinion of random policies.

    npm install --prefix DIR @cloud-copilot/iam-simulate     # AGPL-3.0-or-later, needs Node
    python -m tests.unit.iam.second_opinion --node-modules DIR/node_modules

    python -m venv DIR && DIR/bin/pip install principalmapper      # AGPL-3.0-or-later
    python -m tests.unit.iam.second_opinion --python DIR/bin/python

Neither is a part of this project, nor needed for its tests: they run as programs of their own,
are asked for decisions, and what they answer differently is printed. iam-simulate knows identity-
and resource-based policies, boundaries and two accounts; principalmapper is asked for
identity-based policies only, and about resources in the case they are written in.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from etlocal.iam.requests import Principal
from tests.unit.iam.case import ACCOUNT, ROLE
from tests.unit.iam.random_access import SENSIBLE, accesses
from tests.unit.iam.test_properties import Access, decide

SHOWN = 10
FAILED = "failed: "
NAMES = {"ExplicitlyDenied": "ExplicitDeny", "ImplicitlyDenied": "ImplicitDeny"}

SIMULATE = """
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
const require = createRequire(process.argv[2] + '/')
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const document = (Statement) => ({ Version: '2012-10-17', Statement })
const named = (name, statements) => statements?.length
  ? [{ name, policy: document(statements) }] : []
const answers = []
for (const asked of JSON.parse(readFileSync(0, 'utf8'))) {
  const answer = await runSimulation({
    request: {
      principal: asked.principal,
      action: asked.action,
      resource: { resource: asked.resource, accountId: asked.resource_account },
      contextVariables: asked.context,
    },
    identityPolicies: named('identity', asked.identity),
    sessionPolicy: asked.session ? document(asked.session) : undefined,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: asked.resource_policy ? document(asked.resource_policy) : undefined,
    permissionBoundaryPolicies: asked.boundary ? named('boundary', asked.boundary) : undefined,
  }, {})
  answers.push(answer.overallResult ?? 'failed: ' + JSON.stringify(answer.errors))
}
console.log(JSON.stringify(answers))
"""

MAPPER = """
import collections, collections.abc, json, sys
for name in ("Mapping", "MutableMapping"):  # it was written for an older Python
    setattr(collections, name, getattr(collections.abc, name))
from principalmapper.querying.local_policy_simulation import policy_has_matching_statement
from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict

def answer(asked):
    policy = {"Version": "2012-10-17", "Statement": asked["identity"]}
    request = asked["action"], asked["resource"], CaseInsensitiveDict(asked["context"])
    try:
        if policy_has_matching_statement(policy, "Deny", *request):
            return "ExplicitDeny"
        allowed = policy_has_matching_statement(policy, "Allow", *request)
        return "Allowed" if allowed else "ImplicitDeny"
    except Exception as error:
        return f"failed: {error!r}"

print(json.dumps([answer(asked) for asked in json.load(sys.stdin)]))
"""


def draw(count: int, of: int) -> list[Access]:
    """So many random accesses, the same for the same `of`."""
    drawn: list[Access] = []

    @seed(of)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(accesses())
    def collect(access: Access) -> None:
        drawn.append(access)

    collect()
    return drawn


def without_paths(access: Access) -> Access:
    """The access with a role that has no path: a session's ARN does not tell it."""
    changed: Access = json.loads(json.dumps(access).replace("role/etl/Loader", "role/Loader"))
    return changed


def for_simulate(access: Access) -> Access:
    """It answers only what is asked of an action's own kind of resource."""
    own = {action.lower(): resource for action, resource in SENSIBLE}
    if (access["action"], access["resource"]) in SENSIBLE:
        return without_paths(access)
    return {**without_paths(access), "resource": own[access["action"].lower()]}


def for_mapper(access: Access) -> Access:
    """Identity-based policies of one account; it takes ``LAKE`` for ``lake``."""
    more: dict[str, Any] = dict.fromkeys(("resource_policy", "boundary", "session"))
    identity = json.loads(json.dumps(access["identity"]).replace("LAKE", "lakes"))
    return {**access, **more, "identity": identity, "resource_account": ACCOUNT}


def full_context(access: Access) -> dict[str, Any]:
    """The request's context with what is known of its principal."""
    return {**Principal.from_arn(access["principal"]).context(), **access["context"]}


def ask(command: list[str], program: str, suffix: str, asked: list[Access]) -> list[str]:
    """Give the other's answers, one for each access."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"driver{suffix}")
        path.write_text(program)
        run = subprocess.run(
            [command[0], str(path), *command[1:]],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        )
    return [NAMES.get(answer, answer) for answer in json.loads(run.stdout)]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def compare(name: str, accesses: list[Access], answers: list[str], role: str) -> int:
    """Print what the two say differently; gives how often they do."""
    counts: Counter[tuple[str, str]] = Counter()
    failed = 0
    for access, answer in zip(accesses, answers, strict=True):
        ours: str = decide(access, role).reason
        if answer.startswith(FAILED):
            failed += 1
        elif ours != answer:
            counts[ours, answer] += 1
            if sum(counts.values()) <= SHOWN:
                say(f"we say {ours}, {name} says {answer}:\n{json.dumps(access)}\n")
    answered = len(accesses) - failed
    say(f"{name}: {answered} requests, {sum(counts.values())} answered differently")
    say(f"  {failed} more it could not answer")
    for (ours, theirs), count in counts.most_common():
        say(f"  {count} times we say {ours} and it says {theirs}")
    return sum(counts.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--node-modules", help="where @cloud-copilot/iam-simulate is installed")
    parser.add_argument("--python", help="a Python that has principalmapper")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    drawn = draw(options.count, options.seed)
    different = 0
    if options.node_modules:
        asked = [for_simulate(access) for access in drawn]
        command = ["node", str(Path(options.node_modules).resolve())]
        full = [{**each, "context": full_context(each)} for each in asked]
        answers = ask(command, SIMULATE, ".mjs", full)
        different += compare("iam-simulate", asked, answers, ROLE.replace("etl/", ""))
    if options.python:
        asked = [for_mapper(access) for access in drawn]
        full = [{**each, "context": full_context(each)} for each in asked]
        answers = ask([options.python], MAPPER, ".py", full)
        different += compare("principalmapper", asked, answers, ROLE)
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
