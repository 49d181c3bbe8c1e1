"""Unpivot the rows of a source: one select per milestone, question, measure and additional event of a row. Pure."""

from __future__ import annotations

from jkpi.loading.expressions import case_expression, literal
from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.model import Source
from jkpi.loading.rows import PARTS_PER_ROW


def unpivot_selects(source: Source, landing: LandingTable) -> list[str]:
    """One select per event or response of a row, over `cleaned`."""
    if source.kind == "counts":
        return _measure_selects(source)

    def select_for(
        part: int,
        event_time: str,
        touchpoint: str,
        skipped: str = "false",
        derived: str = "false",
        question: str = "t_question",
        answer: str = "t_score",
        where: str = "true",
    ) -> str:
        return (
            f"select *, {part} as part, {event_time} as t_at, {touchpoint} as touchpoint, {skipped} as skipped,"
            f" {derived} as derived, {question} as question, {answer} as t_value from cleaned where {where}"
        )

    touchpoint_map = source.touchpoints
    mapped_touchpoints = {key: value for key, value in (touchpoint_map or {}).items() if value is not None}
    ignored_touchpoints = [key for key, value in (touchpoint_map or {}).items() if value is None]
    touchpoint = (
        case_expression("t_touchpoint", mapped_touchpoints, "null")
        if mapped_touchpoints
        else ("t_touchpoint" if touchpoint_map is None else "null::varchar")
    )
    skipped = (
        f"coalesce(t_touchpoint in ({', '.join(map(literal, ignored_touchpoints))}), false)"
        if ignored_touchpoints
        else "false"
    )
    row_time = f"t_{landing.time_column}"
    selects: list[str] = []
    if source.milestones:
        for number, name in enumerate(source.milestones):
            selects.append(
                select_for(number, f"m_{number}", literal(name), derived="true", where=f"m_{number} is not null")
            )
        all_null = " and ".join(f"m_{number} is null" for number in range(len(source.milestones)))
        selects.append(select_for(PARTS_PER_ROW - 1, "null::varchar", "null::varchar", where=all_null))
    elif source.questions:
        for number, name in enumerate(source.questions):
            where = f"q_{number} is not null"
            selects.append(
                select_for(number, row_time, touchpoint, skipped, "false", literal(name), f"q_{number}", where)
            )
        all_null = " and ".join(f"q_{number} is null" for number in range(len(source.questions)))
        selects.append(select_for(PARTS_PER_ROW - 1, row_time, touchpoint, "true", where=all_null))
    elif source.kind == "responses":
        is_empty = "(t_score is null and t_comment is null and t_emotion is null)"
        selects.append(select_for(0, row_time, touchpoint, f"({skipped} or {is_empty})"))
    elif source.kind != "touchpoints" or source.columns.touchpoint or source.constants.touchpoint:
        selects.append(select_for(0, row_time, touchpoint, skipped))
    for number, additional_event in enumerate(source.additional_events):
        event_time = f"a_{number}_at" if additional_event.at else row_time
        part = len(source.milestones) + 1 + number
        selects.append(
            select_for(part, event_time, literal(additional_event.touchpoint), derived="true", where=f"a_{number}")
        )
    return selects


def _measure_selects(source: Source) -> list[str]:
    """One select per measure of a row of totals; a row without any measure is skipped."""

    def select_for(part: int, measure: str, numbers: str, where: str, skipped: str = "false") -> str:
        return (
            f"select *, {part} as part, t_period_start as t_at, {skipped} as skipped, false as derived,"
            f" {measure}::varchar as measure, {numbers} from cleaned where {where}"
        )

    selects = [
        select_for(
            number,
            literal(name),
            f"numerator_{number} as t_numerator, denominator_{number} as t_denominator",
            f"{_either_value(number)} is not null",
        )
        for number, name in enumerate(source.measures)
    ]
    all_null = " and ".join(f"{_either_value(number)} is null" for number in range(len(source.measures)))
    return [
        *selects,
        select_for(
            PARTS_PER_ROW - 1, "null", "null::varchar as t_numerator, null::varchar as t_denominator", all_null, "true"
        ),
    ]


def _either_value(number: int) -> str:
    return f"coalesce(numerator_{number}, denominator_{number})"
