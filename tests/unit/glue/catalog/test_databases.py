"""Databases of the catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.glue.catalog import reset
from etlocal.glue.catalog.guard import AccessDeniedError
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

Ask = Callable[..., dict[str, Any]]


def test_a_database_name_is_folded_to_lower_case_and_found_in_any_case(ask: Ask) -> None:
    ask("CreateDatabase", DatabaseInput={"Name": "Shop", "Parameters": {"Owner": "Me"}})
    found = ask("GetDatabase", Name="SHOP")["Database"]
    assert found["Name"] == "shop"
    assert found["Parameters"] == {"Owner": "Me"}
    assert found["CatalogId"] == "000000000000"
    assert found["CreateTime"].tzinfo is not None
    assert found["CreateTableDefaultPermissions"][0]["Permissions"] == ["ALL"]


def test_a_second_database_of_one_name_is_refused(ask: Ask, database: str) -> None:
    with pytest.raises(AlreadyExistsError, match=r"^Database already exists\.$"):
        ask("CreateDatabase", DatabaseInput={"Name": database.upper()})


def test_a_missing_database_is_named_in_the_error(ask: Ask) -> None:
    for operation in ("GetDatabase", "DeleteDatabase"):
        with pytest.raises(EntityNotFoundError, match=r"^Database nope not found\.$"):
            ask(operation, Name="nope")


def test_databases_come_in_pages_that_cover_all_once(ask: Ask) -> None:
    for number in range(5):
        ask("CreateDatabase", DatabaseInput={"Name": f"d{number}"})
    names, token = [], None
    pages = 0
    while True:
        more: dict[str, str] = {"NextToken": token} if token else {}
        answer = ask("GetDatabases", MaxResults=2, **more)
        names += [one["Name"] for one in answer["DatabaseList"]]
        pages += 1
        token = answer.get("NextToken")
        if token is None:
            break
    assert names == [f"d{number}" for number in range(5)]
    assert pages == 3


def test_a_token_that_was_not_given_out_is_refused(ask: Ask) -> None:
    with pytest.raises(InvalidInputError):
        ask("GetDatabases", NextToken="???")


def test_update_replaces_the_definition_and_keeps_name_and_creation(
    ask: Ask, database: str
) -> None:
    before = ask("GetDatabase", Name=database)["Database"]
    ask("UpdateDatabase", Name=database, DatabaseInput={"Name": database, "Description": "new"})
    after = ask("GetDatabase", Name=database)["Database"]
    assert after["Description"] == "new"
    assert after["CreateTime"] == before["CreateTime"]
    with pytest.raises(InvalidInputError):
        ask("UpdateDatabase", Name=database, DatabaseInput={"Name": "other"})


def test_deleting_a_database_deletes_what_is_in_it(ask: Ask, database: str, table: str) -> None:
    ask(
        "CreatePartition",
        DatabaseName=database,
        TableName=table,
        PartitionInput={"Values": ["2020", "eu"]},
    )
    ask(
        "CreateUserDefinedFunction",
        DatabaseName=database,
        FunctionInput={"FunctionName": "f", "ClassName": "c"},
    )
    ask("DeleteDatabase", Name=database)
    ask("CreateDatabase", DatabaseInput={"Name": database})
    assert ask("GetTables", DatabaseName=database)["TableList"] == []
    found = ask("GetUserDefinedFunctions", DatabaseName=database, Pattern="*")
    assert found["UserDefinedFunctions"] == []


def test_accounts_and_regions_do_not_see_each_other(ask: Ask, database: str, call: Call) -> None:
    for other in (replace(call, region="eu-west-1"), replace(call, account="111111111111")):
        assert OPERATIONS.handle("GetDatabases", {}, other)["DatabaseList"] == []


def test_the_catalog_of_another_account_is_refused(ask: Ask, database: str) -> None:
    own = ask("GetDatabase", CatalogId="000000000000", Name=database)
    assert own["Database"]["Name"] == database
    with pytest.raises(AccessDeniedError):
        ask("GetDatabase", CatalogId="111111111111", Name=database)
    with pytest.raises(EntityNotFoundError):
        ask("GetDatabase", CatalogId="s3tablescatalog", Name=database)


def test_a_resource_link_is_refused_loudly(ask: Ask) -> None:
    link = {"CatalogId": "000000000000", "DatabaseName": "elsewhere"}
    with pytest.raises(NotImplementedByEmulatorError, match="TargetDatabase"):
        ask("CreateDatabase", DatabaseInput={"Name": "link", "TargetDatabase": link})


def test_reset_empties_the_catalog(ask: Ask, table: str, call: Call) -> None:
    reset(call.runtime)
    assert ask("GetDatabases")["DatabaseList"] == []


def test_functions_of_a_database_are_found_whatever_the_case_of_its_letters(ask: Ask) -> None:
    ask("CreateDatabase", DatabaseInput={"Name": "Été"})
    function = {"FunctionName": "f", "ClassName": "c"}
    ask("CreateUserDefinedFunction", DatabaseName="ÉTÉ", FunctionInput=function)
    found = ask("GetUserDefinedFunctions", DatabaseName="ÉTÉ", Pattern="*")["UserDefinedFunctions"]
    assert [one["FunctionName"] for one in found] == ["f"]
