"""From the text of a statement to what it means.

Source: Amazon Redshift Database Developer Guide, "SQL commands".
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from functools import lru_cache

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from etlocal.redshift.dialect import grammar, statements
from etlocal.redshift.dialect.alter import alter
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.rights import principal, right
from etlocal.redshift.dialect.statements import Name, Statement
from etlocal.redshift.dialect.tables import create_table
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, SqlSyntaxError
from etlocal.redshift.transfer.parse import parse_copy, parse_unload

Parameters = dict[str, str]


def split(text: str) -> list[str]:
    """Take a script apart at its semicolons; comments and quotes are respected.

    Returns
    -------
    list of str
        The statements that are not empty, without their semicolons.
    """
    return list(_pieces(text))


@lru_cache(maxsize=512)
def _pieces(text: str) -> tuple[str, ...]:
    found: list[str] = []
    start: int | None = None
    end = 0
    for token in grammar.tokens(text):
        if token.token_type == TokenType.SEMICOLON:
            if start is not None:
                found.append(text[start:end])
            start = None
            continue
        start = token.start if start is None else start
        end = token.end + 1
    if start is not None:
        found.append(text[start:end])
    return tuple(found)


def parameter_names(text: str) -> set[str]:
    """Give the names of a statement's ``:name`` parameters."""
    words = grammar.tokens(text)
    return {
        name.text
        for colon, name in itertools.pairwise(words)
        if colon.token_type == TokenType.COLON
        and name.start == colon.end + 1
        and name.text.isidentifier()
    }


def parse(text: str, parameters: Parameters | None = None) -> Statement:
    """Parse one statement.

    Parameters
    ----------
    text : str
        One statement, as `split` gives it.
    parameters : dict or None
        Values of its ``:name`` parameters. They enter the finished tree as literals without a
        type, as a client's untyped parameters do; the text is never put together with them.

    Raises
    ------
    SqlError
        If it is not Redshift's syntax or not supported.
    """
    if not parameters:
        return _parsed(text)
    statement = _read(text)
    _bind(statement, parameters)
    return statement


@lru_cache(maxsize=512)
def _parsed(text: str) -> Statement:
    """Parse a text that is the same every time it comes; engines leave statements as they are."""
    statement = _read(text)
    _bind(statement, {})
    return statement


@lru_cache(maxsize=512)
def template(text: str) -> Statement:
    """Parse one statement whose ``:name`` parameters get their values later; see `bound`.

    Raises
    ------
    SqlError
        If it is not Redshift's syntax or not supported.
    """
    return _read(text)


def bound(statement: Statement, values: Mapping[str, exp.Expr]) -> Statement:
    """Put expressions in place of a statement's parameters; the statement itself stays as it is.

    Parameters
    ----------
    statement : Statement
        As `template` gives it.
    values : mapping of str to Expression
        Constants, and casts of them, by the parameters' names.

    Raises
    ------
    SqlError
        If there is no value for a parameter.
    """
    changed = {}
    for name, tree in vars(statement).items():
        if isinstance(tree, exp.Expr) and tree.find(exp.Placeholder) is not None:
            changed[name] = _with_values(tree.copy(), values)
    return dataclasses.replace(statement, **changed) if changed else statement


def _with_values(tree: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    for placeholder in list(tree.find_all(exp.Placeholder)):
        value = values.get(placeholder.name)
        if value is None:
            raise _no_parameter(placeholder.name)
        if isinstance(placeholder.parent, exp.Limit | exp.Offset):
            constant = value.find(exp.Literal)
            if constant is not None and constant.name.isdecimal():
                value = exp.Literal.number(constant.name)
        placeholder.replace(value.copy())
    return tree


def _no_parameter(name: str) -> SqlError:
    return SqlError(f"there is no parameter :{name}", sqlstate="42P02")


def _read(text: str) -> Statement:
    reader = Reader(text)
    if reader.done:
        raise SqlSyntaxError("")
    return _parse(reader)


def _parse(reader: Reader) -> Statement:
    word = reader.word()
    if word in ("SELECT", "WITH", "("):
        return _query(reader)
    if word in ("INSERT", "UPDATE", "DELETE", "MERGE"):
        return _write(reader)
    handler = _HANDLERS.get(word)
    if handler is None:
        if word in _KNOWN:
            raise FeatureNotSupportedError(f"the statement {_KNOWN[word] or word}")
        raise reader.error()
    return handler(reader)


def _query(reader: Reader) -> Statement:
    tree = grammar.parse(reader.text)
    if isinstance(tree, exp.DML):
        return statements.Write(tree)
    into = tree.args.get("into") if isinstance(tree, exp.Select) else None
    if into is not None:
        tree.set("into", None)
        target = into.this
        name = _name(target)
        temporary = bool(into.args.get("temporary")) or name.relation.startswith("#")
        return statements.CreateTableAs(statements.Table(name, (), temporary=temporary), tree)
    if not isinstance(tree, exp.Query):
        raise reader.error()
    return statements.Query(tree)


def _write(reader: Reader) -> Statement:
    text, simplified = reader.text, False
    if reader.word() == "MERGE" and len(reader.tokens) > 2:
        last = [token.text.upper() for token in reader.tokens[-2:]]
        if last == ["REMOVE", "DUPLICATES"]:
            # sqlglot wants a WHEN; the simplified mode's two steps are made by who executes it.
            text = text[: reader.tokens[-2].start] + "WHEN MATCHED THEN DELETE"
            simplified = True
    tree = grammar.parse(text)
    if not isinstance(tree, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        raise reader.error()
    if tree.args.get("returning"):
        raise SqlSyntaxError("returning")
    return statements.Write(tree, simplified)


def _create(reader: Reader) -> Statement:
    reader.expect("CREATE")
    if reader.word() in ("TABLE", "TEMP", "TEMPORARY", "LOCAL"):
        return create_table(reader)
    if reader.accept("SCHEMA"):
        return _create_schema(reader)
    if reader.accept("DATABASE"):
        name = reader.identifier()
        reader.rest()
        return statements.CreateDatabase(name)
    found = principal(reader, "CREATE")
    if found is not None:
        return found
    replace = reader.accept("OR", "REPLACE")
    if reader.accept("VIEW"):
        return _create_view(reader, replace=replace)
    if reader.accept("MATERIALIZED"):
        raise FeatureNotSupportedError("the statement CREATE MATERIALIZED VIEW")
    raise FeatureNotSupportedError(f"the statement CREATE {reader.word() or reader.next().text}")


def _create_schema(reader: Reader) -> Statement:
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.identifier()
    if reader.accept("AUTHORIZATION"):
        reader.identifier()
    if reader.accept("QUOTA"):
        raise FeatureNotSupportedError("the QUOTA of a schema")
    reader.end()
    return statements.CreateSchema(name, if_not_exists)


def _create_view(reader: Reader, *, replace: bool) -> Statement:
    name = Name.of(reader.qualified())
    names = reader.names() if reader.at("(") else ()
    reader.expect("AS")
    text, binding = reader.rest(), True
    words = reader.tokens[-4:]
    if [token.text.upper() for token in words] == ["WITH", "NO", "SCHEMA", "BINDING"]:
        text = reader.text[reader.text.index(text) : words[0].start]
        binding = False
    query = grammar.parse(text)
    if not isinstance(query, exp.Query):
        raise SqlSyntaxError(text.split()[0])
    return statements.CreateView(name, query, names, replace, binding, reader.text)


def _drop(reader: Reader) -> Statement:
    reader.expect("DROP")
    found = principal(reader, "DROP")
    if found is not None:
        return found
    what = reader.accept_any("TABLE", "VIEW", "SCHEMA", "DATABASE")
    if what is None:
        raise FeatureNotSupportedError(f"the statement DROP {reader.word()}")
    if_exists = reader.accept("IF", "EXISTS")
    names = [Name.of(reader.qualified())]
    while reader.accept(","):
        names.append(Name.of(reader.qualified()))
    cascade = reader.accept_any("CASCADE", "RESTRICT") == "CASCADE"
    reader.end()
    return statements.Drop(what.lower(), tuple(names), if_exists, cascade)


def _truncate(reader: Reader) -> Statement:
    reader.expect("TRUNCATE")
    reader.accept("TABLE")
    name = Name.of(reader.qualified())
    reader.end()
    return statements.Truncate(name)


def _begin(reader: Reader) -> Statement:
    reader.next()
    reader.accept_any("TRANSACTION", "WORK")
    if reader.accept("ISOLATION", "LEVEL"):
        reader.rest()
    elif reader.accept("READ") and reader.accept_any("WRITE", "ONLY") is None:
        raise reader.error()
    reader.end()
    return statements.Transaction("begin")


def _end(action: str) -> Callable[[Reader], Statement]:
    def parse_end(reader: Reader) -> Statement:
        reader.next()
        reader.accept_any("TRANSACTION", "WORK")
        reader.end()
        return statements.Transaction(action)

    return parse_end


def _set(reader: Reader) -> Statement:
    reader.expect("SET")
    if reader.accept("SESSION", "CHARACTERISTICS", "AS", "TRANSACTION") or reader.accept(
        "TRANSACTION"
    ):
        return statements.Setting("set", "transaction_isolation", reader.rest())
    reader.accept_any("SESSION", "LOCAL")
    name = ".".join(reader.qualified())
    if name == "time" and reader.accept("ZONE"):
        name = "timezone"
    elif not (reader.accept("TO") or reader.accept("=")):
        raise reader.error()
    return statements.Setting("set", name, reader.rest())


def _reset(reader: Reader) -> Statement:
    reader.expect("RESET")
    return statements.Setting("reset", ".".join(reader.qualified()))


def _show(reader: Reader) -> Statement:
    reader.expect("SHOW")
    if reader.word() in ("TABLES", "SCHEMAS", "DATABASES", "COLUMNS", "TABLE", "VIEW", "GRANTS"):
        raise FeatureNotSupportedError(f"the statement SHOW {reader.word()}")
    if reader.accept("TRANSACTION", "ISOLATION", "LEVEL"):
        return statements.Setting("show", "transaction_isolation")
    return statements.Setting("show", ".".join(reader.qualified()))


def _maintenance(reader: Reader) -> Statement:
    action = reader.next().text.upper()
    while reader.accept_any(
        "FULL", "SORT", "ONLY", "DELETE", "REINDEX", "RECLUSTER", "VERBOSE", "TABLE", "COMPRESSION",
        "PREDICATE", "COLUMNS", "ALL",
    ):  # fmt: skip
        continue
    name = None if reader.done or reader.at("TO") else Name.of(reader.qualified())
    if reader.at("("):
        reader.names()
    if reader.accept("TO"):
        reader.integer()
        reader.expect("PERCENT")
    reader.accept("BOOST")
    if reader.accept("IN"):
        reader.rest()
    reader.end()
    return statements.Maintenance(action, name)


def _explain(reader: Reader) -> Statement:
    reader.expect("EXPLAIN")
    reader.accept("VERBOSE")
    tree = grammar.parse(reader.rest())
    if not isinstance(tree, exp.Query):
        raise FeatureNotSupportedError("EXPLAIN of what is not a query")
    return statements.Explain(tree)


def _comment(reader: Reader) -> Statement:
    reader.expect("COMMENT", "ON")
    what = reader.accept_any("TABLE", "VIEW", "COLUMN")
    if what is None:
        raise FeatureNotSupportedError(f"COMMENT ON {reader.word()}")
    parts = reader.qualified()
    column = parts[-1] if what == "COLUMN" else None
    name = Name.of(parts[:-1] if what == "COLUMN" else parts)
    reader.expect("IS")
    text = None if reader.accept("NULL") else reader.string()
    reader.end()
    return statements.Comment(what.lower(), name, column, text)


_HANDLERS: dict[str, Callable[[Reader], Statement]] = {
    "CREATE": _create,
    "DROP": _drop,
    "ALTER": alter,
    "TRUNCATE": _truncate,
    "BEGIN": _begin,
    "START": _begin,
    "COMMIT": _end("commit"),
    "END": _end("commit"),
    "ROLLBACK": _end("rollback"),
    "ABORT": _end("rollback"),
    "SET": _set,
    "RESET": _reset,
    "SHOW": _show,
    "VACUUM": _maintenance,
    "ANALYZE": _maintenance,
    "ANALYSE": _maintenance,
    "LOCK": _maintenance,
    "EXPLAIN": _explain,
    "COMMENT": _comment,
    "GRANT": right,
    "REVOKE": right,
    "COPY": parse_copy,
    "UNLOAD": parse_unload,
}
_KNOWN = {
    "CALL": "",
    "DECLARE": "",
    "FETCH": "",
    "CLOSE": "",
    "PREPARE": "",
    "EXECUTE": "",
    "DEALLOCATE": "",
    "CANCEL": "",
    "REFRESH": "REFRESH MATERIALIZED VIEW",
    "USE": "",
    "DESC": "DESC DATASHARE",
    "INSERT": "",
    "ATTACH": "ATTACH RLS POLICY",
    "DETACH": "DETACH RLS POLICY",
}


def _name(table: exp.Expr) -> Name:
    parts = tuple(part.name for part in getattr(table, "parts", [table]))
    return Name.of(parts)


def _bind(statement: Statement, values: Parameters) -> None:
    for tree in vars(statement).values():
        if isinstance(tree, exp.Expr):
            _bind_tree(tree, values)


def _bind_tree(tree: exp.Expr, values: Parameters) -> None:
    for placeholder in list(tree.find_all(exp.Placeholder)):
        name = placeholder.name
        if name not in values:
            raise _no_parameter(name)
        value = values[name]
        counts = isinstance(placeholder.parent, exp.Limit | exp.Offset) and value.isdecimal()
        placeholder.replace(exp.Literal.number(value) if counts else exp.Literal.string(value))
