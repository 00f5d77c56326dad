"""Whether schemas are similar, and what most files or folders have in common.

AWS does not publish how it measures the similarity of two schemas. Here two are similar when more
than 70 % of the wider one's columns are in both, and a folder level is one table when more than
70 % of what is in it is similar. Where a crawler says at which level its tables are, whatever is of
one format there is one table, and the format that most of it has is the table's.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from etlocal.formats.hive_types import merge_columns
from etlocal.formats.recognised import UNKNOWN, Recognised

_THRESHOLD = 0.7


@dataclass(frozen=True)
class Similarity:
    """The measure.

    Attributes
    ----------
    combine : bool
        Schemas of one format are similar whatever their columns (``CombineCompatibleSchemas``).
    threshold : float
        What part must be similar. At 0 it is what most have, and what nothing recognises does not
        count.
    """

    combine: bool = False
    threshold: float = _THRESHOLD

    def majority(
        self, shapes: Sequence[Recognised], depths: Sequence[int] | None = None
    ) -> Recognised | None:
        """Merge the shapes of the largest cluster, if the part it is is above the threshold.

        Files that nothing recognises count against the others, and are no majority themselves.
        """
        if not self.threshold:
            known = [shape.classification != UNKNOWN for shape in shapes]
            depths = list(itertools.compress(depths, known)) if depths else None
            shapes = list(itertools.compress(shapes, known))
        clusters: list[tuple[Recognised, int, list[Recognised]]] = []
        for index, shape in enumerate(shapes):
            depth = depths[index] if depths else 0
            for representative, its_depth, members in clusters:
                if depth == its_depth and self.similar(shape, representative):
                    members.append(shape)
                    break
            else:
                clusters.append((shape, depth, [shape]))
        largest = max(clusters, key=lambda cluster: len(cluster[2]), default=None)
        if largest is None or len(largest[2]) <= self.threshold * len(shapes):
            return None
        if largest[0].classification == UNKNOWN:
            return None
        return _merged(largest[2])

    def similar(self, left: Recognised, right: Recognised) -> bool:
        """Whether two files, or folders, are of one table."""
        if left.columns == right.columns:
            return compatible(left, right)
        if not compatible(left, right):
            return False
        if self.combine:
            return True
        names = {column.name for column in left.columns}
        others = {column.name for column in right.columns}
        return len(names & others) > _THRESHOLD * max(len(names), len(others))

    def belongs(self, recognised: Recognised, shape: Recognised) -> bool:
        """Whether a file is of a table of `shape`.

        One that tells too little of itself (a header without rows) is, if the table has all of
        its columns.
        """
        if shape.classification == UNKNOWN:
            return True
        if recognised.certain:
            return self.similar(recognised, shape)
        names = [column.name for column in recognised.columns]
        known = {column.name for column in shape.columns}
        return bool(names) and compatible(recognised, shape) and known.issuperset(names)


def compatible(left: Recognised, right: Recognised) -> bool:
    """Whether two have one format: classification, compression, delimiter and the like."""
    return left is right or _compatibility(left) == _compatibility(right)


def _merged(shapes: Sequence[Recognised]) -> Recognised:
    first = shapes[0]
    columns, quoted, paths = first.columns, False, set[str]()
    for shape in shapes:
        if shape is not first:
            columns = merge_columns(columns, shape.columns)
        quoted = quoted or shape.details.get("quoted") == "true"
        paths.update(shape.details.get("paths", "").split(","))
    details = dict(first.details)
    if "quoted" in details:
        details["quoted"] = "true" if quoted else "false"
    if "paths" in details:
        details["paths"] = ",".join(sorted(paths - {""}))
    rates = [shape.record_size for shape in shapes if shape.record_size]
    return replace(
        first,
        columns=columns,
        details=details,
        record_size=sum(rates) // len(rates) if rates else 0,
    )


def _compatibility(shape: Recognised) -> tuple[str, ...]:
    details = shape.details
    return (
        shape.classification,
        shape.compression,
        *(details.get(name, "") for name in ("delimiter", "serde", "jsonPath")),
    )
