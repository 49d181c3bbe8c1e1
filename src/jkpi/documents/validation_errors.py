"""Translate pydantic's validation errors into problems with file, line, column and a suggestion."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jkpi.documents.documents import Document, Location
from jkpi.errors import Problem


def validation_problems(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Translate pydantic's errors into problems with file, line and column, in the words of the YAML."""
    problems = []
    for detail in error.errors():
        location = _document_location(detail, document)
        if detail["type"] == "extra_forbidden":
            key = str(detail["loc"][-1])
            line, column = document.keys.get(tuple(location), document.position(location))
            hint = did_you_mean(key, _known_keys(model, detail["loc"][:-1]))
            problems.append(Problem(document.file, line, column, f"unknown key {key!r}", hint))
        elif detail["loc"] and detail["loc"][-1] == "[key]":
            line, column = document.keys.get(tuple(location[:-1]), document.position(location))
            problems.append(Problem(document.file, line, column, _problem_text(detail, detail["loc"])))
        else:
            problems.append(document.problem(location, _problem_text(detail, location)))
    return problems


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint with the candidate most similar to `word`; else with all candidates, if there are at most 25."""
    names = sorted({str(name) for name in candidates})
    prefix_matches = [name for name in names if len(str(word)) > 2 and name.startswith(str(word))]
    close = prefix_matches or difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 25 else ""


def _document_location(detail: ErrorDetails, document: Document) -> list[str | int]:
    """Pydantic's location without the names of union members, which do not appear in the file."""
    path: list[str | int] = []
    for index, part in enumerate(detail["loc"]):
        exists = (*path, part) in document.values
        is_last = index == len(detail["loc"]) - 1
        last_missing = is_last and not exists and (detail["type"] == "missing" or part == "[key]")
        if exists or last_missing:
            path.append(part)
    return path


_TYPE_MESSAGES = {
    "model_type": "expected a mapping of keys",
    "model_attributes_type": "expected a mapping of keys",
    "dict_type": "expected a mapping of keys",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
}


def _problem_text(detail: ErrorDetails, location: Location) -> str:
    key = location[-1] if location else "the file"
    if detail["type"] == "missing":
        return f"the key {key!r} is missing"
    if detail["type"] in {"value_error", "assertion_error"}:
        return detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    subject = f"item {key + 1}" if isinstance(key, int) else repr(key)
    return f"{subject}: {_TYPE_MESSAGES.get(detail['type']) or detail['msg'][:1].lower() + detail['msg'][1:]}"


def _known_keys(model: type[BaseModel], location: Location) -> set[str]:
    """The valid keys at `location`, found by following the model through lists, mappings, unions and annotations."""
    candidates: list[Any] = [model]
    for part in location:
        next_candidates: list[Any] = []
        for candidate in candidates:
            next_candidates.extend(_child_annotations(candidate, part))
        candidates = next_candidates or candidates
    names: set[str] = set()
    for candidate in _model_members(candidates):
        names |= {field.alias or name for name, field in candidate.model_fields.items()}
    return names


def _child_annotations(candidate: Any, part: str | int) -> list[Any]:
    children: list[Any] = []
    for option in _union_members(candidate):
        if isinstance(option, type) and issubclass(option, BaseModel):
            children += [field.annotation for name, field in option.model_fields.items() if part in (name, field.alias)]
        elif typing.get_args(option):
            children.append(typing.get_args(option)[-1 if typing.get_origin(option) is not tuple else 0])
    return children


def _model_members(candidates: Iterable[Any]) -> list[type[BaseModel]]:
    options = [option for candidate in candidates for option in _union_members(candidate)]
    return [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]


def _union_members(annotation: Any) -> list[Any]:
    """The members of a union without None and without `Annotated`."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _union_members(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [option for member in typing.get_args(annotation) for option in _union_members(member)]
    return [] if annotation is type(None) else [annotation]
