"""Whom a proxy is asked for: others than this machine and AWS."""

from __future__ import annotations

import pytest

from etlocal.processes import inherited_environment
from etlocal.proxies import without_proxy


def test_a_proxy_is_asked_for_nothing_of_this_machine_nor_for_aws() -> None:
    told = without_proxy({"no_proxy": "corp.example, ,127.0.0.1"}, "localstack")

    unproxied = told["NO_PROXY"].split(",")
    assert unproxied[:2] == ["corp.example", "127.0.0.1"]
    assert {"localhost", "::1", "localstack", ".amazonaws.com", ".api.aws"} < set(unproxied)
    assert len(unproxied) == len(set(unproxied))
    assert told["no_proxy"] == told["NO_PROXY"]


def test_who_asks_no_proxy_at_all_goes_on_so() -> None:
    assert without_proxy({"NO_PROXY": "*"}) == {"no_proxy": "*", "NO_PROXY": "*"}


def test_parts_inherit_a_proxy_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("BOTO_CONFIG", "me/.boto")

    inherited = inherited_environment()

    assert inherited["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert "127.0.0.1" in inherited["NO_PROXY"].split(",")
    assert not {"AWS_PROFILE", "BOTO_CONFIG"} & inherited.keys()
