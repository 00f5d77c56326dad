"""The usage limit of the workgroup, for which CloudFormation has no resource type.

It belongs to the workgroup, and goes with it. Source: Amazon Redshift Serverless API Reference,
``CreateUsageLimit`` and ``UpdateUsageLimit``.
"""

from __future__ import annotations

from etlocal.clients import Clients
from etlocal.deploy.deployed import Deployed, DeployError
from etlocal.deploy.stacks import Progress

_TYPE = "serverless-compute"


def apply_usage_limit(clients: Clients, deployed: Deployed, progress: Progress) -> None:
    """Give the workgroup the limit that ``Metadata.etlocal.Warehouse.UsageLimit`` asks for.

    Raises
    ------
    DeployError
        If the amount is no whole number.
    """
    warehouse = deployed.template.metadata.Warehouse
    if warehouse is None or warehouse.UsageLimit is None:
        return
    wanted = warehouse.UsageLimit
    text = deployed.output(wanted.Amount, "the amount of its usage limit")
    if not text.isascii() or not text.isdigit():
        raise DeployError(f"the output {wanted.Amount} is no amount of RPU-hours: {text!r}")
    amount = int(text)
    serverless = clients.client("redshift-serverless")
    workgroup = deployed.output(warehouse.Workgroup, "the workgroup")
    arn = serverless.get_workgroup(workgroupName=workgroup)["workgroup"]["workgroupArn"]
    pages = serverless.get_paginator("list_usage_limits").paginate(resourceArn=arn, usageType=_TYPE)
    found = [
        each
        for page in pages
        for each in page.get("usageLimits", [])
        if each["period"] == wanted.Period
    ]
    if not amount:
        for each in found:
            progress(f"taking the usage limit off {workgroup}")
            serverless.delete_usage_limit(usageLimitId=each["usageLimitId"])
    elif not found:
        progress(f"limiting {workgroup} to {amount} RPU-hours ({wanted.Period})")
        serverless.create_usage_limit(
            resourceArn=arn,
            usageType=_TYPE,
            amount=amount,
            period=wanted.Period,
            breachAction=wanted.BreachAction,
        )
    elif (found[0]["amount"], found[0]["breachAction"]) != (amount, wanted.BreachAction):
        progress(f"limiting {workgroup} to {amount} RPU-hours ({wanted.Period})")
        serverless.update_usage_limit(
            usageLimitId=found[0]["usageLimitId"], amount=amount, breachAction=wanted.BreachAction
        )
