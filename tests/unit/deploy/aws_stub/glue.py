"""Glue: a stack's crawlers, whose crawls go on as they are asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.unit.deploy.aws_stub.service import AwsError, Request, Response, Service, without_nones
from tests.unit.deploy.aws_stub.world import World

_STATES = ("RUNNING", "STOPPING", "READY")


@dataclass
class Crawler:
    """A crawler with its state."""

    name: str
    properties: dict[str, Any]
    state: str = "READY"
    coming: list[str] = field(default_factory=list)
    last: dict[str, Any] | None = None


class Glue(Service):
    """AWS Glue Web API Reference: ``StartCrawler``, ``GetCrawler``.

    The first GetCrawler after StartCrawler answers RUNNING, then STOPPING, then READY.
    """

    name = "glue"
    invalid = "InvalidInputException"
    documented = frozenset({"InvalidInputException"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.crawlers: dict[str, Crawler] = {}
        self.crawls: list[tuple[str, str]] = []
        self._failures: dict[str, str] = {}

    def fail(self, crawler: str, message: str = "Internal Service Exception") -> None:
        """Let a crawler's crawls fail from now on."""
        self._failures[crawler] = message

    def heal(self, crawler: str) -> None:
        """Let a crawler's crawls succeed again."""
        self._failures.pop(crawler, None)

    def settle(self) -> None:
        """End the crawls."""
        for crawler in self.crawlers.values():
            while crawler.coming:
                self._advance(crawler)

    def StartCrawler(self, asked: Request) -> Response:
        """Begin a crawl; one that runs is not begun again."""
        crawler = self._crawler(asked)
        if crawler.state != "READY":
            raise AwsError(
                "CrawlerRunningException", f"Crawler with name {crawler.name} has already started"
            )
        crawler.state, crawler.coming = "RUNNING", list(_STATES)
        return {}

    def GetCrawler(self, asked: Request) -> Response:
        """Describe a crawler, whose crawl goes on meanwhile."""
        crawler = self._crawler(asked)
        for _ in range(self.world.pace):
            self._advance(crawler)
        known = ("Role", "DatabaseName", "Description", "TablePrefix", "Targets", "Classifiers",
                 "SchemaChangePolicy", "RecrawlPolicy", "Configuration")  # fmt: skip
        return {
            "Crawler": without_nones({
                **{key: crawler.properties.get(key) for key in known},
                "Name": crawler.name,
                "State": crawler.state,
                "LastCrawl": crawler.last,
            })
        }  # fmt: skip

    def _crawler(self, asked: Request) -> Crawler:
        name = asked["Name"]
        if name not in self.crawlers:
            raise AwsError(
                "EntityNotFoundException", f"Crawler entry with name {name} does not exist"
            )
        return self.crawlers[name]

    def _advance(self, crawler: Crawler) -> None:
        if not crawler.coming:
            return
        crawler.state = crawler.coming.pop(0)
        if crawler.state != "READY":
            return
        message = self._failures.get(crawler.name)
        status = "FAILED" if message else "SUCCEEDED"
        self.crawls.append((crawler.name, status))
        crawler.last = without_nones({
            "Status": status, "ErrorMessage": message, "LogGroup": "/aws-glue/crawlers",
            "LogStream": crawler.name, "MessagePrefix": self.world.uuid("crawl"),
            "StartTime": self.now(),
        })  # fmt: skip

    def snapshot(self) -> dict[str, Any]:
        """Give the crawlers' states, and how many crawls of each ended how."""
        ended = Counter(self.crawls)
        return {
            name: {
                "state": crawler.state,
                "succeeded": ended[name, "SUCCEEDED"],
                "failed": ended[name, "FAILED"],
            }
            for name, crawler in sorted(self.crawlers.items())
        }
