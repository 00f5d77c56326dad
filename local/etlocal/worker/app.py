"""The worker's HTTP interface; `etlocal.worker.protocol` says what is exchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from etlocal.worker.protocol import RunRequest
from etlocal.worker.runs import NoSlotError, RunConflictError, Runs, UnknownRunError

_LONGEST_WAIT = 60.0


def make_app(runs: Runs) -> Starlette:
    """Make the application that takes, follows and stops `runs`; it closes them at its end."""

    async def submit(request: Request) -> Response:
        try:
            asked = RunRequest.model_validate_json(await request.body())
        except ValidationError as error:
            return _error(400, f"the body is not a run's request: {_sentence(error)}")
        try:
            run = await run_in_threadpool(runs.submit, asked)
        except RunConflictError as error:
            return _error(409, str(error))
        except NoSlotError as error:
            return _error(503, str(error))
        return _answer(202, run.status)

    async def follow(request: Request) -> Response:
        try:
            seconds = float(request.query_params.get("wait", "0"))
        except ValueError:
            return _error(400, "wait must be a number of seconds")
        if not 0 <= seconds < float("inf"):
            return _error(400, "wait must be a number of seconds, 0 or more")
        run = runs.get(request.path_params["run_id"])
        seen = request.query_params.get("state")
        return _answer(200, await run.changed(seen, min(seconds, _LONGEST_WAIT)))

    async def stop(request: Request) -> Response:
        run = runs.get(request.path_params["run_id"])
        await run_in_threadpool(run.stop)
        return _answer(202, run.status)

    async def health(_request: Request) -> Response:
        return _answer(200, runs.health())

    return Starlette(
        routes=[
            Route("/runs", submit, methods=["POST"]),
            Route("/runs/{run_id}", follow, methods=["GET"]),
            Route("/runs/{run_id}/stop", stop, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
        ],
        exception_handlers={UnknownRunError: _unknown_run, HTTPException: _http_error},
        lifespan=_lifespan(runs),
    )


def _lifespan(runs: Runs) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(runs.close)

    return lifespan


def _unknown_run(_request: Request, error: Exception) -> Response:
    return _error(404, str(error))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _error(404, f"there is nothing at {request.url.path}")
    return _error(error.status_code, str(error.detail))


def _answer(status: int, model: BaseModel) -> Response:
    return Response(model.model_dump_json(), status_code=status, media_type="application/json")


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=status)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
