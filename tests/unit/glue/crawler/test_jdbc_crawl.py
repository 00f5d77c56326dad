"""Crawls of a warehouse through the Data API, and the JDBC URLs that lead there."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.glue.crawler.jdbc_url import JdbcUrlError, parse_redshift_url

SERVERLESS = "jdbc:redshift://wg.000000000000.us-east-1.redshift-serverless.amazonaws.com:5439/dev"
CLUSTER = "jdbc:redshift://main.abc123xyz.eu-west-1.redshift.amazonaws.com:5439/dev"


@pytest.fixture
def warehouse(clients: Any) -> Any:
    """A warehouse with three tables in two schemas, and the connection ``wh`` to it."""
    fake = clients.services["redshift-data"]
    fake.tables = {
        ("shop", "orders"): [
            ("Id", "int8", 19, 0),
            ("qty", "int4", 10, 0),
            ("kind", "int2", 5, 0),
            ("price", "numeric", 12, 2),
            ("ratio", "float8", 17, 17),
            ("note", "varchar", 200, 0),
            ("paid", "bool", 1, 0),
            ("at", "timestamp", 29, 6),
            ("day", "date", 13, 0),
            ("extra", "super", 0, 0),
        ],
        ("shop", "orders_old"): [("id", "int8", 19, 0)],
        ("staff", "people"): [("id", "int8", 19, 0)],
        ("pg_catalog", "pg_class"): [("oid", "oid", 10, 0)],
    }
    return fake


def connect(glue: Any, url: str = SERVERLESS, **more: str) -> None:
    """Make the connection ``wh``."""
    properties = {"JDBC_CONNECTION_URL": url, "USERNAME": "admin", "PASSWORD": "x"} | more
    glue(
        "CreateConnection",
        ConnectionInput={
            "Name": "wh",
            "ConnectionType": "JDBC",
            "ConnectionProperties": properties,
        },
    )


def create(glue: Any, path: str, *exclusions: str, **more: Any) -> None:
    """Make the crawler ``c`` over one JDBC path."""
    target = {"ConnectionName": "wh", "Path": path, "Exclusions": list(exclusions)}
    glue.create(Targets={"JdbcTargets": [target]}, **more)


def test_tables_are_named_by_database_schema_and_table_with_hive_types(
    glue: Any, warehouse: Any, clients: Any
) -> None:
    connect(glue)
    create(glue, "dev/shop/%", TablePrefix="wh_")

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert sorted(glue.tables()) == ["wh_dev_shop_orders", "wh_dev_shop_orders_old"]
    assert glue.columns("wh_dev_shop_orders") == {
        "id": "bigint",
        "qty": "int",
        "kind": "smallint",
        "price": "decimal(12,2)",
        "ratio": "double",
        "note": "string",
        "paid": "boolean",
        "at": "timestamp",
        "day": "date",
        "extra": "string",
    }
    table = glue.tables()["wh_dev_shop_orders"]
    assert table["StorageDescriptor"]["Location"] == "dev.shop.orders"
    assert table["Parameters"] == {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": "c",
        "classification": "redshift",
        "compressionType": "none",
        "connectionName": "wh",
        "typeOfData": "table",
    }
    assert warehouse.arguments[0]["WorkgroupName"] == "wg"
    assert warehouse.arguments[0]["Database"] == "dev"
    assert "DbUser" not in warehouse.arguments[0]
    # The login is enough: the crawler's role needs nothing of the Data API.
    assert ("redshift-data", None) in clients.roles


@pytest.mark.parametrize(
    ("path", "exclusions", "tables"),
    [
        ("dev/shop/orders", (), ["dev_shop_orders"]),
        ("dev/shop", (), ["dev_shop_orders", "dev_shop_orders_old"]),
        ("dev/shop/%_old", (), ["dev_shop_orders_old"]),
        ("dev/shop/%", ("*_old",), ["dev_shop_orders"]),
        ("dev/%/%", ("shop/**",), ["dev_staff_people"]),
        ("dev/shop/order_", (), []),
    ],
)
def test_paths_and_exclusions_choose_the_tables(
    glue: Any, warehouse: Any, path: str, exclusions: tuple[str, ...], tables: list[str]
) -> None:
    connect(glue)
    create(glue, path, *exclusions)
    glue.crawl()

    assert sorted(glue.tables()) == tables


def test_a_cluster_is_reached_as_the_connections_user(glue: Any, warehouse: Any) -> None:
    connect(glue, CLUSTER)
    create(glue, "dev/staff/%")
    glue.crawl()

    arguments = warehouse.arguments[0]
    assert (arguments["ClusterIdentifier"], arguments["DbUser"]) == ("main", "admin")


def test_a_dropped_table_is_deleted_and_others_stay(glue: Any, warehouse: Any) -> None:
    connect(glue)
    create(glue, "dev/shop/%", SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    glue.crawl()
    del warehouse.tables["shop", "orders_old"]
    warehouse.tables["shop", "orders"].append(("gate", "varchar", 9, 0))
    glue.crawl()

    assert list(glue.tables()) == ["dev_shop_orders"]
    assert glue.columns("dev_shop_orders")["gate"] == "string"
    metrics = glue("GetCrawlerMetrics")["CrawlerMetricsList"][0]
    assert (metrics["TablesUpdated"], metrics["TablesDeleted"]) == (1, 1)


def test_a_table_dropped_while_it_is_crawled_is_passed_over(glue: Any, warehouse: Any) -> None:
    connect(glue)
    warehouse.tables["shop", "orders_old"] = []
    create(glue, "dev/shop/%")

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert list(glue.tables()) == ["dev_shop_orders"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("jdbc:postgresql://host:5432/dev", "'postgresql' is not emulated"),
        ("jdbc:redshift://localhost/dev", "a Redshift JDBC URL is"),
    ],
)
def test_another_engine_fails_the_crawl_and_names_it(
    glue: Any, warehouse: Any, url: str, words: str
) -> None:
    connect(glue, url)
    create(glue, "dev/shop/%")
    last = glue.crawl()

    assert last["Status"] == "FAILED"
    assert "JDBC target dev/shop/% of connection wh cannot be read: " in last["ErrorMessage"]
    assert words in last["ErrorMessage"]


def test_a_missing_connection_fails_the_crawl(glue: Any) -> None:
    create(glue, "dev/shop/%")
    last = glue.crawl()

    assert last["Status"] == "FAILED"
    assert "wh" in last["ErrorMessage"]


def test_redshift_urls_name_a_workgroup_or_a_cluster() -> None:
    serverless = parse_redshift_url(SERVERLESS)
    cluster = parse_redshift_url(CLUSTER)

    assert serverless.arguments == {"WorkgroupName": "wg"}
    assert (serverless.region, serverless.database) == ("us-east-1", "dev")
    assert cluster.arguments == {"ClusterIdentifier": "main"}
    assert cluster.region == "eu-west-1"
    local = "jdbc:redshift://wg.000000000000.us-east-1.redshift-serverless.localhost:5439/dev"
    assert parse_redshift_url(local) == serverless
    with pytest.raises(JdbcUrlError):
        parse_redshift_url("postgres://x")
