"""What one YAML key of a source cannot know of another: checks across keys, each told at its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from jkpi.documents.documents import Document, nearest
from jkpi.errors import Problem
from jkpi.loading.model import Columns, Source

_OF_KIND = {
    "touchpoints": {
        "customer_id",
        "event_id",
        "case_id",
        "touchpoint",
        "channel",
        "occurred_at",
        "due_at",
        "attributes",
    },
    "responses": {
        *(
            "customer_id",
            "response_id",
            "case_id",
            "touchpoint",
            "survey",
            "question",
            "score",
            "emotion",
            "emotion_state",
        ),
        *("comment", "asked_at", "responded_at"),
    },
    "invitations": {"customer_id", "invitation_id", "case_id", "touchpoint", "survey", "invited_at", "eligible"},
    "customers": {"customer_id", "consent", "valid_from"},
    "counts": {"period_start"},
}
_KEYS_OF_KIND = {
    "also": "touchpoints",
    "milestones": "touchpoints",
    "questions": "responses",
    "scale": "responses",
    "no_answer": "responses",
    "counts": "counts",
    "covers": "counts",
}
_MAPPABLE = {"channel", "survey", "question", "emotion", "emotion_state", "eligible", "consent"}


def problems(source: Source, document: Document) -> list[Problem]:
    """All that does not fit together in this source."""
    found = [
        *_origin(source, document),
        *_numbers(source, document),
        *_fitting_kind(source, document),
        *_twice_given(source, document),
        *_BY_KIND[source.kind](source, document),
    ]
    for name in source.values:
        if name not in _MAPPABLE:
            found.append(document.problem(["values", name], f"{name!r} takes no value map", nearest(name, _MAPPABLE)))
    return found


def _origin(source: Source, document: Document) -> Iterator[Problem]:
    origin = source.origin
    if (origin.files is None) == (origin.sql is None):
        yield document.problem(["from"], "give either files, or sql with a query")
    if origin.sql is not None and not origin.query:
        yield document.problem(["from"], "sql needs a query")
    if origin.sql is not None and not origin.sql.startswith(("env:", "file:")) and "@" in origin.sql:
        yield document.problem(["from", "sql"], "a URL with a password does not belong here", "write env:NAME")
    for key in ("query", "cursor"):
        if origin.sql is None and getattr(origin, key) is not None:
            yield document.problem(["from", key], f"{key} goes with sql only")


def _numbers(source: Source, document: Document) -> Iterator[Problem]:
    """A decimal sign is of texts: databases, Parquet and JSON have numbers."""
    if source.format.decimal is None:
        return
    typed = (".parquet", ".jsonl", ".ndjson")
    named = any(suffix in pattern for pattern in source.origin.files or () for suffix in typed)
    if source.origin.sql is not None or source.format.type in ("jsonl", "parquet") or named:
        yield document.problem(["format", "decimal"], "decimal is of CSV: other sources have numbers", "leave it out")


def _given(columns: Columns) -> set[str]:
    return {name for name in Columns.model_fields if getattr(columns, name)}


def _fitting_kind(source: Source, document: Document) -> Iterator[Problem]:
    fitting = _OF_KIND[source.kind] | {"segments"}
    for name in sorted(_given(source.columns) - fitting):
        yield document.problem(
            ["columns", name], f"a source of kind {source.kind} has no column {name!r}", nearest(name, fitting)
        )
    for name, value in source.constants:
        if value is not None and name not in fitting:
            yield document.problem(["constants", name], f"a source of kind {source.kind} has no column {name!r}")
    for key, kind in _KEYS_OF_KIND.items():
        if getattr(source, key) and source.kind != kind:
            yield document.problem([key], f"{key!r} goes with kind: {kind} only")
    if source.touchpoints is not None and not source.columns.touchpoint:
        yield document.problem(["touchpoints"], "a map of touchpoints needs columns.touchpoint")


def _twice_given(source: Source, document: Document) -> Iterator[Problem]:
    for name, value in source.constants:
        if value is not None and getattr(source.columns, name, None):
            yield document.problem(["constants", name], f"{name!r} is given as column and as constant")


def _touchpoints(source: Source, document: Document) -> Iterator[Problem]:
    columns, constants = source.columns, source.constants
    if source.milestones:
        for name in ("touchpoint", "occurred_at"):
            if getattr(columns, name):
                yield document.problem(["columns", name], f"milestones take the place of columns.{name}")
        if constants.touchpoint:
            yield document.problem(["constants", "touchpoint"], "milestones take the place of constants.touchpoint")
        for number, further in enumerate(source.also):
            if not further.at:
                yield document.problem(["also", number], "beside milestones a further event needs its own time: at")
    else:
        if not (columns.touchpoint or constants.touchpoint or source.also):
            yield document.problem(
                ["columns"], "no touchpoint: give columns.touchpoint, constants.touchpoint, milestones or also"
            )
        if not columns.occurred_at and not (source.also and all(further.at for further in source.also)):
            yield document.problem(["columns"], "no time: give columns.occurred_at or milestones")
    if not (columns.customer_id or columns.case_id):
        yield document.problem(["columns"], "nobody to follow: give columns.customer_id, columns.case_id or both")


def _responses(source: Source, document: Document) -> Iterator[Problem]:
    columns, constants = source.columns, source.constants
    if source.questions and (columns.score or columns.question or constants.question):
        yield document.problem(["questions"], "questions take the place of score and question")
    emotion = columns.emotion or constants.emotion
    if not (source.questions or columns.score or emotion):
        yield document.problem(["columns"], "no answer: give columns.score, questions, or an emotion")
    if bool(emotion) != bool(columns.emotion_state or constants.emotion_state):
        yield document.problem(
            ["columns"], "an emotion is present, absent or unknown: give both emotion and emotion_state"
        )
    if (source.questions or columns.score) and source.scale is None:
        yield document.problem([], "the scale is missing: write its lowest and highest score, such as scale: [1, 5]")
    if source.scale is not None and source.scale[0] >= source.scale[1]:
        yield document.problem(["scale"], "the scale goes from its lowest to its highest score")
    yield from _survey_and_time(source, document, "responded_at", "response_id")


def _invitations(source: Source, document: Document) -> Iterator[Problem]:
    yield from _survey_and_time(source, document, "invited_at", "invitation_id")


def _survey_and_time(source: Source, document: Document, time: str, identity: str) -> Iterator[Problem]:
    columns = source.columns
    if not (columns.survey or source.constants.survey):
        yield document.problem(["columns"], "no survey: give columns.survey or constants.survey")
    if not (getattr(columns, time) or getattr(source.constants, time, None)):
        yield document.problem(["columns"], f"no time: give columns.{time}")
    if getattr(source.constants, time, None) and source.format.timestamps:
        yield document.problem(["format", "timestamps"], f"constants.{time} is ISO 8601: leave the format out")
    if not (getattr(columns, identity) or columns.customer_id or columns.case_id):
        yield document.problem(
            ["columns"], f"nothing tells one from another: give columns.{identity}, customer_id or case_id"
        )


def _customers(source: Source, document: Document) -> Iterator[Problem]:
    if not source.columns.customer_id:
        yield document.problem(["columns"], "columns.customer_id is missing")


def _counts(source: Source, document: Document) -> Iterator[Problem]:
    if not source.columns.period_start:
        yield document.problem(["columns"], "no time: give columns.period_start, the first day of what a row covers")
    if source.covers is None:
        yield document.problem([], "how long does a row cover? write covers: day, week or month")
    if not source.counts:
        yield document.problem([], "nothing is counted: write counts: {measure: {count: column, of: column}}")
    if source.format.timezone != "UTC":
        yield document.problem(
            ["format", "timezone"], "a total is of a calendar day, week or month: it has no time zone"
        )


_BY_KIND = {
    "touchpoints": _touchpoints,
    "responses": _responses,
    "invitations": _invitations,
    "customers": _customers,
    "counts": _counts,
}
