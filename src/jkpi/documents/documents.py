"""YAML in, validated models out; what is wrong is told with file, line, column and the nearest known key."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from jkpi.errors import Problem, WorkspaceError

Location = Sequence[str | int]
Position = tuple[int, int]


class Strict(BaseModel):
    """The base of everything a user writes: unknown keys are errors, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


"""How far two things lie apart: a duration that may be years as well."""


class _Loader(yaml.SafeLoader):
    """YAML without surprises: a key given twice is an error, and of words only true and false are booleans.

    A date stays text until a model reads it: so a day that does not exist is told with its place like any other fault.
    """


_READ_OTHERWISE = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _READ_OTHERWISE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class Document:
    """One YAML file: its data, and where in the file each part of it stands."""

    file: str
    data: Any
    keys: dict[tuple[str | int, ...], Position]
    values: dict[tuple[str | int, ...], Position]

    def position(self, location: Location) -> Position:
        """Line and column, from 1, of the nearest known part that encloses `location`."""
        place = tuple(location)
        while place and place not in self.values:
            place = place[:-1]
        return self.values.get(place, (1, 1))

    def problem(self, location: Location, message: str, hint: str = "") -> Problem:
        """A problem at `location` of this file."""
        return Problem(self.file, *self.position(location), message, hint)


Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, model: type[Model], root: Path | None = None) -> tuple[Model, Document]:
    """The model that the YAML file holds, and the document for later cross-checks.

    Raises:
        WorkspaceError: the file is missing, is not YAML, or does not fit the model; all its problems at once.
    """
    document = parse(path, root)
    try:
        return model.model_validate(document.data), document
    except ValidationError as error:
        raise WorkspaceError(problems_of(error, model, document)) from None


def parse(path: Path, root: Path | None = None) -> Document:
    """The YAML file as data with positions.

    Raises:
        WorkspaceError: missing, unreadable, empty or not YAML.
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
        findings = list(_index(node, (), keys, values))
        if findings:
            raise WorkspaceError(Problem(name, *position, message) for message, position in findings)
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


def _index(
    node: yaml.Node,
    place: tuple[str | int, ...],
    keys: dict[tuple[str | int, ...], Position],
    values: dict[tuple[str | int, ...], Position],
    above: tuple[yaml.Node, ...] = (),
) -> Iterable[tuple[str, Position]]:
    """Fill `keys` and `values` with positions; yield what no document of ours may hold, with its position."""
    values[place] = _position(node)
    if any(node is ancestor for ancestor in above):
        yield "an anchor that contains itself", _position(node)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                yield "a key must be a plain word", _position(key)
                continue
            if key.value in seen:
                yield f"the key {key.value!r} is given twice", _position(key)
            seen.add(key.value)
            keys[(*place, key.value)] = _position(key)
            yield from _index(value, (*place, key.value), keys, values, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _index(item, (*place, number), keys, values, (*above, node))


def _position(node: yaml.Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Pydantic's findings as problems with positions, told in the user's words."""
    found = []
    for detail in error.errors():
        location = _in_document(detail["loc"], document)
        if detail["type"] == "extra_forbidden":
            key = str(detail["loc"][-1])
            line, column = document.keys.get(tuple(location), document.position(location))
            hint = nearest(key, _known_keys(model, detail["loc"][:-1]))
            found.append(Problem(document.file, line, column, f"unknown key {key!r}", hint))
        elif detail["loc"] and detail["loc"][-1] == "[key]":
            line, column = document.keys.get(tuple(location[:-1]), document.position(location))
            found.append(Problem(document.file, line, column, _sentence(detail)))
        else:
            found.append(document.problem(location, _sentence(detail)))
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to `word`, or all of them where none is near and they are few."""
    names = sorted({str(name) for name in known})
    begun = [name for name in names if len(str(word)) > 2 and name.startswith(str(word))]
    close = begun or difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 25 else ""


def _in_document(location: Location, document: Document) -> list[str | int]:
    """Pydantic's location without the names of union members, which are not in the file."""
    place: list[str | int] = []
    for index, part in enumerate(location):
        known = (*place, part) in document.values
        last_missing = index == len(location) - 1 and not known
        if known or last_missing:
            place.append(part)
    return place


_PLAIN_WORDS = {
    "model_type": "a mapping of keys is wanted",
    "model_attributes_type": "a mapping of keys is wanted",
    "dict_type": "a mapping of keys is wanted",
    "list_type": "a list is wanted",
    "tuple_type": "a list is wanted",
}


def _sentence(detail: ErrorDetails) -> str:
    key = detail["loc"][-1] if detail["loc"] else "the file"
    if detail["type"] == "missing":
        return f"the key {key!r} is missing"
    if detail["type"] in {"value_error", "assertion_error"}:
        return detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    where = f"item {key + 1}" if isinstance(key, int) else repr(key)
    return f"{where}: {_PLAIN_WORDS.get(detail['type']) or detail['msg'][:1].lower() + detail['msg'][1:]}"


def _known_keys(model: type[BaseModel], location: Location) -> set[str]:
    """The keys that are known at `location`: walks the model's fields, through lists, maps, unions and annotations."""
    candidates: list[Any] = [model]
    for part in location:
        step: list[Any] = []
        for candidate in candidates:
            step.extend(_children(candidate, part))
        candidates = step or candidates
    names: set[str] = set()
    for candidate in _models(candidates):
        names |= {field.alias or name for name, field in candidate.model_fields.items()}
    return names


def _children(candidate: Any, part: str | int) -> list[Any]:
    children: list[Any] = []
    for option in _options(candidate):
        if isinstance(option, type) and issubclass(option, BaseModel):
            children += [field.annotation for name, field in option.model_fields.items() if part in (name, field.alias)]
        elif typing.get_args(option):
            children.append(typing.get_args(option)[-1 if typing.get_origin(option) is not tuple else 0])
    return children


def _models(candidates: Iterable[Any]) -> list[type[BaseModel]]:
    options = [option for candidate in candidates for option in _options(candidate)]
    return [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]


def _options(annotation: Any) -> list[Any]:
    """The members of a union, without None, annotations peeled off."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [option for member in typing.get_args(annotation) for option in _options(member)]
    return [] if annotation is type(None) else [annotation]
