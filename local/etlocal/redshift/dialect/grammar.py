"""How text becomes a syntax tree.

sqlglot parses the general shape. Its table of functions is emptied, so that every call arrives
under the name it was written with: which functions exist and what they mean is decided by
`functions` alone, and an unknown one is an error instead of being passed on to an engine that
happens to have one of that name.
"""

from __future__ import annotations

from typing import Any, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token

from etlocal.redshift.errors import FeatureNotSupportedError, SqlSyntaxError

_KEPT_PARSERS = ("CAST", "TRY_CAST", "CONVERT", "EXTRACT", "SUBSTRING", "TRIM", "POSITION")


class RedshiftGrammar(Redshift):
    """Redshift's dialect without a single function built in."""

    class Parser(Redshift.Parser):  # type: ignore[misc,valid-type]
        """The parser; see the module's words."""

        FUNCTIONS: dict[str, Any] = {}  # noqa: RUF012  sqlglot reads the class's attribute
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parse
            for name, parse in Redshift.Parser.FUNCTION_PARSERS.items()
            if name in _KEPT_PARSERS
        }
        NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012
            **{
                name: parse
                for name, parse in Redshift.Parser.NO_PAREN_FUNCTION_PARSERS.items()
                if name in ("ANY", "CASE", "SYSDATE")
            },
            "APPROXIMATE": lambda self: _approximate(self),
        }

        def _parse_types(self, *arguments: Any, **named: Any) -> Any:
            # pg_catalog.text: the schema of a built-in type may be written out.
            words = [token.text.lower() for token in (self._curr, self._next) if token]
            if words == ["pg_catalog", "."]:
                self._advance(2)
            return super()._parse_types(*arguments, **named)


def _approximate(parser: Any) -> exp.Expr:
    """Parse ``APPROXIMATE COUNT(…)`` and ``APPROXIMATE PERCENTILE_DISC(…)``."""
    call = parser._parse_function()
    if not isinstance(call, exp.Anonymous):
        parser.raise_error("a function is expected after APPROXIMATE")
    node = cast("exp.Anonymous", call)
    node.set("this", f"approximate {node.name}")
    return node


class RedshiftWords(Redshift):
    """Redshift's dialect with words only: no keyword of several words, no command."""

    class Tokenizer(Redshift.Tokenizer):
        """The tokenizer; it splits and quotes as Redshift's does."""

        COMMANDS = set()  # noqa: RUF012  sqlglot reads the class's attribute
        KEYWORDS = {  # noqa: RUF012
            word: kind
            for word, kind in Redshift.Tokenizer.KEYWORDS.items()
            if not any(character.isalpha() for character in word)
        }


def parse(text: str) -> exp.Expr:
    """Parse one statement or query.

    Raises
    ------
    SqlSyntaxError
        If it is not SQL.
    FeatureNotSupportedError
        If it is a statement that sqlglot knows by its first word only.
    """
    try:
        trees = sqlglot.parse(text, read=RedshiftGrammar)
    except ParseError as error:
        raise _syntax_error(error) from error
    except (TokenError, SqlglotError) as error:
        raise SqlSyntaxError("", detail=str(error)) from error
    except RecursionError as error:
        raise FeatureNotSupportedError("a statement nested this deeply") from error
    if len(trees) != 1 or trees[0] is None:
        raise SqlSyntaxError(";" if trees else "")
    tree = trees[0]
    if isinstance(tree, exp.Command):
        raise FeatureNotSupportedError(f"the statement {tree.name.upper()}")
    _fold(tree)
    _name_operators(tree)
    return _without_object_types(tree)


def parse_expression(text: str) -> exp.Expr:
    """Parse an expression, such as a column's default.

    Raises
    ------
    SqlSyntaxError
        If it is not one expression.
    """
    tree = parse(f"SELECT {text}")
    if not isinstance(tree, exp.Select) or len(tree.selects) != 1:
        raise SqlSyntaxError(text)
    return tree.selects[0]


def parse_type(text: str) -> exp.DataType:
    """Parse a type's name.

    Raises
    ------
    SqlSyntaxError
        If it is not a type's name.
    """
    tree = parse_expression(f"CAST(NULL AS {text})")
    if not isinstance(tree, exp.Cast) or not isinstance(tree.to, exp.DataType):
        raise SqlSyntaxError(text)
    return tree.to


def tokens(text: str) -> list[Token]:
    """Take text apart into words, with their positions.

    Raises
    ------
    SqlSyntaxError
        If a quote or comment does not end.
    """
    try:
        return list(RedshiftWords().tokenize(text))
    except TokenError as error:
        raise SqlSyntaxError("", detail=str(error)) from error


def _fold(tree: exp.Expr) -> None:
    # Names are case-insensitive, quoted or not, unless enable_case_sensitive_identifier is on.
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())


def _name_operators(tree: exp.Expr) -> None:
    """Write ``OPERATOR(pg_catalog.~)`` as the operator itself, and leave COLLATE of it out.

    psql writes them so: nothing that a user has made can come between.

    Raises
    ------
    FeatureNotSupportedError
        If it is another operator.
    """
    for collated in list(tree.find_all(exp.Collate)):
        if collated.args["expression"].name == "default":
            collated.replace(collated.this)
    for node in list(tree.find_all(exp.Operator)):
        name = str(node.args["operator"]).removeprefix("pg_catalog.")
        sides = {"this": node.args["this"], "expression": node.args["expression"]}
        if name not in ("=", "~", "!~"):
            raise FeatureNotSupportedError(f"OPERATOR({node.args['operator']})")
        made = exp.EQ(**sides) if name == "=" else exp.RegexpLike(**sides)
        node.replace(exp.Not(this=made) if name == "!~" else made)


# The numbers of the catalog's own tables, which drivers ask for by name.
_CATALOG_OIDS = {"pg_type": 1247, "pg_attribute": 1249, "pg_proc": 1255, "pg_class": 1259,
                 "pg_constraint": 2606, "pg_namespace": 2615}  # fmt: skip


def _without_object_types(tree: exp.Expr) -> exp.Expr:
    """Write casts to ``oid``, ``regclass`` and their like as the numbers that they stand for.

    Raises
    ------
    FeatureNotSupportedError
        If the name of an object stands there that has no fixed number.
    """
    for node in list(tree.find_all(exp.Cast)):
        if not isinstance(node.to, exp.ObjectIdentifier):
            continue
        kind, value = str(node.to.this).lower(), node.this
        if kind == "oid":
            node.set("to", exp.DataType.build("bigint"))
        elif not (isinstance(value, exp.Literal) and value.is_string):
            node.replace(value)
        else:
            number = _CATALOG_OIDS.get(value.name.removeprefix("pg_catalog."))
            if kind != "regclass" or number is None:
                raise FeatureNotSupportedError(f"'{value.name}'::{kind}")
            node.replace(exp.Literal.number(number))
    return tree


def _syntax_error(error: ParseError) -> SqlSyntaxError:
    first = error.errors[0] if error.errors else {}
    description = str(first.get("description") or "")
    if "SENTINEL" in description:
        return SqlSyntaxError("")
    return SqlSyntaxError(str(first.get("highlight") or ""))
