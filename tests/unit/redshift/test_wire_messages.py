"""The wire protocol's messages, byte by byte."""

from __future__ import annotations

import io
import struct

import pytest

from etlocal.redshift.wire import messages
from etlocal.redshift.wire.messages import Body, DisconnectedError, Field, ProtocolError


def startup(code: int, body: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack("!ii", len(body) + 8, code) + body)


def test_a_startup_message_gives_its_version_and_parameters() -> None:
    body = b"user\0ada\0database\0dev\0client_protocol_version\x002\0\0"
    found = messages.read_startup(startup(3 << 16, body))
    assert found.is_version_3
    assert found.parameters == {"user": "ada", "database": "dev", "client_protocol_version": "2"}
    assert messages.read_startup(startup((3 << 16) | 2, b"user\0ada\0\0")).minor == 2


def test_requests_in_place_of_a_session_are_told_apart() -> None:
    assert messages.read_startup(startup(messages.SSL_REQUEST)).code == messages.SSL_REQUEST
    assert messages.read_startup(startup(messages.GSS_REQUEST)).code == messages.GSS_REQUEST
    cancel = messages.read_startup(startup(messages.CANCEL_REQUEST, struct.pack("!ii", 7, -8)))
    assert (cancel.code, cancel.pid, cancel.secret) == (messages.CANCEL_REQUEST, 7, -8)
    assert not cancel.is_version_3


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(struct.pack("!ii", 4, 3 << 16), id="too short"),
        pytest.param(struct.pack("!ii", 1 << 20, 3 << 16), id="too long"),
        pytest.param(struct.pack("!ii", 12, 3 << 16) + b"user", id="no end of a string"),
    ],
)
def test_a_first_message_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        messages.read_startup(io.BytesIO(data))


def test_a_client_that_goes_away_is_noticed_wherever_it_stops() -> None:
    whole = messages.message(b"Q", b"select 1\0")
    for length in range(len(whole)):
        with pytest.raises(DisconnectedError):
            messages.read_message(io.BytesIO(whole[:length]))
    kind, body = messages.read_message(io.BytesIO(whole))
    assert (kind, body.string()) == (b"Q", "select 1")


@pytest.mark.parametrize("size", [-1, 3, 1 << 30])
def test_a_length_that_is_none_is_refused(size: int) -> None:
    with pytest.raises(ProtocolError):
        messages.read_message(io.BytesIO(struct.pack("!ci", b"Q", size)))


def test_a_bind_message_is_read_part_by_part() -> None:
    body = Body(
        b"portal\0statement\0" + struct.pack("!hhh", 2, 0, 1)
        + struct.pack("!hi", 3, 2) + b"ab" + struct.pack("!i", -1) + struct.pack("!i", 0)
        + struct.pack("!hh", 1, 1)
    )  # fmt: skip
    assert (body.string(), body.string()) == ("portal", "statement")
    assert body.numbers() == [0, 1]
    assert body.values() == [b"ab", None, b""]
    assert body.numbers() == [1]
    with pytest.raises(ProtocolError):
        body.int32()


def test_text_that_is_not_utf8_breaks_the_protocol() -> None:
    with pytest.raises(ProtocolError):
        Body(b"\xff\0").string()


def test_answers_have_their_type_length_and_parts() -> None:
    assert messages.ready(b"T") == b"Z\0\0\0\5T"
    assert messages.command_complete("SELECT 2") == b"C\0\0\0\rSELECT 2\0"
    assert messages.data_row([b"1", None]) == (b"D\0\0\0\x0f\0\2\0\0\0\x011\xff\xff\xff\xff")
    described = messages.row_description([Field("a", 23, 4, -1, 1)])
    assert described == b"T\0\0\0\x1a\0\1a\0" + struct.pack("!ihihih", 0, 0, 23, 4, -1, 1)
    assert messages.parameter_description([23, 25]) == (
        b"t\0\0\0\x0e\0\2" + struct.pack("!ii", 23, 25)
    )
    error = messages.error_response({"S": "ERROR", "C": "42601", "M": "no"})
    assert error == b"E\0\0\0\x17SERROR\0C42601\0Mno\0\0"
    assert messages.md5_password(b"salt") == b"R\0\0\0\x0c\0\0\0\5salt"


def test_a_zero_byte_in_text_does_not_end_an_answer_early() -> None:
    assert messages.parameter_status("a", "b\0c") == b"S\0\0\0\x09a\0bc\0"
