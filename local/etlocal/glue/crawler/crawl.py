"""One crawl: read the targets, group what is in them, write the catalog.

Source: AWS Glue Developer Guide, "Using crawlers to populate the Data Catalog".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Acting, Call
from etlocal.formats.recognise import Classifier
from etlocal.glue.catalog import api
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.configuration import Configuration, parse_configuration
from etlocal.glue.crawler.custom import classifiers_of
from etlocal.glue.crawler.found import FoundTable, SeenFile
from etlocal.glue.crawler.grouping import group
from etlocal.glue.crawler.jdbc import JdbcCrawl
from etlocal.glue.crawler.jdbc_url import JdbcUrlError
from etlocal.glue.crawler.listing import (
    CrawlCancelledError,
    Location,
    S3Object,
    find_file,
    list_objects,
    parse_location,
)
from etlocal.glue.crawler.log import CrawlLog
from etlocal.glue.crawler.sampling import Reader
from etlocal.glue.crawler.tables import location, partition_input, table_input
from etlocal.glue.crawler.writing import CatalogWriter, Policies, Summary, Wanted

_MOST_NAMED = 200
NEW_FOLDERS_ONLY = "CRAWL_NEW_FOLDERS_ONLY"


# What AWS names the session of a crawler's role.
_SESSION_NAME = "AWS-Crawler"


def acting_as(call: Call, crawler: str, role: str) -> Acting:
    """Give a crawler's role, which is named by its ARN or its name, as Glue assumes it."""
    role_arn = role if role.startswith("arn:") else f"arn:aws:iam::{call.account}:role/{role}"
    source = make_arn("glue", call.region, call.account, f"crawler/{crawler}")
    return Acting(role_arn, "glue", _SESSION_NAME, source)


class CrawlError(Exception):
    """A crawl fails for a reason that its owner can mend."""


class TooManyTablesError(CrawlError):
    """The crawl found more tables than the crawler's configuration allows."""


class TargetError(CrawlError):
    """A target cannot be read; the message names it, since a crawler may have many."""


@contextmanager
def _naming(target: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, JdbcUrlError) as error:
        raise TargetError(f"{target} cannot be read: {error}") from error


@dataclass
class _Found:
    wanted: list[Wanted] = field(default_factory=list)
    under: list[str] = field(default_factory=list)


class Crawl:
    """Runs a crawl.

    Parameters
    ----------
    call : Call
        The crawler's account and region.
    definition : mapping
        The crawler, as `CreateCrawler` was given it with its defaults filled in.
    crawl_id : str
    cancelled : threading.Event
        Set to end the crawl before it writes.
    log : CrawlLog
    """

    def __init__(
        self,
        call: Call,
        definition: Mapping[str, Any],
        crawl_id: str,
        cancelled: threading.Event,
        log: CrawlLog,
    ) -> None:
        self._definition = definition
        self._name: str = definition["Name"]
        self._call = replace(call, acting=acting_as(call, self._name, definition["Role"]))
        self._crawl_id = crawl_id
        self._cancelled = cancelled
        self._log = log
        self._configuration: Configuration = parse_configuration(definition.get("Configuration"))

    def run(self) -> Summary:
        """Crawl, and say what was written.

        Raises
        ------
        CrawlCancelledError
            If it was cancelled; nothing was written.
        TargetError
            If a target cannot be read: a missing bucket or database, another JDBC engine.
        Exception
            Whatever else makes the crawl fail: a missing catalog database or connection.
        """
        database = self._definition["DatabaseName"]
        self._log.benchmark(f"Running Start Crawl for Crawler {self._name}")
        self._log.flush()
        api.get_database(self._call, database)
        found = self._find()
        threshold = self._configuration.table_threshold
        if threshold is not None and len(found.wanted) > threshold:
            raise TooManyTablesError(
                f"The number of tables detected by crawler: {len(found.wanted)} is greater than "
                f"the table threshold value provided: {threshold}"
            )
        self._begin_writing()
        self._log.benchmark(f"Classification complete, writing results to database {database}")
        policies = self._policies()
        self._log.info(
            "Crawler configured with SchemaChangePolicy "
            f'{{"UpdateBehavior":"{policies.update}","DeleteBehavior":"{policies.delete}"}}.'
        )
        writer = CatalogWriter(
            self._call,
            self._name,
            database,
            self._definition.get("TablePrefix") or "",
            policies,
            self._log,
        )
        writer.write(found.wanted, found.under)
        self._log.benchmark("Finished writing to Catalog")
        return writer.summary

    def _policies(self) -> Policies:
        policy = self._definition["SchemaChangePolicy"]
        return Policies(
            update=policy["UpdateBehavior"],
            delete=policy["DeleteBehavior"],
            configuration=self._configuration,
            only_new=self._only_new,
        )

    @property
    def _only_new(self) -> bool:
        behavior = self._definition["RecrawlPolicy"]["RecrawlBehavior"]
        return bool(behavior == NEW_FOLDERS_ONLY)

    def _begin_writing(self) -> None:
        """Go over to STOPPING: from here on the crawl cannot be stopped, and has not ended."""
        if self._cancelled.is_set():
            raise CrawlCancelledError
        with self._call.store.transaction() as tx:
            if not rows.begin_stopping(tx, self._call, self._name, self._crawl_id):
                raise CrawlCancelledError

    def _find(self) -> _Found:
        found = _Found()
        targets = self._definition["Targets"]
        with self._call.store.transaction() as tx:
            classifiers = classifiers_of(tx, self._call, self._definition.get("Classifiers") or [])
        for target in targets.get("S3Targets") or []:
            with _naming(f"S3 target {target['Path']}"):
                self._s3(target, classifiers, found)
        for target in targets.get("JdbcTargets") or []:
            crawl = JdbcCrawl(self._call, self._name, target, self._log, self._cancelled)
            path, connection = target["Path"], target["ConnectionName"]
            with _naming(f"JDBC target {path} of connection {connection}"):
                wanted, under = crawl.find()
            found.wanted += wanted
            found.under.append(under)
        return found

    def _s3(
        self, target: Mapping[str, Any], classifiers: Sequence[Classifier], found: _Found
    ) -> None:
        root = parse_location(target["Path"])
        client = self._call.client("s3", acting=self._call.acting)
        objects = list_objects(client, root, target.get("Exclusions") or [], self._cancelled)
        found.under.append(root.url)
        single = None if objects else find_file(client, root)
        if single is not None:
            # The include path names a file: its folder is where the table is found.
            folder = root.prefix.rstrip("/").rpartition("/")[0]
            root, objects = Location(root.bucket, f"{folder}/" if folder else ""), [single]
        reader = Reader(
            self._call,
            client,
            self._name,
            root.bucket,
            classifiers,
            target.get("SampleSize"),
            self._cancelled,
        )
        files = self._recognised(reader, root, objects)
        for table in self._grouped(root, files, is_file=single is not None):
            found.wanted.append(self._wanted(root, table))

    def _recognised(
        self, reader: Reader, root: Location, objects: Sequence[S3Object]
    ) -> list[SeenFile]:
        seen = rows.seen_files(self._call, self._name, root.bucket)
        if self._only_new:
            folders = {key.rpartition("/")[0] for key in seen}
            objects = [
                item
                for item in objects
                if item.key in seen or item.key.rpartition("/")[0] not in folders
            ]
        recognised = reader.recognise(objects, seen)
        gone = [key for key in seen if key.startswith(root.prefix) and key not in recognised]
        if gone and not self._only_new:
            with self._call.store.transaction() as tx:
                rows.forget_files(tx, self._call, self._name, root.bucket, gone)
        return [
            SeenFile(
                tuple(item.key[len(root.prefix) :].split("/")), item.size, recognised[item.key]
            )
            for item in objects
            if item.key in recognised
        ]

    def _grouped(
        self, root: Location, files: Sequence[SeenFile], *, is_file: bool
    ) -> list[FoundTable]:
        level = self._configuration.table_level
        if level is not None:
            # The bucket is level 1; a level above the include path cannot be reached.
            level = max(0, level - 1 - root.prefix.count("/"))
        grouping = group(files, combine=self._configuration.combine_schemas, table_level=level)
        if grouping.left_out:
            named = ", ".join(
                f"{root.url}{'/'.join(path)} ({reason})"
                for path, reason in grouping.left_out[:_MOST_NAMED]
            )
            self._log.info(
                "Some files do not match the schema detected. Remove or exclude the following "
                f"files from the crawler (truncated to first {_MOST_NAMED} files): {named}"
            )
        if is_file:
            return [
                FoundTable(files[0].path, table.shape, (), table.folders, is_file=True)
                for table in grouping.tables
            ]
        return grouping.tables

    def _wanted(self, root: Location, table: FoundTable) -> Wanted:
        source = table.path[-1] if table.path else root.prefix.rstrip("/").rpartition("/")[2]
        if table.shape.reason and not table.shape.columns:
            self._log.warn(
                f"{location(root, table)} is classified {table.shape.classification}: "
                f"{table.shape.reason}"
            )
        partitions = (
            [partition_input(self._name, root, table, folder) for folder in table.folders]
            if table.keys
            else []
        )
        return Wanted(
            source or root.bucket,
            table_input(self._name, source or root.bucket, root, table),
            partitions,
        )
