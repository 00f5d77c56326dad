"""The shape of a query: what Redshift's grammar has and PostgreSQL's has not.

QUALIFY, names that mean an expression of the same SELECT list, subqueries in FROM without a name.
All of it on trees that `dialect.infer` has annotated, before expressions are rewritten.

Source: Amazon Redshift Database Developer Guide, "QUALIFY clause" and "SELECT list" (lateral
column aliases).
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect import names
from etlocal.redshift.dialect.infer import COLUMNS, KEY, LATERAL_ALIAS
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_QUALIFIED = "qualified"
_VOLATILE = ("random",)


def reshape(tree: exp.Expr) -> exp.Expr:
    """Bring an annotated tree to PostgreSQL's grammar, in place; gives the root."""
    holder = exp.Paren(this=tree)
    pivot = tree.find(exp.Pivot)
    if pivot is not None:
        raise FeatureNotSupportedError("UNPIVOT" if pivot.args.get("unpivot") else "PIVOT")
    if tree.find(exp.TableSample) is not None:
        raise FeatureNotSupportedError("TABLESAMPLE")
    for select in list(tree.find_all(exp.Select)):
        _name_outputs(select)
        _exclude(select)
        _expand(select)
    for select in list(tree.find_all(exp.Select)):
        if select.args.get("qualify") is not None:
            _qualify(select)
    root: exp.Expr = holder.this
    root.pop()
    _name_sources(root)
    return root


def _name_outputs(select: exp.Select) -> None:
    if isinstance(select.parent, exp.Exists):
        return
    for projection in list(select.expressions):
        if isinstance(projection, exp.Alias | exp.Column | exp.Star | exp.Dot):
            continue
        name = names.output_name(projection)
        made = exp.alias_(projection.copy(), name, quoted=True)
        if KEY in projection.meta:
            made.meta[KEY] = projection.meta[KEY]
        projection.replace(made)


def _exclude(select: exp.Select) -> None:
    """Write the columns of ``* EXCLUDE (…)`` out."""
    stars = [node.this if isinstance(node, exp.Column) else node for node in select.expressions]
    excluding = [
        star
        for star in stars
        if isinstance(star, exp.Star) and (star.args.get("except_") or star.args.get("except"))
    ]
    if not excluding:
        return
    columns: Columns = select.meta.get(COLUMNS, [])
    if len(stars) > 1 or len({name for name, _ in columns}) != len(columns):
        raise FeatureNotSupportedError("EXCLUDE beside other columns")
    select.set("expressions", [exp.column(name, quoted=True) for name, _ in columns])


def _expand(select: exp.Select) -> None:
    """Put expressions in place of the names that mean them."""
    known: dict[str, exp.Expr] = {}
    for projection in select.expressions:
        _replace_aliases(projection, known)
        if isinstance(projection, exp.Alias):
            known.setdefault(projection.alias, projection.this)
    clause = select.args.get("qualify")
    if clause is not None:
        _replace_aliases(clause, known)
    order = select.args.get("order")
    for item in order.expressions if order is not None else []:
        if not isinstance(item.this, exp.Column):
            _replace_aliases(item, known)


def _replace_aliases(tree: exp.Expr, known: dict[str, exp.Expr]) -> None:
    for column in list(tree.find_all(exp.Column)):
        if not column.meta.get(LATERAL_ALIAS) or column.name not in known:
            continue
        value = known[column.name]
        if any(call.name.lower() in _VOLATILE for call in value.find_all(exp.Anonymous)):
            raise FeatureNotSupportedError(
                f"the name {column.name} of an expression that differs with each evaluation"
            )
        made = exp.Paren(this=value.copy())
        if KEY in value.meta:
            made.meta[KEY] = value.meta[KEY]
        column.replace(made)


def _qualify(select: exp.Select) -> None:
    """Put a SELECT with QUALIFY into one that chooses from its rows."""
    columns: Columns = select.meta.get(COLUMNS, [])
    shown = [f"c{i}" for i in range(len(columns))]
    clause = select.args["qualify"]
    select.set("qualify", None)
    outer = exp.Select(
        expressions=[
            exp.alias_(exp.column(column, quoted=True), name, quoted=True)
            for column, (name, _) in zip(shown, columns, strict=True)
        ]
    )
    if KEY in select.meta:
        outer.meta[KEY] = select.meta[KEY]
    outer.meta[COLUMNS] = columns
    inner = [exp.alias_(clause.this.copy(), _QUALIFIED, quoted=True)]
    given = [*shown, _QUALIFIED]
    order = select.args.get("order")
    for index, item in enumerate(order.expressions if order is not None else []):
        place = _place(item.this, columns)
        if place is None:
            given.append(f"o{index}")
            inner.append(exp.alias_(item.this.copy(), f"o{index}", quoted=True))
        item.set("this", exp.column(f"o{index}" if place is None else shown[place], quoted=True))
    for part in ("order", "limit", "offset", "distinct"):
        outer.set(part, select.args.get(part))
        select.set(part, None)
    if outer.args.get("distinct") is not None and len(given) > len(shown) + 1:
        raise SqlError(
            "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
            sqlstate="42P10",
        )
    select.replace(outer)
    select.set("expressions", [*select.expressions, *inner])
    alias = exp.TableAlias(
        this=exp.to_identifier("rows", quoted=True),
        columns=[exp.to_identifier(name, quoted=True) for name in given],
    )
    outer.set("from_", exp.From(this=exp.Subquery(this=select, alias=alias)))
    outer.set("where", exp.Where(this=exp.column(_QUALIFIED, quoted=True)))


def _place(node: exp.Expr, columns: Columns) -> int | None:
    """Say which of the query's own columns an ORDER BY item is; None for another expression."""
    if isinstance(node, exp.Literal) and not node.is_string:
        number = int(node.name)
        if not 1 <= number <= len(columns):
            raise SqlError(f"ORDER BY position {number} is not in select list", sqlstate="42P10")
        return number - 1
    if isinstance(node, exp.Column) and not node.table:
        found = [i for i, (name, _) in enumerate(columns) if name == node.name]
        return found[0] if found else None
    return None


def _name_sources(tree: exp.Expr) -> None:
    for number, node in enumerate(list(tree.find_all(exp.Subquery, exp.Values))):
        if isinstance(node.parent, exp.From | exp.Join) and not node.alias:
            name = exp.to_identifier(f"source_{number}", quoted=True)
            node.set("alias", exp.TableAlias(this=name))
