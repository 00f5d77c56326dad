"""Template, assets and warehouse scripts → a stack, on either side.

One path for both: the calls are the same whether `etlocal.clients.Clients` reaches the local
endpoint or AWS. ``deployment`` puts a stack there, or says what that would change, ``destruction``
takes it away; each of the other rooms is one of their steps.
"""

from etlocal.deploy.changes import Change, Plan
from etlocal.deploy.deployed import Deployed, DeployError, find, stack_status, template_of
from etlocal.deploy.deployment import DeclinedError, Deployment
from etlocal.deploy.destruction import Destruction, Farewell
from etlocal.deploy.sql import await_statement, fill_in, statements

__all__ = [
    "Change",
    "DeclinedError",
    "DeployError",
    "Deployed",
    "Deployment",
    "Destruction",
    "Farewell",
    "Plan",
    "await_statement",
    "fill_in",
    "find",
    "stack_status",
    "statements",
    "template_of",
]
