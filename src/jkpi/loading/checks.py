"""Checks across the keys of a source. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jkpi.documents.documents import Document
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import Problem
from jkpi.loading.model import ColumnMapping, Source

_COLUMNS_BY_KIND = {
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
            "weight",
            "emotion",
            "emotion_state",
        ),
        *("comment", "wave", "asked_at", "responded_at"),
    },
    "invitations": {
        "customer_id",
        "invitation_id",
        "case_id",
        "touchpoint",
        "survey",
        "wave",
        "invited_at",
        "eligible",
    },
    "customers": {"customer_id", "consent", "valid_from"},
    "counts": {"period_start"},
}
_KIND_BY_KEY = {
    "additional_events": "touchpoints",
    "milestones": "touchpoints",
    "questions": "responses",
    "scale": "responses",
    "missing_values": "responses",
    "measures": "counts",
    "period": "counts",
}
_MAPPABLE = {"channel", "survey", "question", "emotion", "emotion_state", "eligible", "consent"}


def source_problems(source: Source, document: Document) -> list[Problem]:
    """All problems across the keys of this source."""
    problems = [
        *_check_origin(source, document),
        *_check_decimal(source, document),
        *_check_kind(source, document),
        *_check_given_once(source, document),
        *_check_waves(source, document),
        *_check_on_conflict(source, document),
        *_check_pseudonyms(source, document),
        *_CHECK_BY_KIND[source.kind](source, document),
    ]
    for name in source.values:
        if name not in _MAPPABLE:
            problems.append(
                document.problem(["values", name], f"{name!r} has no value map", did_you_mean(name, _MAPPABLE))
            )
    return problems


def _check_origin(source: Source, document: Document) -> Iterator[Problem]:
    origin = source.origin
    if (origin.files is None) == (origin.sql is None):
        yield document.problem(["from"], "give either files, or sql with a query")
    if origin.tables and not origin.query:
        yield document.problem(
            ["from", "files"], "files with names need a query that reads them", "add query: or give a list of files"
        )
    if origin.query is not None and origin.files is not None and not origin.tables:
        yield document.problem(
            ["from", "query"], "a query needs names for the files", "write files: {orders: data/orders.csv}"
        )
    if origin.sql is not None and not origin.query:
        yield document.problem(["from"], "sql needs a query")
    if origin.sql is not None and not origin.sql.startswith(("env:", "file:")) and "@" in origin.sql:
        yield document.problem(["from", "sql"], "the URL contains a password", "write env:NAME or file:PATH")
    if origin.sql is None and origin.cursor is not None and source.on_conflict != "latest":
        yield document.problem(["from", "cursor"], "cursor is only for sql, or for on_conflict: latest")


_ID_BY_KIND = {"touchpoints": "event_id", "responses": "response_id", "invitations": "invitation_id"}


def _check_on_conflict(source: Source, document: Document) -> Iterator[Problem]:
    """A correction needs to know which row it corrects, and which of the two is later."""
    if source.on_conflict != "latest":
        if source.deleted is not None:
            yield document.problem(["deleted"], "deleted needs on_conflict: latest", "add on_conflict: latest")
        return
    if source.kind == "counts":
        yield document.problem(["on_conflict"], "totals have no id that a later row could correct", "leave it out")
        return
    if source.origin.cursor is None:
        yield document.problem(
            ["on_conflict"],
            "on_conflict: latest needs from.cursor, to know which row is later",
            "write from: {..., cursor: updated_at}",
        )
    id_column = _ID_BY_KIND.get(source.kind)
    if id_column and not getattr(source.columns, id_column):
        yield document.problem(
            ["on_conflict"], f"on_conflict: latest needs columns.{id_column}, to know which row is corrected"
        )
    for key in ("milestones", "additional_events", "questions"):
        if getattr(source, key):
            yield document.problem(
                ["on_conflict"],
                f"on_conflict: latest needs rows of one event or response each, but {key} makes several of one row",
                "unpivot them in from.query",
            )


def _check_decimal(source: Source, document: Document) -> Iterator[Problem]:
    """`decimal` is for CSV only, because databases, Parquet and JSON have numbers."""
    if source.format.decimal is None:
        return
    typed = (".parquet", ".jsonl", ".ndjson")
    is_typed_file = any(suffix in pattern for pattern in source.origin.patterns for suffix in typed)
    if source.origin.sql is not None or source.format.type in ("jsonl", "parquet") or is_typed_file:
        yield document.problem(
            ["format", "decimal"], "decimal is for CSV only, because other sources have numbers", "leave it out"
        )


def _mapped_names(columns: ColumnMapping) -> set[str]:
    return {name for name in ColumnMapping.model_fields if getattr(columns, name)}


def _check_kind(source: Source, document: Document) -> Iterator[Problem]:
    allowed = _COLUMNS_BY_KIND[source.kind] | {"segments"}
    for name in sorted(_mapped_names(source.columns) - allowed):
        yield document.problem(
            ["columns", name], f"a source of kind {source.kind} has no column {name!r}", did_you_mean(name, allowed)
        )
    for name, value in source.constants:
        if value is not None and name not in allowed:
            yield document.problem(["constants", name], f"a source of kind {source.kind} has no column {name!r}")
    for key, kind in _KIND_BY_KEY.items():
        if getattr(source, key) and source.kind != kind:
            yield document.problem([key], f"{key!r} is only for kind: {kind}")
    if source.touchpoints is not None and not source.columns.touchpoint:
        yield document.problem(["touchpoints"], "a map of touchpoints needs columns.touchpoint")


def _check_given_once(source: Source, document: Document) -> Iterator[Problem]:
    for name, value in source.constants:
        if value is not None and getattr(source.columns, name, None):
            yield document.problem(["constants", name], f"{name!r} is given both as column and as constant")


def _check_waves(source: Source, document: Document) -> Iterator[Problem]:
    if source.kind not in ("responses", "invitations"):
        for key in ("wave", "wave_closes_after"):
            if getattr(source, key) is not None:
                yield document.problem([key], f"{key!r} is only for kind: responses or invitations")
        return
    if source.wave is not None:
        for place in ("columns", "constants"):
            if getattr(source, place).wave:
                yield document.problem(
                    ["wave"], f"the wave is given twice: by the file and by {place}.wave", "leave one of them out"
                )
        if source.origin.query is not None:
            yield document.problem(
                ["wave"], "a query has no file that could name the wave", "use columns.wave or constants.wave"
            )
    if source.wave_closes_after is not None and not source.has_waves:
        yield document.problem(
            ["wave_closes_after"], "this source names no survey wave", "add columns.wave, constants.wave or wave: file"
        )


def _check_pseudonyms(source: Source, document: Document) -> Iterator[Problem]:
    """An id that becomes a pseudonym must not be read in clear from the same column elsewhere."""
    columns = source.columns
    if source.case_ids is not None and not columns.case_id:
        yield document.problem(["case_ids"], "this source has no case ids", "add columns.case_id, or leave it out")
    if source.row_ids is not None and not source.row_id_columns:
        names = "event_id, response_id or invitation_id"
        yield document.problem(["row_ids"], f"rows of this source have no id: no {names}", "leave it out")
    hidden = {
        *([columns.case_id] if source.case_ids == "pseudonymise" else []),
        *(source.row_id_columns if source.row_ids == "pseudonymise" and len(source.row_id_columns) == 1 else []),
    }
    shown = {
        **{f"segments.{name}": segment.column for name, segment in columns.segments.items()},
        **{f"attributes.{name}": column for name, column in columns.attributes.items()},
        "comment": columns.comment,
    }
    for name, column in shown.items():
        if column and column in hidden:
            yield document.problem(
                ["columns", *name.split(".")], f"{name} would show the ids of column {column!r}", "leave it out"
            )
    if source.case_ids == "pseudonymise" and source.row_ids != "pseudonymise":
        if columns.case_id in source.row_id_columns:
            yield document.problem(
                ["case_ids"],
                f"the ids of rows would show the case ids: both are made of column {columns.case_id!r}",
                "add row_ids: pseudonymise",
            )
        if columns.case_id == columns.customer_id and source.customer_ids == "as_is":
            yield document.problem(["customer_ids"], "customer ids as they are would show the case ids")


def case_id_problems(sources: Sequence[tuple[Source, Document]]) -> Iterator[Problem]:
    """Sources that leave case ids as they are while others pseudonymise them: their rows would meet no case."""
    hashing = sorted(source.source for source, _ in sources if source.case_ids == "pseudonymise")
    for source, document in sources:
        if hashing and source.columns.case_id and source.case_ids is None:
            yield document.problem(
                ["columns", "case_id"],
                f"case ids are pseudonyms in {', '.join(hashing)}, but not here: the same case would be two",
                "add case_ids: pseudonymise, or case_ids: as_is if no case is in both",
            )


def _check_touchpoints(source: Source, document: Document) -> Iterator[Problem]:
    columns, constants = source.columns, source.constants
    if source.milestones:
        for name in ("touchpoint", "occurred_at"):
            if getattr(columns, name):
                yield document.problem(["columns", name], f"milestones replace columns.{name}", "leave it out")
        if constants.touchpoint:
            yield document.problem(
                ["constants", "touchpoint"], "milestones replace constants.touchpoint", "leave it out"
            )
        for number, additional_event in enumerate(source.additional_events):
            if not additional_event.at:
                yield document.problem(
                    ["additional_events", number], "with milestones an additional event needs its own time", "add at:"
                )
    else:
        if not (columns.touchpoint or constants.touchpoint or source.additional_events):
            yield document.problem(
                ["columns"],
                "no touchpoint: give columns.touchpoint, constants.touchpoint, milestones or additional_events",
            )
        if not columns.occurred_at and not (
            source.additional_events and all(additional_event.at for additional_event in source.additional_events)
        ):
            yield document.problem(["columns"], "no time: give columns.occurred_at or milestones")
    if not (columns.customer_id or columns.case_id):
        yield document.problem(
            ["columns"], "no customer and no case: give columns.customer_id, columns.case_id or both"
        )


def _check_responses(source: Source, document: Document) -> Iterator[Problem]:
    columns, constants = source.columns, source.constants
    if source.questions and (columns.score or columns.question or constants.question):
        yield document.problem(
            ["questions"], "questions replace columns.score, columns.question and constants.question"
        )
    emotion = columns.emotion or constants.emotion
    if not (source.questions or columns.score or emotion):
        yield document.problem(["columns"], "no score and no emotion: give columns.score, questions or columns.emotion")
    if bool(emotion) != bool(columns.emotion_state or constants.emotion_state):
        yield document.problem(["columns"], "emotion and emotion_state belong together: give both")
    if (source.questions or columns.score) and source.scale is None:
        yield document.problem(
            [], "the scale is missing: write the lowest and the highest score, such as scale: [1, 5]"
        )
    if source.scale is not None and source.scale[0] >= source.scale[1]:
        yield document.problem(["scale"], "the scale goes from the lowest to the highest score")
    yield from _check_survey_and_time(source, document, "responded_at", "response_id")


def _check_invitations(source: Source, document: Document) -> Iterator[Problem]:
    yield from _check_survey_and_time(source, document, "invited_at", "invitation_id")


def _check_survey_and_time(source: Source, document: Document, time: str, id_column: str) -> Iterator[Problem]:
    columns = source.columns
    if not (columns.survey or source.constants.survey):
        yield document.problem(["columns"], "no survey: give columns.survey or constants.survey")
    if not (getattr(columns, time) or getattr(source.constants, time, None)):
        yield document.problem(["columns"], f"no time: give columns.{time}")
    if getattr(source.constants, time, None) and source.format.timestamps:
        yield document.problem(
            ["format", "timestamps"], f"constants.{time} is always ISO 8601", "leave format.timestamps out"
        )
    if not (getattr(columns, id_column) or columns.customer_id or columns.case_id):
        yield document.problem(
            ["columns"], f"rows cannot be identified: give columns.{id_column}, customer_id or case_id"
        )


def _check_customers(source: Source, document: Document) -> Iterator[Problem]:
    if not source.columns.customer_id:
        yield document.problem(["columns"], "columns.customer_id is missing")


def _check_counts(source: Source, document: Document) -> Iterator[Problem]:
    if not source.columns.period_start:
        yield document.problem(["columns"], "no time: give columns.period_start, the first day of the period")
    if source.period is None:
        yield document.problem([], "the period of a row is missing: write period: day, week or month")
    if not source.measures:
        yield document.problem([], "no measures: write measures: {name: {numerator: column, denominator: column}}")
    if source.format.timezone != "UTC":
        yield document.problem(
            ["format", "timezone"], "totals are of calendar days, weeks or months and have no time zone", "leave it out"
        )


_CHECK_BY_KIND = {
    "touchpoints": _check_touchpoints,
    "responses": _check_responses,
    "invitations": _check_invitations,
    "customers": _check_customers,
    "counts": _check_counts,
}
