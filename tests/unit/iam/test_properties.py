"""What must hold for all policies, whatever they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etlocal.iam.documents import parse_policy
from etlocal.iam.evaluation import Decision, evaluate
from etlocal.iam.matching import action_matches, resource_matches
from etlocal.iam.patterns import matches, tokens
from etlocal.iam.requests import Principal, Request
from tests.hypothesis_profiles import examples
from tests.unit.iam.case import ROLE, policy
from tests.unit.iam.random_access import ACTIONS, RESOURCES, Statement, accesses, statements

KINDS = ["identity", "resource_policy", "boundary", "session"]
PLAIN = st.text(st.characters(blacklist_characters="*?$", max_codepoint=0x2FF), max_size=12)

Access = dict[str, Any]


def decide(access: Access, role_arn: str = ROLE) -> Decision:
    context = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in access["context"].items()
    }
    principal = Principal.from_arn(access["principal"], role_arn=role_arn)
    resource, boundary, session = (
        access[name] for name in ("resource_policy", "boundary", "session")
    )
    return evaluate(
        Request(principal, access["action"], access["resource"], context),
        identity=[policy(access["identity"])] if access["identity"] else [],
        resource=policy(resource, "resource") if resource else None,
        boundary=policy(boundary) if boundary else None,
        session=[policy(session)] if session else [],
        resource_account=access["resource_account"],
    )


def added(access: Access, kind: str, statement: Statement, first: bool) -> Access:
    """The access with one more statement in one of its policies."""
    before = access[kind] or []
    return {**access, kind: [statement, *before] if first else [*before, statement]}


@pytest.mark.parametrize("kind", KINDS)
@examples(30)
@given(data=st.data(), access=accesses(), first=st.booleans())
def test_a_denial_more_allows_no_more(
    kind: str, data: st.DataObject, access: Access, first: bool
) -> None:
    denial = data.draw(statements("Deny", principal=kind == "resource_policy"))
    if not decide(access).allowed:
        assert not decide(added(access, kind, denial, first)).allowed


@pytest.mark.parametrize("kind", KINDS)
@examples(30)
@given(data=st.data(), access=accesses(), first=st.booleans())
def test_a_grant_more_denies_no_more(
    kind: str, data: st.DataObject, access: Access, first: bool
) -> None:
    grant = data.draw(statements("Allow", principal=kind == "resource_policy"))
    limit_begins = kind in ("boundary", "session") and not access[kind]
    if decide(access).allowed and not limit_begins:
        assert decide(added(access, kind, grant, first)).allowed


@examples(30)
@given(access=accesses(), data=st.data())
def test_the_order_of_statements_has_no_meaning(access: Access, data: st.DataObject) -> None:
    shuffled = {
        **access,
        **{kind: data.draw(st.permutations(access[kind])) for kind in KINDS if access[kind]},
    }
    before, after = decide(access), decide(shuffled)
    assert (before.reason, before.decided_by) == (after.reason, after.decided_by)


@examples(30)
@given(access=accesses())
def test_a_limit_less_denies_no_more(access: Access) -> None:
    if decide(access).allowed:
        assert decide({**access, "boundary": None, "session": None}).allowed


@examples(30)
@given(access=accesses(), swap=st.booleans())
def test_the_case_of_actions_and_keys_has_no_meaning(access: Access, swap: bool) -> None:
    changed = {
        **access,
        "action": access["action"].upper() if swap else access["action"].lower(),
        "context": {key.upper(): value for key, value in access["context"].items()},
    }
    assert decide(access).reason == decide(changed).reason


@examples(30)
@given(access=accesses())
def test_a_statement_and_a_list_of_it_are_the_same(access: Access) -> None:
    for statement in access["identity"]:
        version = {"Version": "2012-10-17"}
        alone = parse_policy({**version, "Statement": statement})
        assert alone == parse_policy({**version, "Statement": [statement]})


@pytest.mark.parametrize("matched", [action_matches, resource_matches])
@given(text=PLAIN)
def test_a_star_matches_everything(matched: Callable[[str, str], bool], text: str) -> None:
    assert matched("*", text)


@given(text=PLAIN)
def test_a_text_without_wildcards_matches_itself_alone(text: str) -> None:
    assert resource_matches(text, text)
    assert not resource_matches(text, text + "x")


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_have_no_case(action: str) -> None:
    assert action_matches(action.swapcase(), action)


@pytest.mark.parametrize("resource", RESOURCES)
def test_resources_have_their_case(resource: str) -> None:
    assert not resource_matches(resource.swapcase(), resource)


@examples(150)
@given(
    pieces=st.lists(st.sampled_from(["*", "?", "a", "b", ":"]), max_size=8),
    text=st.text("ab:", max_size=8),
)
def test_wildcards_match_as_they_are_defined(pieces: list[str], text: str) -> None:
    pattern = tokens("".join(pieces), None)
    assert pattern is not None
    assert matches(pattern, text) is slowly("".join(pieces), text)


def slowly(pattern: str, text: str) -> bool:
    """The definition, word by word."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(slowly(pattern[1:], text[count:]) for count in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])


def test_many_stars_cost_little() -> None:
    assert not resource_matches("arn:aws:s3:::" + "*a" * 40, "arn:aws:s3:::" + "a" * 400 + "b")
