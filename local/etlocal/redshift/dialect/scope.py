"""What a name in a query can mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.types import SqlType

# On a dotted name: the column and the steps into it.
SUPER_PATH = "redshift_super_path"
Typed = SqlType | None
Columns = Sequence[tuple[str, Typed]]


@dataclass
class Scope:
    """The sources that a name in a query can mean, and the query around it."""

    sources: dict[str, Columns] = field(default_factory=dict)
    ctes: dict[str, Columns] = field(default_factory=dict)
    aliases: dict[str, Typed] = field(default_factory=dict)
    outer: Scope | None = None
    merged: set[tuple[str, str]] = field(default_factory=set)

    def cte(self, name: str) -> Columns | None:
        """Find a common table expression."""
        if name in self.ctes:
            return self.ctes[name]
        return self.outer.cte(name) if self.outer else None

    def column(self, name: str, table: str) -> Typed:
        """Give a column's type, if it is known."""
        for alias, columns in self.sources.items():
            if table and alias != table:
                continue
            for column, kind in columns:
                if column == name:
                    return kind
        if not table and name in self.aliases:
            return self.aliases[name]
        return self.outer.column(name, table) if self.outer else None

    def means_alias(self, name: str) -> bool:
        """Whether an unqualified name is that of an expression before it, and of no column."""
        return name in self.aliases and not any(
            column == name for columns in self.sources.values() for column, _ in columns
        )

    def column_of_super(self, name: str) -> bool:
        """Whether an unqualified name is a SUPER column, whose attributes follow dots."""
        return name not in self.sources and any(
            column == name and kind == types.SUPER
            for columns in self.sources.values()
            for column, kind in columns
        )


def find_super_path(node: exp.Column, scope: Scope) -> bool:
    """Note on a dotted name that it leads into a SUPER column; False if it is a plain column."""
    parts = [part.name for part in node.parts]
    if len(parts) < 2 or (parts[0] in scope.sources and len(parts) == 2):
        return False
    if parts[0] in scope.sources and scope.column(parts[1], parts[0]) == types.SUPER:
        node.meta[SUPER_PATH] = ((parts[0], parts[1]), parts[2:])
        return True
    if scope.column_of_super(parts[0]):
        node.meta[SUPER_PATH] = (("", parts[0]), parts[1:])
        return True
    return False
