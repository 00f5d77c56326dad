"""The crawlers that a deployment runs: those that see the warehouse's tables.

Source: AWS Glue API Reference, ``StartCrawler`` and ``GetCrawler``.
"""

from __future__ import annotations

from typing import Any

from etlocal.clients import Clients
from etlocal.deploy.deployed import Deployed, DeployError
from etlocal.deploy.stacks import Progress
from etlocal.waiting import await_answer


def run_crawlers(clients: Clients, deployed: Deployed, progress: Progress) -> None:
    """Run each crawler that ``Metadata.etlocal.Crawlers`` names, to its end.

    One that runs already may have passed a new table: it is waited for, and run once more.

    Raises
    ------
    DeployError
        If a crawl does not succeed.
    """
    glue = clients.client("glue")
    for output in deployed.template.metadata.Crawlers:
        name = deployed.output(output, "its crawlers")
        _start(clients, glue, name, progress)
        last = _await_ready(clients, glue, name).get("LastCrawl", {})
        if last.get("Status") != "SUCCEEDED":
            raise DeployError(
                f"the crawler {name} ended {last.get('Status')}: {last.get('ErrorMessage')}"
            )


def _start(clients: Clients, glue: Any, name: str, progress: Progress) -> None:
    while True:
        progress(f"running the crawler {name}")
        try:
            glue.start_crawler(Name=name)
        except glue.exceptions.CrawlerRunningException:
            progress(f"waiting for the crawler {name}, which is running")
            _await_ready(clients, glue, name)
        else:
            return


def _await_ready(clients: Clients, glue: Any, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        crawler: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]
        return crawler if crawler["State"] == "READY" else None

    return await_answer(
        look, seconds=clients.patience, what=f"the crawler {name}", longest=clients.pause
    )
