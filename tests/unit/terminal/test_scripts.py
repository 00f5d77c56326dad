"""Warehouse scripts: split into statements, filled in from outputs that cannot break out."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.deploy import DeployError, fill_in, statements

SOURCE = Path("010_load.sql")


def test_script_splits_at_semicolons_outside_of_text_and_comments() -> None:
    script = "-- one; two\nSELECT ';' ; /* ; */ INSERT INTO t VALUES ('a;b');\n\n;"
    assert [sql.split()[0] for sql in statements(script)] == ["SELECT", "INSERT"]


def test_script_of_comments_has_no_statements() -> None:
    assert statements("-- nothing\n/* at all */") == []


def test_output_is_filled_in() -> None:
    outputs = {"Bucket": "my-bucket"}
    assert fill_in("COPY t FROM 's3://${Bucket}/a'", outputs, SOURCE) == (
        "COPY t FROM 's3://my-bucket/a'"
    )


def test_output_that_the_stack_does_not_have_is_named() -> None:
    with pytest.raises(DeployError, match=r"\$\{Buckt\}"):
        fill_in("'${Buckt}'", {"Bucket": "b"}, SOURCE)


@pytest.mark.parametrize("value", ["a'b", 'a"b', "a;b", "a\nb", "a b"])
def test_output_that_could_end_its_literal_is_refused(value: str) -> None:
    with pytest.raises(DeployError, match="may not go into"):
        fill_in("'${Bucket}'", {"Bucket": value}, SOURCE)
