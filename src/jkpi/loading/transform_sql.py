"""The one SQL statement that turns raw texts into canonical rows, built from a source's YAML.

Steps, each a CTE: cleaned (texts, nulls, pseudonyms), spoken (one row for each event or answer that a row speaks of),
timed (texts to UTC), judged (why a row cannot be understood), and last ids and hashes.
A row that is understood has reason NULL, one that is not wanted has reason ''.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from jkpi.loading.expressions import (
    Times,
    as_number,
    cleaned,
    digest,
    holds,
    identity,
    json_object,
    literal,
    mapped,
    pseudonym,
)
from jkpi.loading.landing_schema import Landing
from jkpi.loading.model import Source
from jkpi.loading.reject_rules import rules
from jkpi.loading.rows import PARTS, ROW
from jkpi.loading.unpivot import branches_of

_TEXTS = ("case_id", "touchpoint", "channel", "survey", "question", "score", "emotion", "emotion_state", "comment")
_CUSTOMER, _PERSON = '"(customer)"', '"(person)"'
_TIMES = ("occurred_at", "due_at", "responded_at", "asked_at", "invited_at", "valid_from", "period_start")


def columns_read(source: Source) -> list[str]:
    """Every column of the source that its YAML names, each once, in order."""
    columns = source.columns
    named: list[str] = []
    for parts in (columns.event_id, columns.response_id, columns.invitation_id):
        named.extend(parts or ())
    single = ("customer_id", *_TEXTS, *_TIMES, "eligible", "consent")
    named.extend(column for field in single if (column := getattr(columns, field)))
    named.extend([*columns.segments.values(), *columns.attributes.values()])
    named.extend([*source.milestones.values(), *source.questions.values()])
    named.extend(column for measure in source.counts.values() for column in (measure.count, measure.of))
    for further in source.also:
        named.extend([*further.where, *([further.at] if further.at else [])])
    return list(dict.fromkeys(named))


def _told_times(source: Source) -> list[str]:
    """SQL over `raw` for each text of the source that holds a time: columns, and the constant one."""
    named = [column for field in _TIMES if (column := getattr(source.columns, field))]
    named.extend([*source.milestones.values(), *(further.at for further in source.also if further.at)])
    found = [f"({cleaned(column, source.format.nulls)})" for column in dict.fromkeys(named)]
    if source.constants.responded_at:
        found.append(literal(source.constants.responded_at))
    return found


def has_times(source: Source) -> bool:
    """Whether a row of the source tells any time."""
    return bool(_told_times(source))


def range_statement(source: Source, times: Times) -> str:
    """SQL for the least and the greatest local time in the chunk."""
    locals_ = [local for text in _told_times(source) for local in times.local(text)]
    lows, highs = (", ".join(f"{function}({local})" for local in locals_) for function in ("min", "max"))
    return f"select list_min([{lows}]) as low, list_max([{highs}]) as high from raw"


def statement(
    source: Source,
    landing: Landing,
    times: Times,
    now: datetime,
    low: datetime | None,
    high: datetime | None,
    keyed: bool,
) -> str:
    """The SQL over the relation `raw`. `now` is naive UTC; `keyed` says that customer ids become pseudonyms."""
    branches = branches_of(source, landing)
    once = "" if len(branches) == 1 else "materialized "
    extra = [field for field in ("due_at", "asked_at") if field in landing.columns]
    timed = [f"{times.utc('t_at', low, high)} as happened"]
    timed += [
        f"{times.utc(f't_{field}', low, high) if getattr(source.columns, field) else 'null::timestamp'} as {field}"
        for field in extra
    ]
    values = _values(source, landing, now)
    judged = ", ".join(f"{value} as {name}" for name, value in values.items())
    found = rules(source, landing, times, now + timedelta(days=1))
    reason = " ".join(f"when {rule.condition} then {rule.reason}" for rule in found)
    detail = " ".join(f"when {rule.condition} then {rule.detail}" for rule in found)
    outputs = [f"{_identity(source, landing)} as {landing.identity}"] if landing.identity else []
    outputs += [name for name in landing.columns if name != landing.identity]
    return f"""
with {_customers(source, keyed)}cleaned as {once}(select {_cleaned(source, keyed)} from raw{_of_people(source, keyed)}),
spoken as ({" union all ".join(branches)}),
timed as (select *, {", ".join(timed)} from spoken),
judged as (
    select row_number * {PARTS} + part as seq, row_number, part, derived, key_text, {judged},
        case when skipped then '' {reason} end as reason,
        case when skipped then null {detail} end as detail
    from timed
)
select seq, {", ".join(outputs)}, {_content(source, landing)} as content_hash, reason, detail from judged"""


def _content(source: Source, landing: Landing) -> str:
    """The hash that tells whether a known id says something else now.

    A milestone or further event is told again on every row of its case, and the row's channel and segments may have
    moved on: it is the same event, and its first telling stays. A promise that moved is another content.
    """
    # The day on which a customer without a date was first seen is not content; nor is an id.
    undated = landing.time if source.kind == "customers" and not source.columns.valid_from else ""
    kinds = {name: kind for name, kind in landing.columns.items() if name not in (landing.identity, undated)}
    texts = {name: _as_text(name, kind) for name, kind in kinds.items()}
    whole = digest(texts.values())
    if not (source.milestones or source.also):
        return whole
    short = digest([texts["touchpoint"], texts[landing.time], *([texts["due_at"]] if source.milestones else [])])
    return f"case when derived then {short} else {whole} end"


def _as_text(name: str, kind: str) -> str:
    number = f"epoch_us({name})" if kind == "timestamp" else name
    return name if kind == "varchar" else f"{number}::varchar"


def _customers(source: Source, keyed: bool) -> str:
    """A keyed hash costs more than all the rest of a row, and customers come more than once: hash each of them once."""
    if not keyed or source.columns.customer_id is None:
        return ""
    known = cleaned(source.columns.customer_id, source.format.nulls)
    return (
        f"people as (select {_CUSTOMER}, {pseudonym(_CUSTOMER)} as {_PERSON}"
        f" from (select distinct {known} as {_CUSTOMER} from raw) where {_CUSTOMER} is not null),\n"
    )


def _of_people(source: Source, keyed: bool) -> str:
    if not keyed or source.columns.customer_id is None:
        return ""
    return f" left join people on {_CUSTOMER} = ({cleaned(source.columns.customer_id, source.format.nulls)})"


def _cleaned(source: Source, keyed: bool) -> str:
    columns, nulls = source.columns, source.format.nulls

    def text(field: str) -> str:
        column, fixed = getattr(columns, field), getattr(source.constants, field, None)
        if column is None:
            return f"{literal(fixed)}::varchar"
        found = cleaned(column, (*nulls, *source.no_answer) if field == "score" else nulls)
        values = source.values.get(field)
        return mapped(f"({found})", dict(values), found) if values else found

    parts = [f'"{ROW}" as row_number']
    key = columns.event_id or columns.response_id or columns.invitation_id
    parts.append(f"{identity([f'({cleaned(part, nulls)})' for part in key]) if key else 'null::varchar'} as key_text")
    parts.append(f"{_PERSON if keyed else text('customer_id')} as customer_id")
    parts += [f"{text(field)} as t_{field}" for field in (*_TEXTS, *_TIMES, "eligible", "consent")]
    for field in ("segments", "attributes"):
        members = {key: f"({cleaned(column, nulls)})" for key, column in getattr(columns, field).items()}
        parts.append(f"{json_object(members)} as {field}")
    parts += [f"{cleaned(column, nulls)} as m_{number}" for number, column in enumerate(source.milestones.values())]
    unanswered = (*nulls, *source.no_answer)
    parts += [f"{cleaned(column, unanswered)} as q_{number}" for number, column in enumerate(source.questions.values())]
    for number, measure in enumerate(source.counts.values()):
        parts += [f"{cleaned(measure.count, nulls)} as c_{number}", f"{cleaned(measure.of, nulls)} as o_{number}"]
    for number, further in enumerate(source.also):
        tests = " and ".join(holds(column, condition, source.format) for column, condition in further.where.items())
        parts.append(f"({tests}) as a_{number}")
        if further.at:
            parts.append(f"{cleaned(further.at, nulls)} as a_{number}_at")
    return ", ".join(parts)


def _values(source: Source, landing: Landing, now: datetime) -> dict[str, str]:
    """Canonical columns (without the id) as SQL over `timed`."""
    low, high = source.scale or (None, None)
    values = {
        "customer_id": "customer_id",
        "case_id": "t_case_id",
        "touchpoint": "touchpoint",
        "channel": "t_channel",
        "survey": "t_survey",
        "question": "question",
        "score": as_number("t_answer", source.format.decimal),
        "scale_min": "null::double" if low is None else f"{low!r}::double",
        "scale_max": "null::double" if high is None else f"{high!r}::double",
        "emotion": "t_emotion",
        "emotion_state": "case when t_emotion is not null then coalesce(lower(t_emotion_state), 'unknown') end",
        "comment": "t_comment",
        "eligible": "case when t_eligible is null then true else try_cast(t_eligible as boolean) end",
        "consent": "t_consent",
        "due_at": "due_at",
        "asked_at": "asked_at",
        "segments": "segments",
        "attributes": "attributes",
        "measure": "measure",
        "covers": literal(source.covers),
        "numerator": as_number("t_count", source.format.decimal),
        "denominator": as_number("t_of", source.format.decimal),
        landing.time: "happened",
    }
    if source.kind == "customers":
        # Undated: known from today on. Dated, but this one is not: known from always.
        values["valid_from"] = (
            "coalesce(happened, timestamp '1970-01-01')"
            if source.columns.valid_from
            else f"timestamp '{now:%Y-%m-%d %H:%M:%S.%f}'"
        )
    return {name: values[name] for name in landing.columns if name in values}


def _identity(source: Source, landing: Landing) -> str:
    """Given ids keep their text behind the name of the source; derived ones are hashes, after pseudonyms."""
    fixed = literal(source.source)
    narrow = ("touchpoint", landing.time)
    who = "coalesce(case_id, customer_id)"
    times = {landing.time: f"epoch_us({landing.time})::varchar"}
    derived = digest([fixed, *(times.get(name, name) for name in landing.derived_from)])
    of_event = digest([fixed, who, *(times.get(name, name) for name in narrow)])
    given = f"{fixed} || ':' || key_text"
    if source.columns.event_id or source.columns.response_id or source.columns.invitation_id:
        if source.milestones:
            told = f"part <= {len(source.milestones)}"
            return f"case when {told} then {given} || ':' || touchpoint else {of_event} end"
        if source.questions:
            return f"{given} || ':' || question"
        return f"case when derived then {of_event} else {given} end" if source.also else given
    if source.milestones:
        return of_event
    return f"case when derived then {of_event} else {derived} end" if source.also else derived
