"""The model of `sources/*.yml`: where rows come from, how to read them, and what each column means. Pure."""

from __future__ import annotations

import json
import re
import zoneinfo
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from jkpi.documents.durations import Duration, LongDuration
from jkpi.documents.models import StrictModel

SourceKind = Literal["touchpoints", "responses", "invitations", "customers", "counts"]
IdHandling = Literal["pseudonymise", "as_is"]
EmotionState = Literal["present", "absent", "unknown"]
DataType = Literal["identity", "descriptive", "attitudinal", "behavioural"]

WAVE_CLOSES_AFTER = timedelta(days=14)
"""A survey wave is over this long after its last response, unless the source says otherwise."""
UNIX_FORMATS = ("unix", "unix_ms")
SCHEDULES = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@once", "@continuous")
_TIME_CODES = {*"aAwdbBmyYHIpMSgfnzZjUWcxXuVG", ""}
_CRON = re.compile(r"[\d*/,#LW?-]+(\s+[\dA-Za-z*/,#?-]+){4}")


def _as_text(value: object) -> object:
    """YAML numbers and booleans as text: `1` is "1", `false` is "false"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _zero_as_none(value: object) -> object:
    """`0d` means the same as leaving it out."""
    return None if re.fullmatch(r"0+(\.0+)?\s*[smhdw]?", str(value).strip()) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_named_columns(value: object) -> object:
    """A list of columns is short for columns that keep their names."""
    return {name: name for name in value} if isinstance(value, list) else value


def _check_timezone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not an IANA time zone, such as Europe/Paris") from None
    return value


def _check_encoding(value: str) -> str:
    try:
        "a".encode(value)
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding, such as utf-8, latin-1, cp1252 or utf-16") from None
    return value


def _check_time_format(value: str) -> str:
    if value not in UNIX_FORMATS and "%" not in value:
        raise ValueError(f'{value!r} is not a time format: write strftime codes such as "%d/%m/%Y %H:%M", or unix')
    unknown = [code for code in re.findall(r"%-?.?", value) if code.lstrip("%-") not in _TIME_CODES]
    if unknown:
        raise ValueError(f"{value!r} is not a time format: unknown code {unknown[0]!r}")
    return value


def _check_iso_time(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a time: write a day, such as 2026-05-01") from None
    return value


def _check_schedule(value: str) -> str:
    if value not in SCHEDULES and _CRON.fullmatch(value.strip()) is None:
        presets = ", ".join(SCHEDULES)
        raise ValueError(
            f'{value!r} is not a schedule: write one of {presets}, or cron with five fields such as "0 6 * * *"'
        )
    return value


_SCALAR = WithJsonSchema({"type": ["string", "number", "boolean"]})
_TEXT_OR_LIST = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
_MAP_OR_LIST = WithJsonSchema(
    {
        "anyOf": [
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
)

Scalar = Annotated[str, BeforeValidator(_as_text), _SCALAR]
SnakeCaseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
TextList = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1), _TEXT_OR_LIST]
NamedColumns = Annotated[dict[str, str], BeforeValidator(_as_named_columns), _MAP_OR_LIST]
NamedFiles = Annotated[dict[SnakeCaseName, TextList], Field(min_length=1, max_length=100)]
TimeFormat = Annotated[str, AfterValidator(_check_time_format)]
TimeFormats = Annotated[tuple[TimeFormat, ...], BeforeValidator(_as_list), Field(min_length=1), _TEXT_OR_LIST]


class SegmentColumn(StrictModel):
    """A segment of customers, read from a column: its values as they are, renamed, or in bands of a number."""

    column: str
    values: dict[Scalar, Scalar] = Field({}, description="Value in the source -> value of the segment.")
    otherwise: Scalar | None = Field(
        None, description="Value of all others that are not in `values`; kept if left out."
    )
    bands: tuple[float, ...] = Field(
        (), description="Ascending limits of a number: [18, 65] gives under 18, 18 to under 65, and 65 or more."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.bands and (self.values or self.otherwise):
            raise ValueError("give either values or bands")
        if self.otherwise and not self.values:
            raise ValueError("otherwise needs values")
        if any(low >= high for low, high in pairwise(self.bands)):
            raise ValueError("bands must ascend")
        return self

    @property
    def band_names(self) -> tuple[str, ...]:
        """The name of each band, the lowest first."""
        limits = [f"{limit:g}" for limit in self.bands]
        between = [f"{low} to under {high}" for low, high in pairwise(limits)]
        return (f"under {limits[0]}", *between, f"{limits[-1]} or more") if limits else ()


def _as_segment_columns(value: object) -> object:
    """A list of columns, or a column as text, is short for columns whose values stay as they are."""
    named = _as_named_columns(value)
    if not isinstance(named, dict):
        return named
    return {name: {"column": column} if isinstance(column, str) else column for name, column in named.items()}


SegmentColumns = Annotated[
    dict[str, SegmentColumn],
    BeforeValidator(_as_segment_columns),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"anyOf": [{"type": "string"}, SegmentColumn.model_json_schema()]},
                },
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]


class SourceLocation(StrictModel):
    """Where rows come from: files, a query on named files, or a query on a database."""

    files: TextList | NamedFiles | None = Field(
        None,
        description="Paths or globs, relative to the workspace; or table -> paths, if a query joins them.",
    )
    sql: str | None = Field(None, description="An SQLAlchemy URL; write env:NAME or file:PATH.")
    query: str | None = Field(
        None, description="A select statement: on the database, or in DuckDB's SQL on the named files and nothing else."
    )
    cursor: str | None = Field(
        None,
        description="A column that only grows. Of a query, only rows at or after its last value are read. With"
        " `on_conflict: latest` it says which of two rows is later: a time or a number.",
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """All paths and globs."""
        if isinstance(self.files, dict):
            return tuple(pattern for patterns in self.files.values() for pattern in patterns)
        return self.files or ()

    @property
    def tables(self) -> dict[str, tuple[str, ...]]:
        """Table -> its paths and globs; empty if the files have no names."""
        return self.files if isinstance(self.files, dict) else {}


class FileFormat(StrictModel):
    """How the text of the rows is read."""

    type: Literal["csv", "jsonl", "parquet"] | None = Field(None, description="From the file name if left out.")
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    encoding: Annotated[str, AfterValidator(_check_encoding)] = "utf-8"
    timestamps: TimeFormats | None = Field(None, description="strftime codes, `unix` or `unix_ms`; default ISO 8601.")
    timezone: Annotated[str, AfterValidator(_check_timezone)] = Field(
        "UTC", description="Time zone of times without an offset."
    )
    nulls: tuple[Scalar, ...] = Field((), description="Texts that mean unknown.")
    decimal: Literal[",", "."] | None = Field(
        None,
        description="Decimal sign of numbers in CSV; the other sign groups thousands (1.234,5). If left out: a point"
        " and no groups.",
    )


class ColumnMapping(StrictModel):
    """Canonical column -> column of the source. A list of columns makes an id of several parts."""

    event_id: TextList | None = None
    response_id: TextList | None = None
    invitation_id: TextList | None = None
    customer_id: str | None = None
    case_id: str | None = None
    touchpoint: str | None = None
    channel: str | None = None
    occurred_at: str | None = None
    due_at: str | None = None
    survey: str | None = None
    question: str | None = None
    score: str | None = None
    weight: str | None = None
    emotion: str | None = None
    emotion_state: str | None = None
    comment: str | None = None
    wave: str | None = None
    asked_at: str | None = None
    responded_at: str | None = None
    invited_at: str | None = None
    eligible: str | None = None
    consent: str | None = None
    valid_from: str | None = None
    period_start: str | None = None
    segments: SegmentColumns = {}
    attributes: NamedColumns = {}


class Constants(StrictModel):
    """Canonical columns with one fixed value in this source."""

    touchpoint: SnakeCaseName | None = None
    channel: Scalar | None = None
    survey: Scalar | None = None
    question: Scalar | None = None
    emotion: Scalar | None = None
    emotion_state: EmotionState | None = None
    wave: Scalar | None = Field(None, description="The survey wave of all rows.")
    consent: Scalar | None = None
    responded_at: Annotated[Scalar, AfterValidator(_check_iso_time)] | None = Field(
        None, description="ISO 8601: when all responses were given, for survey waves whose rows have no date."
    )


class RowFilter(StrictModel):
    """A test of one column of a row; all given tests must be true. Unknown values pass only `is_null: true`."""

    is_: Scalar | None = Field(None, alias="is")
    is_not: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(None, alias="in", min_length=1)
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    is_null: bool | None = None


class AdditionalEvent(StrictModel):
    """An additional event of a row, if its conditions are true."""

    touchpoint: SnakeCaseName
    where: dict[str, RowFilter] = Field(min_length=1)
    at: str | None = Field(None, description="Column with its time; the time of the row if not given.")


class RatioMeasure(StrictModel):
    """A measure of a total: numerator and denominator."""

    numerator: str = Field(description="Column with the number of cases that count.")
    denominator: str = Field(description="Column with the number of all cases.")


class DataUse(StrictModel):
    """The data-use card: why this data is used."""

    origin: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    insight: str | None = None
    goal: str | None = None
    lawful_basis: str | None = None
    types: dict[str, DataType] = {}


class Source(StrictModel):
    """One file of `sources/`."""

    source: SnakeCaseName
    kind: SourceKind
    title: str | None = None
    owner: str | None = None
    origin: SourceLocation = Field(alias="from")
    format: FileFormat = FileFormat()
    columns: ColumnMapping = ColumnMapping()
    constants: Constants = Constants()
    touchpoints: dict[Scalar, SnakeCaseName | None] | None = Field(
        None, description="Value in the source -> touchpoint; null: skip rows with this value."
    )
    values: dict[str, dict[Scalar, Scalar]] = Field(
        {}, description="Canonical column -> value in the source -> canonical value."
    )
    additional_events: tuple[AdditionalEvent, ...] = Field((), max_length=900)
    milestones: dict[SnakeCaseName, str] = Field({}, max_length=900, description="Touchpoint -> column with its time.")
    questions: dict[Scalar, str] = Field({}, max_length=900, description="Question -> column with its score.")
    scale: tuple[float, float] | None = Field(None, description="Lowest and highest possible score.")
    wave: Literal["file"] | None = Field(
        None,
        description="file: each file is one survey wave, named like the file without its folder and suffixes. For a"
        " column or a fixed name, use columns.wave or constants.wave.",
    )
    wave_closes_after: LongDuration | None = Field(
        None,
        description="A survey wave is over when the next one begins, or this long after its last response; 14d if not"
        " given.",
    )
    missing_values: tuple[Scalar, ...] = Field((), description="Scores that mean not answered.")
    period: Literal["day", "week", "month"] | None = Field(
        None, description="The period of each row, given by its first day; weeks start on Monday."
    )
    measures: dict[SnakeCaseName, RatioMeasure] = Field({}, max_length=900, description="Measure -> its two columns.")
    allowed_lateness: Annotated[Duration | None, BeforeValidator(_zero_as_none)] = Field(
        None, description="How late rows may arrive; never late if left out or 0d."
    )
    schedule: Annotated[str, AfterValidator(_check_schedule)] | None = Field(
        None, description='When to load: "@daily", or cron with five fields, in UTC.'
    )
    on_conflict: Literal["first", "latest"] = Field(
        "first",
        description="Which row counts if an id comes again with other content. first: the row that was loaded first;"
        " the other one is rejected. latest: the row with the greatest from.cursor corrects the others.",
    )
    deleted: str | None = Field(
        None,
        description="Column of a soft delete, with `on_conflict: latest`: the row is deleted if it is true or a time.",
    )
    customer_ids: IdHandling | None = Field(
        None, description="pseudonymise: replace customer ids by keyed hashes. As customer_ids of jkpi.yml if left out."
    )
    case_ids: IdHandling | None = Field(
        None,
        description="pseudonymise: replace case ids by keyed hashes, in all sources alike. As they are if left out.",
    )
    row_ids: IdHandling | None = Field(
        None,
        description="pseudonymise: replace event_id, response_id or invitation_id by keyed hashes. As they are if left"
        " out.",
    )
    data_use: DataUse = DataUse()

    @property
    def row_id_columns(self) -> tuple[str, ...]:
        """The columns that make the id of a row; empty if it has none."""
        columns = self.columns
        return columns.event_id or columns.response_id or columns.invitation_id or ()

    @property
    def has_waves(self) -> bool:
        """Whether its rows name their survey wave."""
        return any((self.wave, self.columns.wave, self.constants.wave))

    def to_map_row(self) -> dict[str, Any]:
        """This source as a row of `raw.map_sources`."""
        card = self.data_use.model_dump(exclude_none=True, exclude_defaults=True)
        return {
            "source": self.source,
            "kind": self.kind,
            "title": self.title or self.source,
            "late_seconds": int(self.allowed_lateness.total_seconds()) if self.allowed_lateness else 0,
            "wave_closes_seconds": (
                int((self.wave_closes_after or WAVE_CLOSES_AFTER).total_seconds()) if self.has_waves else None
            ),
            "schedule": self.schedule,
            "owner": self.owner,
            "data_use": json.dumps(card, ensure_ascii=False, sort_keys=True),
        }
