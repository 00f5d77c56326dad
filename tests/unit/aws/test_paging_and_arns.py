"""List operations page through all items once; ARNs come apart as they were put together."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etlocal.aws.arns import make_arn, parse_arn
from etlocal.aws.errors import AwsError
from etlocal.aws.paging import page

LONG = base64.b64encode(b"offset:" + b"9" * 5000).decode()


def test_a_page_has_no_negative_size() -> None:
    with pytest.raises(AwsError, match="must not be negative"):
        page([1, 2], token=None, size=-1, invalid=AwsError)


@given(st.lists(st.integers(), max_size=50), st.integers(min_value=1, max_value=20))
def test_pages_put_together_are_the_items(items: list[int], size: int) -> None:
    seen: list[int] = []
    token: str | None = None
    while True:
        some, token = page(items, token=token, size=size, invalid=AwsError)
        assert len(some) <= size
        seen += some
        if token is None:
            break
    assert seen == items


@pytest.mark.parametrize(
    "token", ["", "x", "b2Zmc2V0OmFiYw==", "€", "!b2Zmc2V0OjE=", "b2Zmc2V0OtmhMQ==", LONG]
)
def test_token_that_was_not_given_out_is_refused(token: str) -> None:
    if not token:
        assert page([1], token=token, size=1, invalid=AwsError) == ([1], None)
        return
    with pytest.raises(AwsError, match="pagination token"):
        page([1], token=token, size=1, invalid=AwsError)


def test_arn_comes_apart_as_it_was_put_together() -> None:
    text = make_arn("glue", "us-east-1", "000000000000", "table/a:b/c")
    assert parse_arn(text).resource == "table/a:b/c"
    assert str(parse_arn(text)) == text


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("eu-west-1", "aws")])
def test_partition_follows_the_region(region: str, partition: str) -> None:
    assert parse_arn(make_arn("s3", region, "", "b")).partition == partition


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:s3", "urn:aws:s3:::bucket", "arn:aws:s3:::"])
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ARN"):
        parse_arn(text)
