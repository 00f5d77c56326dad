"""What AWS's documentation says of access, rule by rule."""

from __future__ import annotations

import re

import pytest

from etlocal.iam.documents import OPERATORS
from tests.unit.iam import (
    cases_accounts,
    cases_conditions,
    cases_elements,
    cases_evaluation,
    cases_principals,
)
from tests.unit.iam.case import Case

CASES = [
    *cases_conditions.CASES,
    *cases_elements.CASES,
    *cases_principals.CASES,
    *cases_evaluation.CASES,
    *cases_accounts.CASES,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_documented_rule(case: Case) -> None:
    decision = case.decide()
    assert decision.reason == case.expected, case.page
    assert decision.allowed is (case.expected == "Allowed")
    if case.by is not None:
        assert decision.decided_by == case.by, case.page


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decision_names_its_statements(case: Case) -> None:
    decision = case.decide()
    effects = {statement.effect for statement in decision.statements}
    expected = {"Allowed": {"Allow"}, "ExplicitDeny": {"Deny"}, "ImplicitDeny": set()}
    if decision.decided_by is not None:
        assert effects == expected[decision.reason]


def test_names_are_unique() -> None:
    names = [(case.page, case.name) for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_is_met_missed_and_without_its_key(operator: str) -> None:
    own = [
        case
        for case in cases_conditions.CASES
        if re.match(rf"{operator} ", case.name) and case.by == "identity-based"
    ]
    assert {case.expected for case in own if case.context} == {"Allowed", "ImplicitDeny"}
    assert any(not case.context for case in own)
