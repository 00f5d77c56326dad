"""Who makes a request, with the policies that are theirs.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny
access" and "Get information about a user or role" (``aws:userid``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from localstack.aws.api import RequestContext
from localstack.constants import INTERNAL_AWS_ACCESS_KEY_ID
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from etlocal.aws.arns import Arn, parse_arn
from etlocal.endpoint.enforcement import policies
from etlocal.iam.documents import Policy
from etlocal.iam.patterns import ContextValue
from etlocal.iam.requests import Principal

_INJECTED = "injectedaccesskey"
_TOKEN_HEADER = "X-Amz-Security-Token"  # noqa: S105 - a header's name
_SIGNATURES = ("X-Amz-Credential", "AWSAccessKeyId")
# Who else one of these services is; AWS has regional names and one of Redshift Serverless's own.
_OTHER_NAMES = {
    "states": ("states.{region}.amazonaws.com",),
    "redshift": ("redshift-serverless.amazonaws.com",),
    "redshift-serverless": ("redshift.amazonaws.com",),
}


class UnknownTokenError(Exception):
    """Temporary credentials that nobody was given, or not since the last reset."""


@dataclass(frozen=True)
class Caller:
    """A principal with its policies.

    Attributes
    ----------
    principal : Principal
    context : dict
        Condition keys that say more of the principal: ``aws:userid``, its tags, whom a service
        acts for.
    identity : tuple of Policy
        Inline and attached policies, those of a user's groups included.
    boundary : Policy or None
    session : tuple of Policy
    """

    principal: Principal
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()

    @property
    def name(self) -> str:
        """Whose permissions they are: the role of a session, otherwise the principal."""
        return self.principal.role or self.principal.arn


class Callers:
    """Finds callers in what moto's IAM and STS know."""

    def __init__(self) -> None:
        self._sessions: dict[str, Any] = {}
        self._loaded = False

    def of_request(self, context: RequestContext) -> Caller | None:
        """Give who makes a request.

        Parameters
        ----------
        context : localstack.aws.api.RequestContext

        Returns
        -------
        Caller or None
            None for what the emulator asks itself, without any service of AWS behind it.

        Raises
        ------
        UnknownTokenError
            If it is signed with temporary credentials that are not known.
        """
        self._load()
        key = _access_key(context)
        session = self._session(key) if key else None
        if session is not None:
            return self._of_session(session)
        internal = context.internal_request_params
        if internal is not None:
            service = internal.get("service_principal")
            return of_service(service, internal.get("source_arn"), context) if service else None
        if not key:
            return Caller(Principal.anonymous())
        if key == INTERNAL_AWS_ACCESS_KEY_ID:
            return None
        backend = iam_backends[context.account_id][context.partition]
        user = backend.get_user_from_access_key_id(key)
        if user is not None:
            return self._of_user(user, backend)
        if _TOKEN_HEADER in context.request.headers:
            raise UnknownTokenError
        root = str(Arn(context.partition, "iam", "", context.account_id, "root"))
        return Caller(Principal.from_arn(root), {"aws:userid": context.account_id})

    def of_role(self, role_arn: str, session_name: str) -> Caller:
        """Give a role's session of a name, as if it had been assumed.

        Raises
        ------
        LookupError
            If there is no such role.
        """
        self._load()
        role = find_role(role_arn)
        if role is None:
            raise LookupError(role_arn)
        return self._session_of(role, role_arn, session_name, None)

    def user_id(self, arn: str) -> str | None:
        """Give the ``aws:userid`` of a principal by its ARN; None if there is no such any more."""
        self._load()
        parsed = parse_arn(arn)
        kind, _, name = parsed.resource.partition("/")
        backend = iam_backends[parsed.account][parsed.partition]
        if kind == "assumed-role":
            role_name, _, session = name.partition("/")
            roles = [each for each in backend.get_roles() if each.name == role_name]
            return f"{roles[0].id}:{session}" if roles else None
        if kind == "user":
            user = backend.users.get(name.rpartition("/")[2])
            return str(user.id) if user is not None else None
        return parsed.account

    def forget(self) -> None:
        """Drop what is remembered of sessions: a reset ends them."""
        self._sessions.clear()

    def _load(self) -> None:
        """Have what they knew before a restart read: a request may come first."""
        if not self._loaded:
            for name in ("iam", "sts"):
                SERVICE_PLUGINS.require(name)
            self._loaded = True

    def _session(self, key: str) -> Any | None:
        known = self._sessions.get(key)
        if known is not None:
            return known
        for partitions in list(sts_backends.values()):
            for backend in list(partitions.values()):
                found = backend.get_assumed_role_from_access_key(key)
                if found is not None:
                    self._sessions[key] = found
                    return found
        return None

    def _of_session(self, session: Any) -> Caller:
        role = find_role(session.role_arn)
        if role is None:
            # A deleted role's sessions go on without any policy.
            return Caller(Principal.from_arn(session.arn, role_arn=session.role_arn))
        return self._session_of(role, session.role_arn, session.session_name, session.policy)

    def _session_of(self, role: Any, role_arn: str, name: str, policy: str | None) -> Caller:
        parsed = parse_arn(role_arn)
        arn = parsed._replace(service="sts", resource=f"assumed-role/{role.name}/{name}")
        context: dict[str, ContextValue] = {"aws:userid": f"{role.id}:{name}"}
        context.update(_tags(role.tags))
        return Caller(
            Principal.from_arn(str(arn), role_arn=role_arn),
            context,
            identity=policies.of_entity(role),
            boundary=_boundary(role.permissions_boundary_arn, parsed),
            session=(policies.read(policy, "identity", str(arn)),) if policy else (),
        )

    def _of_user(self, user: Any, backend: Any) -> Caller:
        groups = backend.get_groups_for_user(user.name)
        boundary = getattr(user, "permissions_boundary_arn", None)
        return Caller(
            Principal.from_arn(user.arn),
            {"aws:userid": user.id},
            identity=(*policies.of_entity(user), *policies.together(groups)),
            boundary=_boundary(boundary, parse_arn(user.arn)),
        )


def of_service(service: str, source_arn: str | None, context: Any) -> Caller:
    """Give a service that acts for a resource.

    Parameters
    ----------
    service : str
        ``events``, as LocalStack's internal calls say it.
    source_arn : str or None
        The resource: a rule, a topic, a bucket.
    context : object
        Has ``account_id`` and ``region``.
    """
    others = _OTHER_NAMES.get(service, ())
    names = [each.format(region=context.region) for each in others]
    keys: dict[str, ContextValue] = {}
    owner = context.account_id
    if source_arn:
        keys["aws:SourceArn"] = source_arn
        # A bucket's ARN has no account.
        owner = parse_arn(source_arn).account or owner
    keys["aws:SourceAccount"] = owner
    if service == "cloudwatch":
        # By which the policy that SNS gives a new topic lets in the alarms of its account.
        keys["aws:SourceOwner"] = owner
    return Caller(Principal.service(f"{service}.amazonaws.com", *names), keys)


def find_role(role_arn: str) -> Any | None:
    """Give moto's role of an ARN; None if there is none."""
    parsed = parse_arn(role_arn)
    roles = iam_backends[parsed.account][parsed.partition].roles
    return next((each for each in list(roles.values()) if each.arn == role_arn), None)


def _boundary(arn: str | None, owner: Arn) -> Policy | None:
    if not arn:
        return None
    return policies.of_managed(iam_backends[owner.account][owner.partition].managed_policies[arn])


def _tags(tags: Any) -> dict[str, ContextValue]:
    entries = tags.values() if isinstance(tags, dict) else tags or ()
    return {
        f"aws:PrincipalTag/{each['Key']}": str(each["Value"])
        for each in entries
        if isinstance(each, Mapping)
    }


def _access_key(context: RequestContext) -> str | None:
    """Give the key that signed the request, in its header or in its URL."""
    key = extract_access_key_id_from_auth_header(context.request.headers)
    if key and key != _INJECTED:
        return str(key)
    query = parse_qs(context.request.query_string.decode(errors="replace"))
    for name in _SIGNATURES:
        if name in query:
            return str(query[name][0]).partition("/")[0]
    return None
