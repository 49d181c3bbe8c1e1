"""Read YAML files as data, and keep the position of every key and value for error messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jkpi.errors import Problem, WorkspaceError

Location = Sequence[str | int]
Position = tuple[int, int]


class _Loader(yaml.SafeLoader):
    """A stricter YAML loader: only true and false are booleans, and dates stay text.

    The model parses dates, so that an impossible date is reported with its position like any other error.
    """


_REPLACED_TAGS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class Document:
    """One YAML file: its data, and the position of each key and value in the file."""

    file: str
    data: Any
    keys: dict[tuple[str | int, ...], Position]
    values: dict[tuple[str | int, ...], Position]

    def position(self, location: Location) -> Position:
        """Line and column (from 1) of `location`, or of the nearest enclosing part with a known position."""
        enclosing = tuple(location)
        while enclosing and enclosing not in self.values:
            enclosing = enclosing[:-1]
        return self.values.get(enclosing, (1, 1))

    def problem(self, location: Location, message: str, hint: str = "") -> Problem:
        """A problem at `location` of this file."""
        return Problem(self.file, *self.position(location), message, hint)


def read_document(path: Path, root: Path | None = None) -> Document:
    """Read a YAML file as data with positions.

    Raises:
        WorkspaceError: the file is missing, unreadable, empty or not YAML.
    """
    name = str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise WorkspaceError([Problem(name, 1, 1, "no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError([Problem(name, 1, 1, f"cannot be read: {error}", "save it as UTF-8 text")]) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise WorkspaceError([Problem(name, 1, 1, "the file is empty")])
        keys: dict[tuple[str | int, ...], Position] = {}
        values: dict[tuple[str | int, ...], Position] = {}
        structure_errors = list(_index_positions(node, (), keys, values))
        if structure_errors:
            raise WorkspaceError(Problem(name, *position, message) for message, position in structure_errors)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise WorkspaceError([Problem(name, line, column, f"not valid YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise WorkspaceError([Problem(name, 1, 1, f"not valid YAML: {error}")]) from None
    finally:
        loader.dispose()
    return Document(name, data, keys, values)


def _index_positions(
    node: yaml.Node,
    location: tuple[str | int, ...],
    keys: dict[tuple[str | int, ...], Position],
    values: dict[tuple[str | int, ...], Position],
    ancestors: tuple[yaml.Node, ...] = (),
) -> Iterable[tuple[str, Position]]:
    """Fill `keys` and `values` with positions. Yields structure errors: duplicate keys, keys that are no scalars, and
    anchors that contain themselves."""
    values[location] = _position(node)
    if any(node is ancestor for ancestor in ancestors):
        yield "an anchor that contains itself", _position(node)
    elif isinstance(node, yaml.MappingNode):
        seen_keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                yield "a key must be a plain word", _position(key)
                continue
            if key.value in seen_keys:
                yield f"the key {key.value!r} is given twice", _position(key)
            seen_keys.add(key.value)
            keys[(*location, key.value)] = _position(key)
            yield from _index_positions(value, (*location, key.value), keys, values, (*ancestors, node))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _index_positions(item, (*location, number), keys, values, (*ancestors, node))


def _position(node: yaml.Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1
