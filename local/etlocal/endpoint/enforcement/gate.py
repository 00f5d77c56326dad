"""Stands in the way of every request and lets through what policies allow.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny
access"; each service's page in the Service Authorization Reference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.http import Response

from etlocal.aws.call import Acting
from etlocal.aws.errors import AccessDeniedError
from etlocal.aws.store import Store
from etlocal.endpoint.enforcement import refusals, resources
from etlocal.endpoint.enforcement.assuming import CHECKED, decide_assuming, distrusted
from etlocal.endpoint.enforcement.callers import Caller, Callers, UnknownTokenError, of_service
from etlocal.endpoint.enforcement.logged import (
    LOGGING_NEEDS,
    LOGGING_OPERATIONS,
    NO_LOG,
    wants_log,
)
from etlocal.endpoint.enforcement.names import EndpointNames
from etlocal.endpoint.enforcement.record import Asked, Record
from etlocal.iam import Decision, Request, denial_message, evaluate
from etlocal.iam.actions import ApiCall, Need, required
from etlocal.iam.actions.s3 import hidden_need
from etlocal.iam.patterns import ContextValue

_ASSUMING = "sts:AssumeRole"
_PASSING = "iam:PassRole"
# Operations whose service looks at a role that it is handed.
_LOOKING = LOGGING_OPERATIONS | set(CHECKED)


class Enforcement:
    """Evaluates requests against policies.

    Parameters
    ----------
    store : Store
        Of our services, where their resources are looked up.
    """

    def __init__(self, store: Store) -> None:
        self.record = Record()
        self._store = store
        self._callers = Callers()

    def install(self) -> None:
        """Stand in the way of every request; to be called before any is answered.

        Whoever stands there later does not see what is denied.
        """
        handlers.serve_custom_service_request_handlers.append(self._before)

    def forget(self) -> None:
        """Begin anew, as after a reset."""
        self.record.clear()
        self._callers.forget()

    def authorize(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        account: str,
        region: str,
        acting: Acting,
    ) -> None:
        """Decide on a call that a service of ours makes within the process as a role.

        Parameters
        ----------
        service, operation : str
            As if it were a request: botocore's name of the service, and AWS's of the operation.
        parameters : dict
            In botocore's shape.
        account, region : str
        acting : Acting
            The role, and which service acts as it.

        Raises
        ------
        AccessDeniedError
            If it is denied, or the service may not assume the role.
        """
        where = SimpleNamespace(account_id=account, region=region)
        assumer = of_service(acting.service, acting.source_arn, where)
        need = Need(_ASSUMING, acting.role_arn)
        self._admit(assumer, need, decide_assuming(assumer, acting.role_arn, _ASSUMING, {}), {})
        caller = self._callers.of_role(acting.role_arn, acting.session_name)
        call = ApiCall(service, operation, parameters, account, region, self._names(where))
        for need in required(call):
            context = _global_keys(region)
            self._admit(caller, need, self._decision(caller, need, context), context)

    def _admit(
        self, caller: Caller, need: Need, decision: Decision, context: Mapping[str, ContextValue]
    ) -> None:
        self._note(caller, need, decision)
        if not decision.allowed:
            raise AccessDeniedError(denial_message(_request(caller, need, context), decision))

    def _before(self, _: Any, context: RequestContext, __: Response) -> None:
        if context.service is None or context.operation is None:
            return
        try:
            caller = self._callers.of_request(context)
        except UnknownTokenError:
            raise refusals.unknown_token(context) from None
        if caller is None and context.operation.name not in _LOOKING:
            return
        call = ApiCall(
            context.service.service_name,
            context.operation.name,
            context.service_request or {},
            context.account_id,
            context.region,
            self._names(context),
            context.partition,
        )
        if call.service == "sts" and call.parameters.get("PolicyArns"):
            raise refusals.not_emulated(
                f"sts.{call.operation} with PolicyArns is not emulated where permissions are "
                "enforced; give the session's policy as Policy"
            )
        needs = required(call)
        if caller is not None:
            for need in needs:
                self._check(caller, need, context)
            if call.service == "s3":
                self._hide(caller, call, context)
        # A service looks at the role that it is handed, be it CloudFormation that hands it over.
        for need in needs:
            if need.action == _PASSING:
                # The resource that the call is about is that of its first need.
                self._check_trust(need.resource, needs[0].resource, context)
        if call.operation in LOGGING_OPERATIONS:
            self._check_logging(call, context)

    def _hide(self, caller: Caller, call: ApiCall, context: RequestContext) -> None:
        """Deny to tell that an object is not there."""
        need = hidden_need(call)
        if need is not None and not resources.has_object(call.text("Bucket"), call.text("Key")):
            self._check(caller, need, context)

    def _check_logging(self, call: ApiCall, context: RequestContext) -> None:
        """Look whether a state machine's role may do what its log needs."""
        role = call.text("roleArn")
        if not role or not wants_log(call.parameters):
            return
        try:
            caller = self._callers.of_role(role, call.operation)
        except LookupError:
            return
        keys = _global_keys(call.region)
        for need in LOGGING_NEEDS:
            decision = self._decision(caller, need, keys)
            self._note(caller, need, decision)
            if not decision.allowed:
                why = denial_message(_request(caller, need, keys), decision)
                raise refusals.denied(context, f"{NO_LOG} {why}")

    def _check_trust(self, role_arn: str, source_arn: str, context: RequestContext) -> None:
        """Look whether the service may assume a role for a resource."""
        error = distrusted(context.operation.name, role_arn, source_arn, context)
        if error is not None:
            raise error

    def _check(self, caller: Caller, need: Need, context: RequestContext) -> None:
        keys = _global_keys(context.region) | _request_keys(context)
        if need.action.startswith(_ASSUMING):
            decision = decide_assuming(caller, need.resource, need.action, {**keys, **need.context})
        else:
            decision = self._decision(caller, need, keys)
        self._note(caller, need, decision)
        if not decision.allowed:
            message = denial_message(_request(caller, need, keys), decision)
            raise refusals.denied(context, message, need.action)

    def _decision(
        self, caller: Caller, need: Need, context: Mapping[str, ContextValue]
    ) -> Decision:
        return evaluate(
            _request(caller, need, context),
            identity=caller.identity,
            resource=resources.policy_of(need.resource),
            boundary=caller.boundary,
            session=caller.session,
            resource_account=resources.account_of(need.resource),
            resource_policy_required=resources.requires_policy(need.resource),
        )

    def _note(self, caller: Caller, need: Need, decision: Decision) -> None:
        if caller.principal.kind == "root" and decision.allowed:
            # The root is limited by nothing but denials.
            return
        self.record.note(
            Asked(
                caller.name,
                need.action,
                need.resource,
                decision.allowed,
                decision.reason,
                decision.decided_by,
            )
        )

    def _names(self, where: Any) -> EndpointNames:
        partition = getattr(where, "partition", "aws")
        return EndpointNames(where.account_id, where.region, partition, self._store, self._callers)


def _request(caller: Caller, need: Need, context: Mapping[str, ContextValue]) -> Request:
    keys = {**context, **caller.context, **need.context}
    account = resources.account_of(need.resource)
    if account:
        keys["aws:ResourceAccount"] = account
    return Request(caller.principal, need.action, need.resource, keys)


def _global_keys(region: str) -> dict[str, ContextValue]:
    now = time.time()
    return {
        "aws:CurrentTime": datetime.fromtimestamp(now, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now)),
        "aws:RequestedRegion": region,
        # On AWS the endpoints that a pipeline uses are HTTPS; here a request is on the loopback
        # interface, where nothing is encrypted and nobody listens.
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
    }


def _request_keys(context: RequestContext) -> dict[str, ContextValue]:
    keys: dict[str, ContextValue] = {}
    if context.request.remote_addr:
        keys["aws:SourceIp"] = str(context.request.remote_addr)
    agent = context.request.headers.get("User-Agent")
    if agent:
        keys["aws:UserAgent"] = str(agent)
    return keys
