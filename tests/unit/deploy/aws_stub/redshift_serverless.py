"""Redshift Serverless: a stack's workgroups and namespaces, and usage limits."""

from __future__ import annotations

import copy
from typing import Any

from tests.unit.deploy.aws_stub.s3_state import DIRECT
from tests.unit.deploy.aws_stub.service import AwsError, Request, Response, Service, page
from tests.unit.deploy.aws_stub.world import World


class RedshiftServerless(Service):
    """Amazon Redshift Serverless API Reference.

    Undocumented: which limits conflict. The stub takes one limit a resource, usage type and period.
    """

    name = "redshift-serverless"
    invalid = "ValidationException"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.workgroups: dict[str, dict[str, Any]] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.limits: dict[str, dict[str, Any]] = {}
        self.limit_origins: dict[str, str] = {}

    def GetWorkgroup(self, asked: Request) -> Response:
        """Describe a workgroup."""
        name = asked["workgroupName"]
        if name not in self.workgroups:
            raise _missing(f"The workgroup {name} doesn't exist.")
        return {"workgroup": copy.deepcopy(self.workgroups[name])}

    def GetNamespace(self, asked: Request) -> Response:
        """Describe a namespace."""
        name = asked["namespaceName"]
        if name not in self.namespaces:
            raise _missing(f"The namespace {name} doesn't exist.")
        return {"namespace": copy.deepcopy(self.namespaces[name])}

    def ListUsageLimits(self, asked: Request) -> Response:
        """List limits, of one resource or one type if asked."""
        found = [
            dict(limit) for limit in self.limits.values()
            if all(asked.get(key) in (None, limit[key]) for key in ("resourceArn", "usageType"))
        ]  # fmt: skip
        shown, token = page(
            found, asked.get("nextToken"), min(asked.get("maxResults", 100), self.world.page_size),
            lambda: AwsError("InvalidPaginationException", "The provided pagination is invalid."),
        )  # fmt: skip
        # The model has a list of one at least: a page of none has no list.
        listed = {"usageLimits": shown} if shown else {}
        return {**listed, **({"nextToken": token} if token else {})}

    def CreateUsageLimit(self, asked: Request) -> Response:
        """Limit a workgroup's use."""
        self._check_amount(asked)
        if asked["resourceArn"] not in {each["workgroupArn"] for each in self.workgroups.values()}:
            raise _missing(f"The resource {asked['resourceArn']} doesn't exist.")
        identity = self.world.uuid("usage limit")
        limit = {
            "amount": asked["amount"],
            "breachAction": asked.get("breachAction", "log"),
            "period": asked.get("period", "monthly"),
            "resourceArn": asked["resourceArn"],
            "usageType": asked["usageType"],
            "usageLimitId": identity,
            "usageLimitArn": f"arn:aws:redshift-serverless:{self.world.region}:"
            f"{self.world.account}:usagelimit/{identity}",
        }
        same = ("resourceArn", "usageType", "period")
        if any(all(other[key] == limit[key] for key in same) for other in self.limits.values()):
            raise AwsError(
                "ConflictException", "A usage limit of this usage type and period already exists."
            )
        self.limits[identity] = limit
        self.limit_origins[identity] = DIRECT
        return {"usageLimit": dict(limit)}

    def UpdateUsageLimit(self, asked: Request) -> Response:
        """Change a limit's amount or action."""
        self._check_amount(asked)
        limit = self._limit(asked)
        limit.update({key: asked[key] for key in ("amount", "breachAction") if key in asked})
        return {"usageLimit": dict(limit)}

    def DeleteUsageLimit(self, asked: Request) -> Response:
        """Delete a limit."""
        limit = self._limit(asked)
        del self.limits[limit["usageLimitId"]]
        return {"usageLimit": dict(limit)}

    def _limit(self, asked: Request) -> dict[str, Any]:
        if asked["usageLimitId"] not in self.limits:
            raise _missing(f"The usage limit {asked['usageLimitId']} doesn't exist.")
        return self.limits[asked["usageLimitId"]]

    def _check_amount(self, asked: Request) -> None:
        if asked.get("amount", 1) <= 0:
            raise AwsError("ValidationException", "The amount must be a positive number.")

    # ---- What stacks make. ----

    def put_workgroup(self, properties: dict[str, Any], attributes: dict[str, Any]) -> None:
        """Make or change a workgroup, as AWS::RedshiftServerless::Workgroup has it."""
        name = properties["WorkgroupName"]
        arn = attributes["Workgroup.WorkgroupArn"]
        self.workgroups[name] = {
            "workgroupName": name,
            "workgroupArn": arn,
            "workgroupId": arn.rsplit("/", 1)[-1],
            "namespaceName": properties.get("NamespaceName", name),
            "baseCapacity": int(properties.get("BaseCapacity", 128)),
            "publiclyAccessible": str(properties.get("PubliclyAccessible")).lower() == "true",
            "port": int(properties.get("Port", 5439)),
            "endpoint": {"address": attributes["Workgroup.Endpoint.Address"], "port": 5439},
            "status": "AVAILABLE",
            "creationDate": self.now(),
        }

    def put_namespace(self, properties: dict[str, Any], attributes: dict[str, Any]) -> None:
        """Make or change a namespace, as AWS::RedshiftServerless::Namespace has it."""
        name = properties["NamespaceName"]
        arn = attributes["Namespace.NamespaceArn"]
        self.namespaces[name] = {
            "namespaceName": name,
            "namespaceArn": arn,
            "namespaceId": arn.rsplit("/", 1)[-1],
            "dbName": properties.get("DbName", "dev"),
            "iamRoles": list(properties.get("IamRoles", [])),
            "status": "AVAILABLE",
            "creationDate": self.now(),
        }

    def drop_workgroup(self, name: str) -> None:
        """Delete a workgroup and its limits."""
        gone = self.workgroups.pop(name, {}).get("workgroupArn")
        self.limits = {k: v for k, v in self.limits.items() if v["resourceArn"] != gone}

    def drop_namespace(self, name: str) -> None:
        """Delete a namespace."""
        self.namespaces.pop(name, None)

    def snapshot(self) -> list[dict[str, Any]]:
        """Give the limits without their ids."""
        names = {each["workgroupArn"]: each["workgroupName"] for each in self.workgroups.values()}
        shown = [
            {"workgroup": names[limit["resourceArn"]],
             **{key: limit[key] for key in ("usageType", "period", "amount", "breachAction")}}
            for limit in self.limits.values()
        ]  # fmt: skip
        return sorted(shown, key=str)


def _missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)
