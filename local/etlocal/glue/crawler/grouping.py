"""Which folders are tables and which are partitions, from the schemas of their files.

Pure: it is given what was recognised in each file and gives the tables.

Source: AWS Glue Developer Guide, "How does a crawler determine when to create partitions?",
"Creating a single schema for each Amazon S3 include path" and "Specifying the table location and
partitioning level".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from etlocal.formats.recognised import UNKNOWN, Recognised
from etlocal.glue.crawler.found import Folder, FoundTable, Path, SeenFile, partition_key
from etlocal.glue.crawler.similarity import Similarity, compatible


@dataclass
class Grouping:
    """What grouping gives: the tables, and the files that are in none, with the reason."""

    tables: list[FoundTable] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Group:
    """Folders that are one table so far: `names` has each level's key, or None."""

    shape: Recognised
    folders: tuple[Folder, ...]
    names: tuple[str | None, ...]


@dataclass
class _Node:
    path: Path
    files: list[SeenFile] = field(default_factory=list)
    children: dict[str, _Node] = field(default_factory=dict)
    found: _Group | None = None


def group(
    files: Iterable[SeenFile], *, combine: bool = False, table_level: int | None = None
) -> Grouping:
    """Group files to tables and partitions.

    Parameters
    ----------
    files : iterable of SeenFile
        In the order of their keys.
    combine : bool
        Take schemas of one format as one table, similar or not (``CombineCompatibleSchemas``).
    table_level : int or None
        How many folders below the include path the tables are, whatever is in them; None to find
        out.
    """
    root = _tree(files)
    if root is None:
        return Grouping()
    return _Grouper(combine=combine, table_level=table_level).run(root)


class _Grouper:
    def __init__(self, *, combine: bool, table_level: int | None) -> None:
        self._similarity = Similarity(combine)
        self._table_level = table_level
        self._result = Grouping()
        self._folders: dict[Path, _Node] = {}

    def run(self, root: _Node) -> Grouping:
        # Folders before the ones they are in; not by recursion, since a key may be 500 deep.
        nodes = list(_nodes(root))
        self._folders = {node.path: node for node in nodes}
        for node in reversed(nodes):
            node.found = self._visit(node)
        if root.found is not None:
            self._table(root.path, root.found)
        self._result.tables.sort(key=lambda table: table.path)
        self._result.left_out.sort()
        return self._result

    def _visit(self, node: _Node) -> _Group | None:
        """Give the folder as one group, or None after giving what is in it as tables."""
        own = self._files(node)
        below = self._children(node)
        if own is not None and below is not None and own.shape.certain and not below.shape.certain:
            self._leave_out(below)
            below = None
        if own is not None and below is not None:
            # Files beside folders have no partition values: they are a table, or tables, apart.
            self._file_tables(node)
            own = None
        found = own or below
        if found is not None and self._table_level == len(node.path):
            self._table(node.path, found)
            return None
        return found

    def _measure(self, node: _Node) -> Similarity:
        """How alike what is in a folder must be: at the tables' level and below, of one format."""
        level = self._table_level
        if level is not None and len(node.path) >= level:
            return Similarity(combine=True, threshold=0)
        return self._similarity

    def _files(self, node: _Node) -> _Group | None:
        if not node.files:
            return None
        sampled = [
            file.recognised
            for file in node.files
            if file.recognised is not None and file.recognised.tells
        ]
        majority = self._measure(node).majority(sampled)
        if majority is None:
            if any(recognised.certain for recognised in sampled):
                self._file_tables(node)
                return None
            return self._uncertain(node)
        return _Group(majority, (self._folder(node, majority),), ())

    def _uncertain(self, node: _Node) -> _Group | None:
        """A folder without one file that tells its format: it may still join its siblings."""
        shapes = [
            file.recognised
            for file in node.files
            if file.recognised is not None and file.recognised.classification != UNKNOWN
        ]
        shape = shapes[0] if shapes else self._unknown_shape(node)
        return _Group(shape, (self._folder(node, shape),), ())

    @staticmethod
    def _unknown_shape(node: _Node) -> Recognised:
        reasons = [file.recognised.reason for file in node.files if file.recognised is not None]
        return Recognised(UNKNOWN, certain=False, reason=reasons[0] if reasons else "not sampled")

    def _children(self, node: _Node) -> _Group | None:
        groups = [
            (child, child.found) for child in node.children.values() if child.found is not None
        ]
        if not groups:
            return None
        telling = [found for _, found in groups if found.shape.tells]
        depths = [len(found.names) for found in telling]
        majority = self._measure(node).majority([found.shape for found in telling], depths)
        if majority is None:
            certain = any(found.shape.certain for found in telling)
            if certain or not self._alike(node, [found for _, found in groups]):
                for child, found in groups:
                    self._table(child.path, found)
                return None
            # Nothing tells their format, and they look alike: one table of that nothing.
            majority, depths = groups[0][1].shape, [len(groups[0][1].names)]
        return self._united(node, groups, majority, max(set(depths), key=depths.count))

    def _alike(self, node: _Node, groups: Sequence[_Group]) -> bool:
        first, measure = groups[0], self._measure(node)
        return all(
            len(found.names) == len(first.names) and measure.belongs(found.shape, first.shape)
            for found in groups
        )

    def _united(
        self, node: _Node, groups: Sequence[tuple[_Node, _Group]], majority: Recognised, depth: int
    ) -> _Group:
        """Unite the groups that fit the majority; what does not fit is a table of its own."""
        measure = self._measure(node)
        names: list[str | None] | None = None
        folders: list[Folder] = []
        for child, found in groups:
            certain = found.shape.certain
            if len(found.names) != depth or not (
                compatible(found.shape, majority)
                if certain
                else measure.belongs(found.shape, majority)
            ):
                if certain:
                    self._table(child.path, found)
                else:
                    self._leave_out(found)
                continue
            levels = [partition_key(child.path[-1]), *found.names]
            names = levels if names is None else _common(names, levels)
            folders.extend(
                found.folders
                if certain
                else (replace(folder, shape=majority) for folder in found.folders)
            )
        return _Group(majority, tuple(folders), tuple(names or ()))

    def _folder(self, node: _Node, shape: Recognised) -> Folder:
        """Count a folder's files of `shape`; the others are left out, and said to be."""
        measure = self._measure(node)
        objects = size = records = 0
        left_out: list[tuple[Path, str]] = []
        rates = [
            file.recognised.record_size
            for file in node.files
            if file.recognised is not None and file.recognised.record_size
        ]
        rate = sum(rates) // len(rates) if rates else 0
        for file in node.files:
            recognised = file.recognised
            if recognised is not None and not measure.belongs(recognised, shape):
                reason = recognised.reason or "its schema or format differs from the folder's"
                left_out.append((file.path, reason))
                continue
            objects += 1
            size += file.size
            if recognised is not None:
                records += recognised.records
            elif rate:
                records += file.size // rate
        return Folder(node.path, shape, objects, size, records, tuple(left_out))

    def _file_tables(self, node: _Node) -> None:
        for file in node.files:
            recognised = file.recognised
            if recognised is None or not recognised.certain:
                reason = recognised.reason if recognised is not None else "not sampled"
                self._result.left_out.append((file.path, reason))
                continue
            folder = Folder(node.path, recognised, 1, file.size, recognised.records)
            self._result.tables.append(
                FoundTable(file.path, recognised, (), (folder,), is_file=True)
            )

    def _leave_out(self, found: _Group) -> None:
        """Leave out the folders of a group that is not part of any table."""
        for folder in found.folders:
            node = self._folders[folder.path]
            self._result.left_out += [(file.path, found.shape.reason) for file in node.files]

    def _table(self, path: Path, found: _Group) -> None:
        for folder in found.folders:
            self._result.left_out += folder.left_out
        if not any(folder.objects for folder in found.folders):
            return
        shape = found.shape if found.shape.certain else self._unknown_table(found)
        self._result.tables.append(FoundTable(path, shape, _keys(found.names), found.folders))

    @staticmethod
    def _unknown_table(found: _Group) -> Recognised:
        return Recognised(
            UNKNOWN,
            compression=found.shape.compression,
            certain=False,
            reason=found.shape.reason,
        )


def _tree(files: Iterable[SeenFile]) -> _Node | None:
    root: _Node | None = None
    for file in files:
        root = root or _Node(())
        node = root
        for name in file.path[:-1]:
            child = node.children.get(name)
            if child is None:
                child = node.children[name] = _Node((*node.path, name))
            node = child
        node.files.append(file)
    return root


def _keys(names: Sequence[str | None]) -> tuple[str, ...]:
    """Give each level's partition key: its name, or its number where it has none of its own."""
    keys: list[str] = []
    for index, name in enumerate(names):
        keys.append(f"partition_{index}" if name is None or name in keys else name)
    return tuple(keys)


def _nodes(root: _Node) -> Iterator[_Node]:
    """Give a folder before the folders in it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children.values()))


def _common(names: Sequence[str | None], others: Sequence[str | None]) -> list[str | None]:
    """Give each level's key where both agree on it."""
    return [mine if mine == other else None for mine, other in zip(names, others, strict=True)]
