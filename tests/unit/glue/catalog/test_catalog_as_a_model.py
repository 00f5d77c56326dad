"""The catalog against plain dictionaries: it holds what they hold, whatever came before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from etlocal.aws.errors import AwsError
from tests.hypothesis_profiles import examples
from tests.unit.glue.random_glue import RandomGlue

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
NAMES = st.sampled_from(["a", "b", "B", "c"])
VALUES = st.lists(st.sampled_from(["1", "2", "10"]), min_size=1, max_size=2)
KEYS = [{"Name": "k", "Type": "int"}]
NOT_FOUND, EXISTS = "EntityNotFoundException", "AlreadyExistsException"
INVALID, CHANGED = "InvalidInputException", "ConcurrentModificationException"

# Tables by name: their versions' descriptions by number, and their partitions' by value.
Versions = dict[int, str]
Table = tuple[Versions, dict[str, str]]
Catalog = dict[str, dict[str, Table]]


@pytest.fixture(scope="module")
def glue(tmp_path_factory: pytest.TempPathFactory) -> RandomGlue:
    """A Glue that is emptied for every example."""
    return RandomGlue(Path(tmp_path_factory.mktemp("glue")))


class Model:
    """What the catalog must hold, and what it must answer.

    Each method is an operation; it gives the code of AWS's error, or None.
    """

    def __init__(self) -> None:
        self.databases: Catalog = {}

    def table(self, database: str, name: str) -> Table | None:
        return self.databases.get(database, {}).get(name)

    def create_database(self, database: str) -> str | None:
        if database in self.databases:
            return EXISTS
        self.databases[database] = {}
        return None

    def delete_database(self, database: str) -> str | None:
        return NOT_FOUND if self.databases.pop(database, None) is None else None

    def create_table(self, database: str, name: str, text: str) -> str | None:
        if database not in self.databases:
            return NOT_FOUND
        if name in self.databases[database]:
            return EXISTS
        self.databases[database][name] = ({0: text}, {})
        return None

    def update_table(
        self, database: str, name: str, text: str, skip: bool, expected: int | None
    ) -> str | None:
        found = self.table(database, name)
        if found is None:
            return NOT_FOUND
        versions = found[0]
        current = max(versions)
        if expected is not None and expected != current:
            return CHANGED
        if skip:
            del versions[current]
        versions[current + 1] = text
        return None

    def delete_table(self, database: str, name: str) -> str | None:
        if self.table(database, name) is None:
            return NOT_FOUND
        del self.databases[database][name]
        return None

    def delete_version(self, database: str, name: str, version: int) -> str | None:
        found = self.table(database, name)
        if found is None or version not in found[0]:
            return NOT_FOUND
        if version == max(found[0]):
            return INVALID
        del found[0][version]
        return None

    def create_partition(
        self, database: str, name: str, values: list[str], text: str
    ) -> str | None:
        found = self.table(database, name)
        if found is None:
            return NOT_FOUND
        if len(values) != 1:
            return INVALID
        if values[0] in found[1]:
            return EXISTS
        found[1][values[0]] = text
        return None

    def update_partition(
        self, database: str, name: str, old: list[str], new: list[str], text: str
    ) -> str | None:
        found = self.table(database, name)
        if found is None or len(old) != 1 or old[0] not in found[1]:
            return NOT_FOUND
        if len(new) != 1:
            return INVALID
        if new != old and new[0] in found[1]:
            return EXISTS
        del found[1][old[0]]
        found[1][new[0]] = text
        return None

    def delete_partition(self, database: str, name: str, values: list[str]) -> str | None:
        found = self.table(database, name)
        if found is None or len(values) != 1 or values[0] not in found[1]:
            return NOT_FOUND
        del found[1][values[0]]
        return None


def step(data: st.DataObject, model: Model) -> tuple[str, dict[str, Any], str | None]:
    """Draw a change; give its operation, its request and the error that the model answers."""
    database, name = data.draw(NAMES), data.draw(NAMES)
    folded = (database.lower(), name.lower())
    text = data.draw(st.text("xy", max_size=3))
    table_input = {"Name": name, "Description": text, "PartitionKeys": KEYS}
    at = {"DatabaseName": database, "TableName": name}
    of_table = {"DatabaseName": database}
    values, others = data.draw(VALUES), data.draw(VALUES)
    skip, version = data.draw(st.booleans()), data.draw(st.integers(0, 3))
    expected = data.draw(st.none() | st.just(version))
    partition = {"Values": values, "Parameters": {"text": text}}

    def create_database() -> tuple[dict[str, Any], str | None]:
        return {"DatabaseInput": {"Name": database}}, model.create_database(folded[0])

    def delete_database() -> tuple[dict[str, Any], str | None]:
        return {"Name": database}, model.delete_database(folded[0])

    def create_table() -> tuple[dict[str, Any], str | None]:
        return {**of_table, "TableInput": table_input}, model.create_table(*folded, text)

    def update_table() -> tuple[dict[str, Any], str | None]:
        request: dict[str, Any] = {**of_table, "TableInput": table_input, "SkipArchive": skip}
        if expected is not None:
            request["VersionId"] = str(expected)
        return request, model.update_table(*folded, text, skip, expected)

    def delete_table() -> tuple[dict[str, Any], str | None]:
        return {**of_table, "Name": name}, model.delete_table(*folded)

    def delete_table_version() -> tuple[dict[str, Any], str | None]:
        return {**at, "VersionId": str(version)}, model.delete_version(*folded, version)

    def create_partition() -> tuple[dict[str, Any], str | None]:
        return {**at, "PartitionInput": partition}, model.create_partition(*folded, values, text)

    def update_partition() -> tuple[dict[str, Any], str | None]:
        answer = model.update_partition(*folded, others, values, text)
        return {**at, "PartitionValueList": others, "PartitionInput": partition}, answer

    def delete_partition() -> tuple[dict[str, Any], str | None]:
        return {**at, "PartitionValues": values}, model.delete_partition(*folded, values)

    changes: dict[str, Callable[[], tuple[dict[str, Any], str | None]]] = {
        "CreateDatabase": create_database,
        "CreateTable": create_table,
        "UpdateTable": update_table,
        "CreatePartition": create_partition,
        "UpdatePartition": update_partition,
        "DeletePartition": delete_partition,
        "DeleteTableVersion": delete_table_version,
        "DeleteTable": delete_table,
        "DeleteDatabase": delete_database,
    }
    # What makes and changes comes more often than what deletes all that was made.
    likely = [name for name in list(changes)[:5] for _ in range(3)]
    operation = data.draw(st.sampled_from([*likely, *changes]))
    return (operation, *changes[operation]())


def walk(glue: RandomGlue, operation: str, member: str, size: int | None, **at: Any) -> list[Any]:
    """Give all pages put together, whose sizes are checked."""
    items: list[Any] = []
    token: dict[str, str] = {}
    while True:
        limit = {"MaxResults": size} if size else {}
        answer = glue.ask(operation, **at, **limit, **token)
        assert size is None or len(answer[member]) <= size
        items += answer[member]
        if "NextToken" not in answer:
            return items
        assert answer[member], "a page that is not the last holds something"
        token = {"NextToken": answer["NextToken"]}


def held(glue: RandomGlue, size: int | None) -> Catalog:
    """Read the whole catalog, page by page."""

    def tables(database: str) -> Iterator[tuple[str, Table]]:
        for table in walk(glue, "GetTables", "TableList", size, DatabaseName=database):
            at = {"DatabaseName": database, "TableName": table["Name"]}
            versions = walk(glue, "GetTableVersions", "TableVersions", size, **at)
            assert versions[0]["Table"] == table, "the newest version is the table"
            partitions = walk(glue, "GetPartitions", "Partitions", size, **at)
            yield (
                table["Name"],
                (
                    {int(one["VersionId"]): one["Table"]["Description"] for one in versions},
                    {one["Values"][0]: one["Parameters"]["text"] for one in partitions},
                ),
            )

    found = walk(glue, "GetDatabases", "DatabaseList", size)
    return {database["Name"]: dict(tables(database["Name"])) for database in found}


@examples(30, suppress_health_check=SHARED)
@given(st.data())
def test_the_catalog_holds_what_a_dictionary_would(glue: RandomGlue, data: st.DataObject) -> None:
    glue.clear()
    model = Model()
    for _ in range(data.draw(st.integers(5, 25))):
        operation, request, expected = step(data, model)
        answer = glue.check(operation, request)
        assert (answer.code if isinstance(answer, AwsError) else None) == expected, operation
    assert held(glue, data.draw(st.sampled_from([None, 1, 2, 3]))) == model.databases


@examples(30, suppress_health_check=SHARED)
@given(st.data())
def test_a_batch_does_what_its_items_alone_would_and_tells_of_each(
    glue: RandomGlue, data: st.DataObject
) -> None:
    glue.clear()
    glue.ask("CreateDatabase", DatabaseInput={"Name": "a"})
    glue.ask("CreateTable", DatabaseName="a", TableInput={"Name": "t", "PartitionKeys": KEYS})
    at = {"DatabaseName": "a", "TableName": "t"}
    model = Model()
    model.databases = {"a": {"t": ({0: ""}, {})}}
    for _ in range(data.draw(st.integers(1, 3))):
        given = data.draw(st.lists(VALUES, max_size=5))
        inputs = [{"Values": values, "Parameters": {"text": "x"}} for values in given]
        expected = [
            (values, code)
            for values in given
            if (code := model.create_partition("a", "t", values, "x")) is not None
        ]
        made = glue.ask("BatchCreatePartition", **at, PartitionInputList=inputs)
        assert _told(made["Errors"], "PartitionValues") == expected
        gone = data.draw(st.lists(VALUES, max_size=5))
        expected = [
            (values, code)
            for values in gone
            if (code := model.delete_partition("a", "t", values)) is not None
        ]
        deleted = glue.ask(
            "BatchDeletePartition", **at, PartitionsToDelete=[{"Values": one} for one in gone]
        )
        assert _told(deleted["Errors"], "PartitionValues") == expected
    partitions = walk(glue, "GetPartitions", "Partitions", None, **at)
    assert {one["Values"][0] for one in partitions} == set(model.databases["a"]["t"][1])


def _told(errors: list[dict[str, Any]], member: str) -> list[tuple[list[str], str]]:
    return [(error[member], error["ErrorDetail"]["ErrorCode"]) for error in errors]


@pytest.mark.parametrize(
    ("operation", "at"),
    [
        ("GetDatabases", {}),
        ("GetTables", {"DatabaseName": "shop"}),
        ("GetPartitions", {"DatabaseName": "shop", "TableName": "sales"}),
        ("GetTableVersions", {"DatabaseName": "shop", "TableName": "sales"}),
        ("GetPartitionIndexes", {"DatabaseName": "shop", "TableName": "sales"}),
        ("GetConnections", {}),
        ("GetUserDefinedFunctions", {"Pattern": "*"}),
        ("SearchTables", {}),
        ("GetCrawlers", {}),
        ("ListCrawlers", {}),
        ("ListCrawls", {"CrawlerName": "busy"}),
        ("GetCrawlerMetrics", {}),
        ("GetClassifiers", {}),
        ("GetJobs", {}),
        ("ListJobs", {}),
        ("GetJobRuns", {"JobName": "queued"}),
    ],
)
def test_pages_of_any_size_give_each_item_once_and_a_wrong_token_is_refused(
    glue: RandomGlue, operation: str, at: dict[str, Any]
) -> None:
    glue.reset()
    whole = glue.ask(operation, **at)
    member = next(name for name, value in whole.items() if isinstance(value, list))
    assert whole[member]
    if operation != "GetPartitionIndexes":
        for size in (1, 2, 100):
            pages = walk(glue, operation, member, size, **at)
            assert _still(pages) == _still(whole[member])
    refused = glue.check(operation, {**at, "NextToken": "wrong"})
    assert isinstance(refused, AwsError)
    assert refused.code in (INVALID, "ValidationException")


def _still(items: list[Any]) -> list[Any]:
    """Take out how long a crawl has been going on."""
    for item in items:
        if isinstance(item, dict):
            item.pop("CrawlElapsedTime", None)
    return items
