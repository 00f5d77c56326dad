"""The parts of the flow, called directly: what put → SNS could take at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.ground import Ground, Pipeline
from benchmarks.trace import statements_of_last_run
from etlocal.waiting import await_answer

_LOOK_SECONDS = 0.01
_PATIENT_SECONDS = 600.0
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "FINISHED", "ABORTED")


class Direct:
    """Calls on a deployed pipeline; each gives the seconds it took.

    Parameters
    ----------
    place : Ground
    pipeline : Pipeline
    body : bytes
        What is uploaded.
    """

    def __init__(self, place: Ground, pipeline: Pipeline, body: bytes) -> None:
        self._place = place
        self._pipeline = pipeline
        self._body = body
        self._outputs = pipeline.deployed.outputs
        self._glue = pipeline.clients.client("glue")
        self._data = pipeline.clients.client("redshift-data")
        self._where = {
            "WorkgroupName": self._outputs["WorkgroupName"],
            "Database": self._outputs["DatabaseName"],
        }

    def put(self) -> float:
        """PutObject of a file that the next crawl and job then find."""
        key = self._pipeline.new_key(heard=False)
        began = time.perf_counter()
        self._pipeline.put(self._body, key=key)
        return time.perf_counter() - began

    def crawl(self) -> float:
        """StartCrawler, until it is READY again."""
        name = self._outputs["CrawlerName"]
        began = time.perf_counter()
        self._glue.start_crawler(Name=name)
        crawled = await_crawl(self._glue, name)
        took = time.perf_counter() - began
        _require(crawled["Status"], crawled.get("ErrorMessage"))
        return took

    def job(self) -> float:
        """StartJobRun, until it has ended; it reads the file that `put` has put."""
        self._place.await_worker()
        name = self._outputs["JobName"]
        began = time.perf_counter()
        run = self._glue.start_job_run(JobName=name)["JobRunId"]

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._glue.get_job_run(JobName=name, RunId=run)["JobRun"]
            return found if found["JobRunState"] in _ENDED else None

        said = _closely(look, f"the end of {run}")
        took = time.perf_counter() - began
        _require(said["JobRunState"], said.get("ErrorMessage"))
        return took

    def ask(self) -> float:
        """ExecuteStatement for what the last run has loaded, until its result is there."""
        run = self._pipeline.job_runs()[0]["Id"]
        began = time.perf_counter()
        started = self._data.execute_statement(
            Sql="SELECT COUNT(*), SUM(rows_loaded) FROM airlines.load_history"
            " WHERE job_run_id = :run",
            Parameters=[{"name": "run", "value": run}],
            **self._where,
        )
        self._await(started["Id"])
        self._data.get_statement_result(Id=started["Id"])
        return time.perf_counter() - began

    def notify(self) -> float:
        """Publish, until the message is received."""
        began = time.perf_counter()
        self._pipeline.sns.publish(
            TopicArn=self._outputs["TopicArn"], Message='{"Status":"Success"}'
        )
        self._pipeline.messages(1)
        return time.perf_counter() - began

    def unload(self) -> float:
        """Run the UNLOAD of the last run again."""
        [statement], _ = statements_of_last_run(self._pipeline)
        self._execute([statement.replace("/'", f"/again-{time.monotonic_ns()}/'", 1)])
        return self._took

    def copy(self) -> float:
        """Run the load of the last run again, as if its files had not been loaded yet."""
        _, statements = statements_of_last_run(self._pipeline)
        run = self._pipeline.job_runs()[0]["Id"]
        self._execute([f"DELETE FROM airlines.load_history WHERE job_run_id = '{run}'"])
        self._execute(statements)
        return self._took

    def _execute(self, statements: list[str]) -> None:
        began = time.perf_counter()
        if len(statements) == 1:
            started = self._data.execute_statement(Sql=statements[0], **self._where)
        else:
            started = self._data.batch_execute_statement(Sqls=statements, **self._where)
        self._await(started["Id"])
        self._took = time.perf_counter() - began

    def _await(self, statement: str) -> None:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._data.describe_statement(Id=statement)
            return found if found["Status"] in _ENDED else None

        said = _closely(look, f"the end of statement {statement}")
        _require(said["Status"], said.get("Error"))


def await_crawl(glue: Any, name: str) -> dict[str, Any]:
    """Wait until a crawler is READY again; give its last crawl, as GetCrawler tells of it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]
        return found["LastCrawl"] if found["State"] == "READY" else None

    return _closely(look, f"crawler {name}")


def _closely(look: Callable[[], dict[str, Any] | None], what: str) -> dict[str, Any]:
    """Wait with looks that are short against what is measured."""
    return await_answer(
        look, seconds=_PATIENT_SECONDS, what=what, first=_LOOK_SECONDS, longest=_LOOK_SECONDS
    )


def _require(state: str, error: str | None) -> None:
    if state not in ("SUCCEEDED", "FINISHED"):
        raise RuntimeError(f"a part called directly ended {state}: {error}")
