"""Policy documents, read into what the evaluation works on.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements
reference" and "IAM Access Analyzer policy check reference" (what is an error, and what is only a
suggestion: an empty list is no error).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["identity", "resource", "trust"]
Effect = Literal["Allow", "Deny"]
Quantifier = Literal["ForAllValues", "ForAnyValue"]

VERSION, OLD_VERSION = "2012-10-17", "2008-10-17"

_ORDERED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = frozenset(
    [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        *(f"Numeric{order}" for order in _ORDERED),
        *(f"Date{order}" for order in _ORDERED),
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "ArnEquals",
        "ArnNotEquals",
        "ArnLike",
        "ArnNotLike",
        "Null",
    ]
)

_POLICY_ELEMENTS = {"Version", "Id", "Statement"}
_STATEMENT_ELEMENTS = {"Sid", "Effect", "Condition"} | {
    name + element for name in ("", "Not") for element in ("Principal", "Action", "Resource")
}
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_IF_EXISTS = "IfExists"


class MalformedPolicyDocument(ValueError):  # noqa: N818 - AWS's own name of the error
    """A document is no policy; the message says where, and which rule it breaks."""


@dataclass(frozen=True)
class Principals:
    """What a ``Principal`` or ``NotPrincipal`` element lists.

    Attributes
    ----------
    everyone : bool
        ``"*"`` or ``{"AWS": "*"}``, which mean the same.
    aws : tuple of str
        Accounts (twelve digits or the ARN of their root), and ARNs of users, roles and sessions.
    services, federated, canonical_users : tuple of str
        Service principals, identity providers, and S3's canonical user ids.
    """

    everyone: bool = False
    aws: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_users: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One operator with one key: ``{"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": [...]}}``.

    Attributes
    ----------
    operator : str
        One of `OPERATORS`.
    key : str
        The condition key as written; its case has no meaning.
    values : tuple of str
        What the key is compared to; numbers and booleans are text, as JSON writes them.
    quantifier : str or None
        ``ForAllValues`` or ``ForAnyValue``.
    if_exists : bool
        Whether a key that the request lacks fulfils the condition.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: Quantifier | None = None
    if_exists: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement; an element that it does not have is None.

    Attributes
    ----------
    effect : str
        ``Allow`` or ``Deny``.
    sid : str or None
    principals, not_principals : Principals or None
        Of resource and trust policies only.
    actions, not_actions : tuple of str or None
        One of the two is there.
    resources, not_resources : tuple of str or None
        Neither is there in a trust policy, which is about its role, nor need be in a resource
        policy, which is then about the resource it is attached to.
    conditions : tuple of Condition
        All of them must be fulfilled.
    variables : bool
        Whether ``${...}`` is a policy variable: in version 2012-10-17 only.
    """

    effect: Effect
    sid: str | None = None
    principals: Principals | None = None
    not_principals: Principals | None = None
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    variables: bool = True


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes
    ----------
    statements : tuple of Statement
    version : str
        ``2012-10-17``, or ``2008-10-17`` where the document names none.
    arn : str or None
        The managed policy it is; denials name it.
    """

    statements: tuple[Statement, ...]
    version: str = OLD_VERSION
    arn: str | None = None


def parse_policy(
    document: str | Mapping[str, Any], kind: Kind = "identity", *, arn: str | None = None
) -> Policy:
    """Read a policy document.

    Parameters
    ----------
    document : str or dict
        JSON text, or what it says.
    kind : str
        ``identity`` (also boundaries and session policies), ``resource`` or ``trust``.
    arn : str or None
        The managed policy's ARN, where it is one.

    Returns
    -------
    Policy

    Raises
    ------
    MalformedPolicyDocument
        If the document breaks a rule of the grammar or of its kind.
    """
    content = _load(document) if isinstance(document, str) else document
    if not isinstance(content, Mapping):
        raise MalformedPolicyDocument("the policy must be a JSON object")
    _check_elements("the policy", content, _POLICY_ELEMENTS)
    version = content.get("Version", OLD_VERSION)
    if version not in (VERSION, OLD_VERSION):
        raise MalformedPolicyDocument(
            f"Version must be {VERSION} or {OLD_VERSION}, not {version!r}"
        )
    found = content.get("Statement")
    entries = [found] if isinstance(found, Mapping) else found
    if not isinstance(entries, (list, tuple)) or not entries:
        raise MalformedPolicyDocument("the policy must have a Statement, an object or a list")
    statements = tuple(
        _Reader(f"Statement[{index}]", entry, kind, version).statement()
        for index, entry in enumerate(entries)
    )
    sids = [each.sid for each in statements if each.sid]
    if kind != "resource" and len(sids) != len(set(sids)):
        raise MalformedPolicyDocument("Statement: every Sid must be unique in its policy")
    return Policy(statements, version, arn)


class _Reader:
    """Reads one statement; `where` names it in errors."""

    def __init__(self, where: str, entry: object, kind: Kind, version: str) -> None:
        if not isinstance(entry, Mapping):
            raise MalformedPolicyDocument(f"{where} must be an object")
        self._where, self._entry, self._kind = where, entry, kind
        self._variables = version == VERSION

    def statement(self) -> Statement:
        _check_elements(self._where, self._entry, _STATEMENT_ELEMENTS)
        self._check_combination()
        return Statement(
            effect=self._effect(),
            sid=self._sid(),
            principals=self._principals("Principal"),
            not_principals=self._principals("NotPrincipal"),
            actions=self._actions("Action"),
            not_actions=self._actions("NotAction"),
            resources=self._resources("Resource"),
            not_resources=self._resources("NotResource"),
            conditions=self._conditions(),
            variables=self._variables,
        )

    def _check_combination(self) -> None:
        has = self._entry.__contains__
        for element in ("Principal", "Action", "Resource"):
            if has(element) and has(f"Not{element}"):
                raise self._error(f"{element} and Not{element} exclude each other")
        if not (has("Action") or has("NotAction")):
            raise self._error("must have Action or NotAction")
        principal = has("Principal") or has("NotPrincipal")
        resource = has("Resource") or has("NotResource")
        if self._kind == "identity":
            if principal:
                raise self._error("an identity-based policy has no Principal")
            if not resource:
                raise self._error("must have Resource or NotResource")
        elif not principal:
            raise self._error(f"a {self._kind} policy must have a Principal")
        if self._kind == "trust" and resource:
            raise self._error("a trust policy has no Resource: it is about its role")
        if has("NotPrincipal"):
            if self._kind == "trust":
                raise self._error("a trust policy has no NotPrincipal")
            if self._entry.get("Effect") == "Allow":
                raise self._error("NotPrincipal must be used with Deny")

    def _effect(self) -> Effect:
        effect = self._entry.get("Effect")
        if effect == "Allow":
            return "Allow"
        if effect == "Deny":
            return "Deny"
        raise self._error(f"Effect must be Allow or Deny, not {effect!r}")

    def _sid(self) -> str | None:
        sid = self._entry.get("Sid")
        if sid is None:
            return None
        if not isinstance(sid, str):
            raise self._error("Sid must be text")
        if self._kind != "resource" and not re.fullmatch("[A-Za-z0-9]*", sid):
            raise self._error(f"Sid must be of letters and digits only, not {sid!r}")
        return sid

    def _principals(self, element: str) -> Principals | None:
        if element not in self._entry:
            return None
        content = self._entry[element]
        if content == "*":
            return Principals(everyone=True)
        if not isinstance(content, Mapping):
            raise self._error(f'{element} must be "*" or an object')
        if unknown := sorted(set(content) - set(_PRINCIPAL_TYPES)):
            raise self._error(
                f"{element} has no {', '.join(unknown)}; it has {', '.join(_PRINCIPAL_TYPES)}"
            )
        lists = {
            name: self._texts(f"{element}.{name}", content.get(name, []))
            for name in _PRINCIPAL_TYPES
        }
        named = tuple(each for each in lists["AWS"] if each != "*")
        for each in named:
            if "*" in each or "?" in each:
                raise self._error(f"{element}.AWS must name whole principals, not {each!r}")
        return Principals(
            everyone="*" in lists["AWS"],
            aws=named,
            services=lists["Service"],
            federated=lists["Federated"],
            canonical_users=lists["CanonicalUser"],
        )

    def _actions(self, element: str) -> tuple[str, ...] | None:
        if element not in self._entry:
            return None
        actions = self._texts(element, self._entry[element])
        for action in actions:
            service, colon, name = action.partition(":")
            if action != "*" and not (service and colon and name):
                raise self._error(f'{element} must be service:name or "*", not {action!r}')
        return actions

    def _resources(self, element: str) -> tuple[str, ...] | None:
        if element not in self._entry:
            return None
        resources = self._texts(element, self._entry[element])
        for resource in resources:
            # Resource policies of some services have short forms that mean an ARN of their own.
            if self._kind == "identity" and resource != "*" and not resource.startswith("arn:"):
                raise self._error(f'{element} must be an ARN or "*", not {resource!r}')
            self._check_variables(element, resource)
        return resources

    def _conditions(self) -> tuple[Condition, ...]:
        block = self._entry.get("Condition", {})
        if not isinstance(block, Mapping):
            raise self._error("Condition must be an object")
        found: list[Condition] = []
        for name, keys in block.items():
            operator, quantifier, if_exists = self._operator(name)
            if not isinstance(keys, Mapping):
                raise self._error(f"Condition.{name} must be an object of keys and values")
            if len({key.lower() for key in keys}) != len(keys):
                raise self._error(f"Condition.{name} has a key twice; case has no meaning in it")
            for key, content in keys.items():
                where = f"Condition.{name}.{key}"
                values = self._texts(where, content, scalars=True)
                for value in values:
                    self._check_variables(where, value)
                found.append(Condition(operator, key, values, quantifier, if_exists))
        return tuple(found)

    def _operator(self, name: str) -> tuple[str, Quantifier | None, bool]:
        prefix, colon, operator = name.rpartition(":")
        if_exists = operator.endswith(_IF_EXISTS)
        operator = operator.removesuffix(_IF_EXISTS)
        quantifier: Quantifier | None = None
        if prefix == "ForAllValues":
            quantifier = "ForAllValues"
        elif prefix == "ForAnyValue":
            quantifier = "ForAnyValue"
        if operator not in OPERATORS or (colon and not quantifier):
            raise self._error(f"Condition has no operator {name!r}")
        if operator == "Null" and if_exists:
            raise self._error("Condition: IfExists goes with every operator but Null")
        return operator, quantifier, if_exists

    def _texts(self, where: str, content: object, *, scalars: bool = False) -> tuple[str, ...]:
        """Give a text or a list of texts as a tuple; `scalars` takes numbers and booleans too."""
        entries = content if isinstance(content, (list, tuple)) else [content]
        found: list[str] = []
        for entry in entries:
            if isinstance(entry, str):
                found.append(entry)
            elif scalars and isinstance(entry, bool):
                found.append(str(entry).lower())
            elif scalars and isinstance(entry, (int, float)):
                found.append(str(entry))
            else:
                raise self._error(f"{where} must be text or a list of texts, not {entry!r}")
        return tuple(found)

    def _check_variables(self, where: str, text: str) -> None:
        if self._variables and re.search(r"\$\{(?![^{}]*\})", text):
            raise self._error(f"{where}: a policy variable has no closing brace in {text!r}")

    def _error(self, rule: str) -> MalformedPolicyDocument:
        return MalformedPolicyDocument(f"{self._where}: {rule}")


def _load(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise MalformedPolicyDocument(f"the policy is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedPolicyDocument(f"an object of the policy has {twice!r} twice")
    return content


def _check_elements(where: str, content: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(str(name) for name in set(content) - known):
        raise MalformedPolicyDocument(f"{where}: there is no element {', '.join(unknown)}")
