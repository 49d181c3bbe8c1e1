"""Build the SQL statement that turns raw texts into canonical rows, from the YAML of a source. Pure.

Steps, each a CTE: cleaned (texts, nulls, pseudonyms), unpivoted (one row per event or response), parsed (times in UTC),
checked (reject reasons); then ids and hashes. The reason is NULL for an accepted row and '' for a skipped one.
"""

from __future__ import annotations

from datetime import datetime

from jkpi.loading.expressions import (
    TimeParser,
    as_number,
    case_expression,
    cleaned,
    composite_id,
    condition_sql,
    json_object,
    literal,
    md5_hash,
    pseudonym,
    segment_value,
)
from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.model import Source
from jkpi.loading.pseudonyms import HashedId
from jkpi.loading.reject_rules import reject_rules
from jkpi.loading.rows import PARTS_PER_ROW, ROW_COLUMN, WAVE_COLUMN
from jkpi.loading.unpivot import unpivot_selects

_TEXT_FIELDS = (
    "case_id",
    "touchpoint",
    "channel",
    "survey",
    "question",
    "score",
    "weight",
    "emotion",
    "emotion_state",
    "comment",
    "wave",
)
_ID = '"(id)"'
_TIME_FIELDS = ("occurred_at", "due_at", "responded_at", "asked_at", "invited_at", "valid_from", "period_start")


def mapped_columns(source: Source) -> list[str]:
    """All columns of the source that its YAML names, each once, in order."""
    columns = source.columns
    names: list[str] = []
    for parts in (columns.event_id, columns.response_id, columns.invitation_id):
        names.extend(parts or ())
    if source.wave == "file":
        names.append(WAVE_COLUMN)
    single_fields = ("customer_id", *_TEXT_FIELDS, *_TIME_FIELDS, "eligible", "consent")
    names.extend(column for field in single_fields if (column := getattr(columns, field)))
    names.extend([*(segment.column for segment in columns.segments.values()), *columns.attributes.values()])
    names.extend([*source.milestones.values(), *source.questions.values()])
    names.extend(column for measure in source.measures.values() for column in (measure.numerator, measure.denominator))
    for additional_event in source.additional_events:
        names.extend([*additional_event.where, *([additional_event.at] if additional_event.at else [])])
    if source.on_conflict == "latest":
        names.extend(column for column in (source.origin.cursor, source.deleted) if column)
    return list(dict.fromkeys(names))


def _time_columns(source: Source) -> list[str]:
    """SQL over `raw` for each time of the source: columns, and a constant time."""
    names = [column for field in _TIME_FIELDS if (column := getattr(source.columns, field))]
    names.extend(
        [
            *source.milestones.values(),
            *(additional_event.at for additional_event in source.additional_events if additional_event.at),
        ]
    )
    if source.on_conflict == "latest" and source.origin.cursor:
        names.append(source.origin.cursor)
    expressions = [f"({cleaned(column, source.format.nulls)})" for column in dict.fromkeys(names)]
    if source.constants.responded_at:
        expressions.append(literal(source.constants.responded_at))
    return expressions


def has_times(source: Source) -> bool:
    """Whether rows of the source have any time."""
    return bool(_time_columns(source))


def time_range_sql(source: Source, times: TimeParser) -> str:
    """SQL for the earliest and latest local time of the chunk."""
    locals_ = [local for text in _time_columns(source) for local in times.local(text)]
    lows, highs = (", ".join(f"{function}({local})" for local in locals_) for function in ("min", "max"))
    return f"select list_min([{lows}]) as low, list_max([{highs}]) as high from raw"


def transform_sql(
    source: Source,
    landing: LandingTable,
    times: TimeParser,
    now: datetime,
    latest: datetime,
    low: datetime | None,
    high: datetime | None,
    hashed: frozenset[HashedId],
) -> str:
    """The SQL over the relation `raw`. now, latest: naive UTC. hashed: the ids that become pseudonyms."""
    selects = unpivot_selects(source, landing)
    materialized = "" if len(selects) == 1 else "materialized "
    extra_times = [field for field in ("due_at", "asked_at") if field in landing.columns]
    times_sql = [f"{times.utc('t_at', low, high)} as event_at"]
    # What is promised for a day is kept until the day is over.
    times_sql += [
        f"{times.utc(f't_{field}', low, high, days_end=field == 'due_at')} as {field}"
        if getattr(source.columns, field)
        else f"null::timestamp as {field}"
        for field in extra_times
    ]
    values = _canonical_columns(source, landing, now)
    value_columns = ", ".join(f"{value} as {name}" for name, value in values.items())
    row_rules = reject_rules(source, landing, times, latest)
    reason = " ".join(f"when {rule.condition} then {rule.reason}" for rule in row_rules)
    detail = " ".join(f"when {rule.condition} then {rule.detail}" for rule in row_rules)
    outputs = [f"{_id_sql(source, landing)} as {landing.id_column}"] if landing.id_column else []
    outputs += [name for name in landing.columns if name != landing.id_column]
    latest_columns, deletion = "", ""
    if landing.latest:
        times_sql.append(f"{_cursor_position(times, low, high)} as cursor_position")
        # Of a deleted row only its id and its cursor are needed. A row that is ignored now takes the earlier one away.
        has_key = f"{'customer_id' if source.kind == 'customers' else 'key_text'} is not null"
        is_deletion = f"(is_deleted or skipped) and {has_key} and cursor_position is not null"
        latest_columns = f"cursor_position, {is_deletion} as is_deletion,"
        deletion = f"when {is_deletion} then null"
        outputs += ["cursor_position::varchar as cursor_position", "is_deletion"]
    return f"""
with {_pseudonym_ctes(source, hashed)}cleaned as {materialized}(
    select {_cleaned_columns(source, hashed)} from raw{_pseudonym_joins(source, hashed)}
),
unpivoted as ({" union all ".join(selects)}),
parsed as (select *, {", ".join(times_sql)} from unpivoted),
checked as (
    select row_number * {PARTS_PER_ROW} + part as seq, row_number, part, derived, key_text, {value_columns},
        {latest_columns}
        case {deletion} when skipped then '' {reason} end as reason,
        case {deletion} when skipped then null {detail} end as detail
    from parsed
)
select seq, {", ".join(outputs)}, {_content_hash(source, landing)} as content_hash, reason, detail from checked"""


def _cursor_position(times: TimeParser, low: datetime | None, high: datetime | None) -> str:
    """The cursor as a number: as it is, or microseconds since 1970 of a time. NULL if it is neither."""
    return (
        r"case when regexp_full_match(t_cursor, '[+-]?\d{1,32}(\.\d+)?') then try_cast(t_cursor as decimal(38,6))"
        f" else epoch_us({times.utc('t_cursor', low, high)})::decimal(38,6) end"
    )


def _content_hash(source: Source, landing: LandingTable) -> str:
    """Hash of the content of a row, which shows whether a known id has other content now.

    A milestone or additional event is repeated on every row of its case, while channel and segments of the row may have
    changed: it stays the same event. A changed due date is other content.
    """
    # Ids are no content; the day on which a customer without a date was first seen is none either.
    undated = landing.time_column if source.kind == "customers" and not source.columns.valid_from else ""
    kinds = {name: kind for name, kind in landing.columns.items() if name not in (landing.id_column, undated)}
    texts = {name: _column_as_text(name, kind) for name, kind in kinds.items()}
    full_hash = md5_hash(texts.values())
    if not (source.milestones or source.additional_events):
        return full_hash
    event_hash = md5_hash(
        [texts["touchpoint"], texts[landing.time_column], *([texts["due_at"]] if source.milestones else [])]
    )
    return f"case when derived then {event_hash} else {full_hash} end"


def _column_as_text(name: str, kind: str) -> str:
    expression = f"epoch_us({name})" if kind == "timestamp" else name
    return name if kind == "varchar" else f"{expression}::varchar"


def _raw_id(source: Source, hashed_id: HashedId) -> str:
    """SQL over `raw` of an id before it becomes a pseudonym."""
    nulls = source.format.nulls
    if hashed_id == "row_id":
        return composite_id([f"({cleaned(part, nulls)})" for part in source.row_id_columns])
    column = source.columns.customer_id if hashed_id == "customer_id" else source.columns.case_id
    assert column is not None
    return cleaned(column, nulls)


def _pseudonym_ctes(source: Source, hashed: frozenset[HashedId]) -> str:
    """Hash each id once per chunk, because the keyed hash costs more than the rest of a row."""
    return "".join(
        f"hashed_{name}s as (select {_ID}, {pseudonym(_ID)} as {_pseudonym_column(name)}"
        f" from (select distinct {_raw_id(source, name)} as {_ID} from raw) where {_ID} is not null),\n"
        for name in sorted(hashed)
    )


def _pseudonym_joins(source: Source, hashed: frozenset[HashedId]) -> str:
    return "".join(
        f" left join hashed_{name}s on hashed_{name}s.{_ID} = ({_raw_id(source, name)})" for name in sorted(hashed)
    )


def _pseudonym_column(hashed_id: HashedId) -> str:
    """The column of the pseudonyms. No column of a source can have this name, as it would be ambiguous."""
    return f'"({hashed_id} hashed)"'


def _cleaned_columns(source: Source, hashed: frozenset[HashedId]) -> str:
    columns, nulls = source.columns, source.format.nulls

    def text(field: str) -> str:
        if field in hashed:
            return _pseudonym_column(field)
        column, constant = getattr(columns, field), getattr(source.constants, field, None)
        if field == "wave" and source.wave == "file":
            column = WAVE_COLUMN
        if column is None:
            return f"{literal(constant)}::varchar"
        expression = cleaned(column, (*nulls, *source.missing_values) if field == "score" else nulls)
        values = source.values.get(field)
        return case_expression(f"({expression})", dict(values), expression) if values else expression

    parts = [f'"{ROW_COLUMN}" as row_number']
    row_id = _raw_id(source, "row_id") if source.row_id_columns else "null::varchar"
    parts.append(f"{_pseudonym_column('row_id') if 'row_id' in hashed else row_id} as key_text")
    parts.append(f"{text('customer_id')} as customer_id")
    parts += [f"{text(field)} as t_{field}" for field in (*_TEXT_FIELDS, *_TIME_FIELDS, "eligible", "consent")]
    if source.on_conflict == "latest" and source.origin.cursor:
        deleted = f"lower({cleaned(source.deleted, nulls)})" if source.deleted else "null"
        parts.append(f"{cleaned(source.origin.cursor, nulls)} as t_cursor")
        parts.append(f"coalesce({deleted} not in ('false', 'f', '0', 'no', 'n'), false) as is_deleted")
    segments = {name: segment_value(segment, source.format) for name, segment in columns.segments.items()}
    attributes = {name: f"({cleaned(column, nulls)})" for name, column in columns.attributes.items()}
    parts += [f"{json_object(segments)} as segments", f"{json_object(attributes)} as attributes"]
    parts += [f"{cleaned(column, nulls)} as m_{number}" for number, column in enumerate(source.milestones.values())]
    missing_values = (*nulls, *source.missing_values)
    parts += [
        f"{cleaned(column, missing_values)} as q_{number}" for number, column in enumerate(source.questions.values())
    ]
    for number, measure in enumerate(source.measures.values()):
        parts += [
            f"{cleaned(measure.numerator, nulls)} as numerator_{number}",
            f"{cleaned(measure.denominator, nulls)} as denominator_{number}",
        ]
    for number, additional_event in enumerate(source.additional_events):
        tests = " and ".join(
            condition_sql(column, condition, source.format) for column, condition in additional_event.where.items()
        )
        parts.append(f"({tests}) as a_{number}")
        if additional_event.at:
            parts.append(f"{cleaned(additional_event.at, nulls)} as a_{number}_at")
    return ", ".join(parts)


def _canonical_columns(source: Source, landing: LandingTable, now: datetime) -> dict[str, str]:
    """Canonical columns (without the id) as SQL over `parsed`."""
    low, high = source.scale or (None, None)
    values = {
        "customer_id": "customer_id",
        "case_id": "t_case_id",
        "touchpoint": "touchpoint",
        "channel": "t_channel",
        "survey": "t_survey",
        "question": "question",
        "score": as_number("t_value", source.format.decimal),
        "weight": as_number("t_weight", source.format.decimal),
        "scale_min": "null::double" if low is None else f"{low!r}::double",
        "scale_max": "null::double" if high is None else f"{high!r}::double",
        "emotion": "t_emotion",
        "emotion_state": "case when t_emotion is not null then coalesce(lower(t_emotion_state), 'unknown') end",
        "comment": "t_comment",
        "wave": "t_wave",
        "eligible": "case when t_eligible is null then true else try_cast(t_eligible as boolean) end",
        "consent": "t_consent",
        "due_at": "due_at",
        "asked_at": "asked_at",
        "segments": "segments",
        "attributes": "attributes",
        "measure": "measure",
        "covers": literal(source.period),
        "numerator": as_number("t_numerator", source.format.decimal),
        "denominator": as_number("t_denominator", source.format.decimal),
        landing.time_column: "event_at",
    }
    if source.kind == "customers":
        # A source without dates: valid from today. A row without a date: valid from the beginning.
        values["valid_from"] = (
            "coalesce(event_at, timestamp '1970-01-01')"
            if source.columns.valid_from
            # What is known last counts as if nothing else had been loaded, so it holds from the beginning.
            else "timestamp '1970-01-01'"
            if landing.latest
            else f"timestamp '{now:%Y-%m-%d %H:%M:%S.%f}'"
        )
    return {name: values[name] for name in landing.columns if name in values}


def _id_sql(source: Source, landing: LandingTable) -> str:
    """Given ids get the name of the source as prefix; derived ids are hashes, made after pseudonyms."""
    source_literal = literal(source.source)
    event_columns = ("touchpoint", landing.time_column)
    person = "coalesce(case_id, customer_id)"
    times = {landing.time_column: f"epoch_us({landing.time_column})::varchar"}
    derived_id = md5_hash([source_literal, *(times.get(name, name) for name in landing.derived_id_columns)])
    event_id = md5_hash([source_literal, person, *(times.get(name, name) for name in event_columns)])
    # The rows of each survey round are numbered anew.
    wave_prefix = "wave || ':' || " if source.wave == "file" else ""
    given_id = f"{source_literal} || ':' || {wave_prefix}key_text"
    if source.row_id_columns:
        if source.milestones:
            is_milestone = f"part <= {len(source.milestones)}"
            return f"case when {is_milestone} then {given_id} || ':' || touchpoint else {event_id} end"
        if source.questions:
            return f"{given_id} || ':' || question"
        return f"case when derived then {event_id} else {given_id} end" if source.additional_events else given_id
    if source.milestones:
        return event_id
    return f"case when derived then {event_id} else {derived_id} end" if source.additional_events else derived_id
