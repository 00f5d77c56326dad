"""How a connection begins: what the client asks for, its password, its first settings.

Source: PostgreSQL documentation, "Start-up".
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable

from etlocal.aws.call import Runtime
from etlocal.redshift.errors import SqlError
from etlocal.redshift.wire import authentication, messages
from etlocal.redshift.wire.authentication import Login
from etlocal.redshift.wire.channel import Channel
from etlocal.redshift.wire.errors import FatalError
from etlocal.redshift.wire.messages import ProtocolError, Startup
from etlocal.redshift.wire.session import Session

# What a client may set by the names of its first message; drivers put words of their own there.
_SETTINGS = ("application_name", "client_encoding", "datestyle", "extra_float_digits",
             "query_group", "search_path", "statement_timeout", "timezone")  # fmt: skip

Cancel = Callable[[int, int], None]


def receive(channel: Channel, cancel: Cancel) -> Startup | None:
    """Read what the client begins with; None if it only wanted a statement cancelled.

    Raises
    ------
    FatalError
        If it speaks another protocol.
    """
    while True:
        startup = channel.startup()
        if startup.code in (messages.SSL_REQUEST, messages.GSS_REQUEST):
            # A client that prefers encryption but does not demand it goes on without.
            channel.refuse_encryption()
            continue
        if startup.code == messages.CANCEL_REQUEST:
            cancel(startup.pid, startup.secret)
            return None
        if not startup.is_version_3:
            raise FatalError(f"unsupported frontend protocol {startup.code}", sqlstate="0A000")
        return startup


def authenticate(runtime: Runtime, channel: Channel, startup: Startup) -> Login:
    """Ask for the password, and find where it lets the client in.

    Raises
    ------
    FatalError
        If it lets it in nowhere.
    """
    unknown = [name for name in startup.parameters if name.startswith("_pq_.")]
    if startup.minor or unknown:
        channel.send(messages.negotiate_version(0, unknown))
    user = startup.parameters.get("user")
    if not user:
        raise FatalError("no user name specified in startup packet", sqlstate="28000")
    salt = secrets.token_bytes(4)
    channel.send(messages.md5_password(salt))
    channel.flush()
    kind, body = channel.message()
    if kind != b"p":
        raise ProtocolError("a password is expected")
    login = authentication.authenticate(
        runtime,
        user,
        startup.parameters.get("database") or user,
        body.string().encode(),
        salt,
        options(startup).get(authentication.TARGET_OPTION),
    )
    channel.send(messages.AUTHENTICATED)
    return login


def open_session(runtime: Runtime, login: Login, startup: Startup) -> Session:
    """Open a client's session, with the settings that it begins with.

    Raises
    ------
    FatalError
        If a setting cannot have its value.
    """
    session = Session(runtime, login)
    try:
        for name, value in startup.parameters.items():
            if name.lower() in _SETTINGS:
                session.set(name, value)
        for name, value in options(startup).items():
            if name != authentication.TARGET_OPTION:
                session.set(name, value)
    except SqlError as error:
        session.close()
        raise FatalError(error.message, sqlstate=error.sqlstate) from error
    return session


def options(startup: Startup) -> dict[str, str]:
    """Take the settings from a connection's ``options``: ``-c name=value`` and ``--name=value``.

    Raises
    ------
    FatalError
        If a quote in them does not end.
    """
    try:
        words = iter(shlex.split(startup.parameters.get("options", "")))
    except ValueError as error:
        raise FatalError(f"invalid command-line arguments: {error}", sqlstate="42601") from error
    found = {}
    for word in words:
        setting = next(words, "") if word == "-c" else word.removeprefix("-c").removeprefix("--")
        name, _, value = setting.partition("=")
        found[name.strip().lower()] = value
    return found
