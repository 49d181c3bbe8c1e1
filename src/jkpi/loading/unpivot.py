"""The ways in which a row of a source speaks: a select each, over its cleaned texts. Milestones, questions and measures
that stand side by side in a row become a row each; a further event is one more.
"""

from __future__ import annotations

from jkpi.loading.expressions import literal, mapped
from jkpi.loading.landing_schema import Landing
from jkpi.loading.model import Source
from jkpi.loading.rows import PARTS


def branches_of(source: Source, landing: Landing) -> list[str]:
    """A select for each way in which a row speaks; `t_at`, `touchpoint`, `question`, `t_answer` differ."""
    if source.kind == "counts":
        return _measures(source)

    def branch(
        part: int,
        at: str,
        touchpoint: str,
        skipped: str = "false",
        derived: str = "false",
        question: str = "t_question",
        answer: str = "t_score",
        where: str = "true",
    ) -> str:
        return (
            f"select *, {part} as part, {at} as t_at, {touchpoint} as touchpoint, {skipped} as skipped,"
            f" {derived} as derived, {question} as question, {answer} as t_answer from cleaned where {where}"
        )

    known = source.touchpoints
    wanted = {key: value for key, value in (known or {}).items() if value is not None}
    unwanted = [key for key, value in (known or {}).items() if value is None]
    touchpoint = (
        mapped("t_touchpoint", wanted, "null") if wanted else ("t_touchpoint" if known is None else "null::varchar")
    )
    skipped = f"coalesce(t_touchpoint in ({', '.join(map(literal, unwanted))}), false)" if unwanted else "false"
    own_time = f"t_{landing.time}"
    found: list[str] = []
    if source.milestones:
        for number, name in enumerate(source.milestones):
            found.append(branch(number, f"m_{number}", literal(name), derived="true", where=f"m_{number} is not null"))
        none = " and ".join(f"m_{number} is null" for number in range(len(source.milestones)))
        found.append(branch(PARTS - 1, "null::varchar", "null::varchar", where=none))
    elif source.questions:
        for number, name in enumerate(source.questions):
            where = f"q_{number} is not null"
            found.append(branch(number, own_time, touchpoint, skipped, "false", literal(name), f"q_{number}", where))
        none = " and ".join(f"q_{number} is null" for number in range(len(source.questions)))
        found.append(branch(PARTS - 1, own_time, touchpoint, "true", where=none))
    elif source.kind == "responses":
        silent = "(t_score is null and t_comment is null and t_emotion is null)"
        found.append(branch(0, own_time, touchpoint, f"({skipped} or {silent})"))
    elif source.kind != "touchpoints" or source.columns.touchpoint or source.constants.touchpoint:
        found.append(branch(0, own_time, touchpoint, skipped))
    for number, further in enumerate(source.also):
        at = f"a_{number}_at" if further.at else own_time
        part = len(source.milestones) + 1 + number
        found.append(branch(part, at, literal(further.touchpoint), derived="true", where=f"a_{number}"))
    return found


def _measures(source: Source) -> list[str]:
    """A select for each measure of a row of totals; a row without any of them is not wanted."""

    def branch(part: int, measure: str, numbers: str, where: str, skipped: str = "false") -> str:
        return (
            f"select *, {part} as part, t_period_start as t_at, {skipped} as skipped, false as derived,"
            f" {measure}::varchar as measure, {numbers} from cleaned where {where}"
        )

    found = [
        branch(number, literal(name), f"c_{number} as t_count, o_{number} as t_of", f"{_any_of(number)} is not null")
        for number, name in enumerate(source.counts)
    ]
    none = " and ".join(f"{_any_of(number)} is null" for number in range(len(source.counts)))
    return [*found, branch(PARTS - 1, "null", "null::varchar as t_count, null::varchar as t_of", none, "true")]


def _any_of(number: int) -> str:
    return f"coalesce(c_{number}, o_{number})"
