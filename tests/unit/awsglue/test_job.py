"""A job's bookmark is fetched by init, saved whole by commit, and off when nobody keeps it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from awsglue import _run, _s3_source
from awsglue._bookmarks_s3 import FileEntry
from awsglue.job import Job


class Keeper:
    """The Glue service's side: one job's bookmark, with its version checked."""

    def __init__(self) -> None:
        self.bookmark: dict[str, Any] = {
            "option": "job-bookmark-enable",
            "version": 3,
            "run": 1,
            "attempt": 0,
            "states": {"other": {"kept": True}},
            "until": None,
        }
        self.asked: list[str] = []
        self.url = ""

    def handler(keeper) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def answer(self, status: int, body: Any) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def do_GET(self) -> None:
                keeper.asked.append(self.path)
                self.answer(200, keeper.bookmark)

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if body["version"] != keeper.bookmark["version"]:
                    message = "The bookmark was committed by another run"
                    self.answer(409, {"code": "VersionMismatchException", "message": message})
                    return
                keeper.bookmark["states"] = body["states"]
                keeper.bookmark["version"] += 1
                self.answer(200, {"version": keeper.bookmark["version"]})

            def log_message(self, *args: Any) -> None:
                """Keep the test's output clean."""

        return Handler


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    made = Keeper()
    server = HTTPServer(("127.0.0.1", 0), made.handler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("ETLOCAL_ACCOUNT", "123456789012")
    yield made
    server.shutdown()
    server.server_close()


ARGS = {"JOB_NAME": "my job", "JOB_RUN_ID": "jr_1"}
FILE = FileEntry("s3://b/a.csv", 1000, 1, "e")


def read(ctx: str = "ctx", now: int = 2000) -> Any:
    options = _s3_source.S3Options.read({})
    return _s3_source.choose([FILE], options, ctx, now)


def test_init_asks_for_the_runs_bookmark(keeper: Keeper) -> None:
    Job.init("my job", ARGS)
    assert keeper.asked == [
        "/_etlocal/glue/bookmarks/my%20job?account=123456789012&region=eu-west-1&run_id=jr_1"
    ]


def test_commit_saves_all_sources_and_keeps_the_others(keeper: Keeper) -> None:
    Job.init("my job", ARGS)
    assert read() == [FILE]
    Job.commit()
    assert keeper.bookmark["version"] == 4
    assert set(keeper.bookmark["states"]) == {"other", "ctx"}
    Job.init("my job", ARGS)
    assert read() == []


def test_without_commit_nothing_moves(keeper: Keeper) -> None:
    for _ in range(2):
        Job.init("my job", ARGS)
        assert read() == [FILE]
    assert keeper.bookmark["version"] == 3


def test_a_source_without_ctx_has_no_bookmark(keeper: Keeper) -> None:
    for _ in range(2):
        Job.init("my job", ARGS)
        assert read(ctx="") == [FILE]
        Job.commit()
    assert set(keeper.bookmark["states"]) == {"other"}


def test_the_later_of_two_commits_fails(keeper: Keeper) -> None:
    Job.init("my job", ARGS)
    keeper.bookmark["version"] = 9
    with pytest.raises(_run.BookmarkError, match="VersionMismatchException"):
        Job.commit()


def test_a_second_commit_of_the_same_run_succeeds(keeper: Keeper) -> None:
    Job.init("my job", ARGS)
    Job.commit()
    read()
    Job.commit()
    assert "ctx" in keeper.bookmark["states"]


@pytest.mark.parametrize("option", ["job-bookmark-disable", "job-bookmark-pause"])
def test_disable_and_pause_move_nothing(keeper: Keeper, option: str) -> None:
    keeper.bookmark["option"] = option
    for _ in range(2):
        Job.init("my job", ARGS)
        assert read() == [FILE]
        Job.commit()
    assert keeper.bookmark["version"] == 3


def test_a_pause_between_two_runs_reads_that_range(keeper: Keeper) -> None:
    keeper.bookmark["option"] = "job-bookmark-pause"
    keeper.bookmark["states"] = {}
    keeper.bookmark["until"] = {"ctx": {"type": "s3", "high": 500, "files": {}}}
    Job.init("my job", ARGS)
    assert read() == []
    keeper.bookmark["until"]["ctx"]["high"] = 1500
    Job.init("my job", ARGS)
    assert read() == [FILE]


def test_commit_without_init_is_an_error() -> None:
    assert not Job.is_initialized()
    with pytest.raises(RuntimeError, match=r"before Job\.init"):
        Job.commit()


def test_by_hand_there_is_no_bookmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    Job.init("my job", {"JOB_NAME": "my job"})
    for _ in range(2):
        assert read() == [FILE]
        Job.commit()


def test_an_unreachable_service_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(_run.BookmarkError, match="cannot be reached"):
        Job.init("my job", ARGS)


def test_only_http_endpoints_are_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"file://{tmp_path}")
    with pytest.raises(_run.BookmarkError, match="http"):
        Job.init("my job", ARGS)
