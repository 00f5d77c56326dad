"""Waiting goes on until there is an answer, or the time is over."""

from __future__ import annotations

import pytest

from etlocal.waiting import WaitTimeoutError, await_answer


def test_neither_none_nor_false_is_an_answer() -> None:
    answers = iter([None, False, "yes", "late"])

    assert await_answer(lambda: next(answers), seconds=30, what="an answer", first=0.001) == "yes"


def test_what_did_not_come_is_named() -> None:
    with pytest.raises(WaitTimeoutError, match="rain: not within 0 s"):
        await_answer(lambda: False, seconds=0, what="rain", first=0.001)
