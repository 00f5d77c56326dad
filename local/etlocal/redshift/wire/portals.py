"""Prepared statements and portals.

Source: PostgreSQL documentation, "Extended Query".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from etlocal.redshift.dialect import parser, statements
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.dialect.statements import Statement
from etlocal.redshift.engines.base import ResultColumn, Value
from etlocal.redshift.errors import SqlError
from etlocal.redshift.wire import parameters, types
from etlocal.redshift.wire.messages import Field
from etlocal.redshift.wire.rows import Rows


@dataclass(frozen=True)
class Deallocate:
    """DEALLOCATE: forgets a prepared statement; None is all of them."""

    name: str | None


Command = Statement | Deallocate | None


@dataclass(frozen=True)
class Prepared:
    """A statement that was parsed.

    Attributes
    ----------
    command : Statement, Deallocate or None
        None is a text without a statement.
    oids : tuple of int
        The types of its parameters, as the client declared them; 0 where it did not.
    """

    command: Command
    oids: tuple[int, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of its parameters."""
        return [parameters.name(number) for number in range(1, len(self.oids) + 1)]

    def read(
        self, values: Sequence[bytes | None], formats: Sequence[int]
    ) -> tuple[str | None, ...]:
        """Read the parameters' values.

        Raises
        ------
        SqlError
            If there are too few or too many, or one is no value of its type.
        """
        if len(values) != len(self.oids):
            raise SqlError(
                f"bind message supplies {len(values)} parameters, but prepared statement "
                f"requires {len(self.oids)}",
                sqlstate="08P01",
            )
        forms = spread(formats, len(values))
        return tuple(
            None if value is None else types.decode(value, types.parameter_type(oid), form)
            for value, oid, form in zip(values, self.oids, forms, strict=True)
        )

    def bound(self, texts: Sequence[str | None]) -> Command:
        """Put values in place of the parameters."""
        if not isinstance(self.command, Statement):
            return self.command
        constants = [
            parameters.constant(text, types.parameter_type(oid))
            for text, oid in zip(texts, self.oids, strict=True)
        ]
        return parser.bound(self.command, parameters.values(constants))

    def unbound(self) -> Command:
        """Put NULL in place of each parameter, to tell the columns before there are values."""
        return self.bound([None] * len(self.oids))

    def slots(self) -> statements.Write:
        """Give a statement that writes rows with its parameters typed but without values."""
        assert isinstance(self.command, statements.Write)
        places = [
            parameters.slot(name, types.parameter_type(oid))
            for name, oid in zip(self.names, self.oids, strict=True)
        ]
        found = parser.bound(self.command, parameters.values(places))
        assert isinstance(found, statements.Write)
        return found


@dataclass
class Portal:
    """A statement with its values, and how far it was fetched.

    Attributes
    ----------
    prepared : Prepared
    texts : tuple
        The values of the statement's parameters.
    columns : list of ResultColumn or None
        None before it ran.
    undone : bool
        Whether it was to commit a transaction that had failed.
    """

    prepared: Prepared
    texts: tuple[str | None, ...] = ()
    formats: Sequence[int] = ()
    columns: list[ResultColumn] | None = None
    rows: Rows | None = None
    written: int = -1
    undone: bool = False
    fields: list[Field] = field(default_factory=list)

    @cached_property
    def command(self) -> Command:
        """The statement with its values."""
        return self.prepared.bound(self.texts)

    def encode(self, rows: Sequence[Sequence[Value]]) -> list[list[bytes | None]]:
        """Write rows in the formats asked for.

        Raises
        ------
        SqlError
            If a type has no such format.
        """
        columns = self.columns or []
        forms = spread(self.formats, len(columns))
        encoders = [
            types.encoder(column.type, form) for column, form in zip(columns, forms, strict=True)
        ]
        return [
            [
                None if value is None else encode(value)
                for value, encode in zip(row, encoders, strict=True)
            ]
            for row in rows
        ]

    def describe(self, columns: Sequence[ResultColumn]) -> list[Field]:
        """Describe columns in the formats asked for."""
        forms = spread(self.formats, len(columns))
        return [types.described(column, form) for column, form in zip(columns, forms, strict=True)]


def spread(formats: Sequence[int], count: int) -> Sequence[int]:
    """Give a format for each of so many values: none given is text, one given is for all.

    Raises
    ------
    SqlError
        If there is another number of them.
    """
    if not formats:
        return [types.TEXT] * count
    if len(formats) == 1:
        return [formats[0]] * count
    if len(formats) != count:
        raise SqlError(
            f"bind message has {len(formats)} formats for {count} values", sqlstate="08P01"
        )
    return formats


def prepare(text: str, oids: Sequence[int]) -> Prepared:
    """Parse the one statement of a text.

    Raises
    ------
    SqlError
        If it holds several, or is not Redshift's SQL.
    """
    named, count = parameters.named(text)
    pieces = parser.split(named)
    if len(pieces) > 1:
        raise SqlError(
            "cannot insert multiple commands into a prepared statement", sqlstate="42601"
        )
    declared = (*oids, *[0] * (count - len(oids)))
    for oid in declared:
        types.parameter_type(oid)
    return Prepared(command(pieces[0]) if pieces else None, declared)


def commands(text: str) -> list[Command]:
    """Parse the statements of a text that has no parameters.

    Raises
    ------
    SqlError
        If one of them is not Redshift's SQL.
    """
    return [command(piece) for piece in parser.split(text)]


def command(text: str) -> Command:
    """Parse one statement."""
    if text[:10].upper() == "DEALLOCATE":
        reader = Reader(text)
        reader.expect("DEALLOCATE")
        reader.accept("PREPARE")
        name = None if reader.accept("ALL") else reader.identifier()
        reader.end()
        return Deallocate(name)
    return parser.template(text)
