"""The same numbers by plain loops over plain rows, without the project's SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tests.dbt import small_world as world

Row = dict[str, Any]
Outcome = TypeVar("Outcome")
Cell = tuple[str, str, str, str, date]  # kpi, statistic, segment value, period, period start
Tally = dict[Cell, list[float | None]]  # None: not decided
Spell = tuple[float, bool, bool]  # seconds that it took or was watched, whether it is closed, whether it may still be

_PLACE = {
    touchpoint: (stage, number, position)
    for number, (stage, touchpoints) in enumerate(world.STAGES.items(), start=1)
    for position, touchpoint in enumerate(touchpoints, start=1)
}


def local_day(at: datetime) -> date:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(world.ZONE)).date()


def instances(events: Sequence[Row]) -> list[list[Row]]:
    """Journey instances: events in order, split in one pass."""
    lines: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in events:
        lines[("case", row["case_id"]) if row["case_id"] else ("customer", row["customer_id"])].append(row)
    found: list[list[Row]] = []
    for (kind, _), line in lines.items():
        # Of segments that are said at once, the first by their text.
        line.sort(key=lambda row: (row["occurred_at"], *_PLACE[row["touchpoint"]][1:], row["segments"] or ""))
        found += [line] if kind == "case" else _cut(line)
    return found


def _cut(line: list[Row]) -> Iterator[list[Row]]:
    session: list[Row] = []
    ended = False
    for row in line:
        silent = session and (row["occurred_at"] - session[-1]["occurred_at"]).total_seconds() >= world.IDLE
        if silent or (ended and row["touchpoint"] == "asked"):
            yield from _windows(session)
            session = []
        if row["touchpoint"] == "asked":
            ended = False
        if row["touchpoint"] == "confirmed":
            ended = True
        session.append(row)
    yield from _windows(session)


def _windows(session: list[Row]) -> Iterator[list[Row]]:
    if not session:
        return
    parts: dict[int, list[Row]] = defaultdict(list)
    for row in session:
        parts[int((row["occurred_at"] - session[0]["occurred_at"]).total_seconds() // world.WINDOW)].append(row)
    yield from parts.values()


def tier(instance: Sequence[Row]) -> str:
    named = [json.loads(row["segments"])["tier"] for row in instance if row["segments"]]
    return named[0] if named else "(none)"


def put(cells: dict[Cell, list[Outcome]], kpi: str, statistic: str, value: str, day: date, outcome: Outcome) -> None:
    starts = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}
    for period, start in starts.items():
        for name in ("all", value):
            cells.setdefault((kpi, statistic, name, period, start), []).append(outcome)


def drop_off(events: Sequence[Row], as_of: datetime) -> Tally:
    cells: Tally = {}
    window = timedelta(days=2)
    for instance in instances(events):
        stages = [_PLACE[row["touchpoint"]][0] for row in instance]
        for index, row in enumerate(instance):
            if stages[index] != "ask" or (index and stages[index - 1] == "ask"):
                continue
            entered = row["occurred_at"]
            later = [r["occurred_at"] for r, s in zip(instance[index:], stages[index:], strict=True) if s != "ask"]
            lost = float(not any(at < entered + window for at in later))
            outcome = lost if entered + window <= as_of else None
            put(cells, "ask.drop_off", "drop_off", tier(instance), local_day(entered), outcome)
    return cells


def time_to_resolve(events: Sequence[Row], as_of: datetime, kpi: str, to: str) -> tuple[Tally, dict[Cell, list[Spell]]]:
    """Whether each spell was within its tolerance, and the spells for median and p90."""
    cells: Tally = {}
    times: dict[Cell, list[Spell]] = {}
    for instance in instances(events):
        running: Row | None = None
        spells: list[tuple[Row, datetime | None]] = []
        for row in instance:
            if row["touchpoint"] == "asked" and running is None:
                running = row
            elif row["touchpoint"] == to and running is not None:
                spells.append((running, row["occurred_at"]))
                running = None
        spells += [(running, None)] if running and not _is_stopped_before(instance, to) else []
        for start, closed in spells:
            begun = start["occurred_at"]
            due = begun + timedelta(days=1)
            within = float(closed <= due) if closed else 0.0 if due < as_of else None
            gives_up = begun + timedelta(seconds=world.WINDOW)
            seconds = ((closed or min(as_of, gives_up)) - begun).total_seconds()
            spell = (seconds, closed is not None, closed is None and gives_up > as_of)
            put(cells, kpi, "share_within", tier(instance), local_day(begun), within)
            put(times, kpi, "median", tier(instance), local_day(begun), spell)
            put(times, kpi, "p90", tier(instance), local_day(begun), spell)
    return cells, times


def promises_kept(events: Sequence[Row], as_of: datetime, kpi: str, to: str, within: timedelta) -> dict[str, Tally]:
    """Statistic -> outcomes: promises by the day on which they fall due, cases by the day of their start."""
    found: dict[str, Tally] = {"promises_kept": {}, "closed_within": {}, "without_promise": {}}
    for instance in instances(events):
        starts = [
            index
            for index, row in enumerate(instance)
            if row["touchpoint"] == "asked" and not _is_running(instance[:index], to)
        ]
        if _is_stopped_before(instance, to):
            continue
        for number, index in enumerate(starts):
            start, until = instance[index], starts[number + 1] if number + 1 < len(starts) else len(instance)
            others = [*instance[: index if number == 0 else 0], *instance[index:until]]
            dates = [start["due_at"], *(row["due_at"] for row in others)]
            due = next((one for one in dates if one), None)
            begun = start["occurred_at"]
            closed = next((row["occurred_at"] for row in instance[index:until] if row["touchpoint"] == to), None)
            if due is None or due < begun:
                put(found["without_promise"], kpi, "without_promise", tier(instance), local_day(begun), 1.0)
                continue
            early = float(closed is not None and closed <= begun + within) if begun + within <= as_of else None
            put(found["closed_within"], kpi, "closed_within", tier(instance), local_day(begun), early)
            if local_day(due) < local_day(as_of):
                kept = float(closed is not None and closed <= due)
                put(found["promises_kept"], kpi, "promises_kept", tier(instance), local_day(due), kept)
    return found


def _is_stopped_before(instance: Sequence[Row], to: str) -> bool:
    """Whether the only start of the clock came after the only stop."""
    marks = [row["touchpoint"] for row in instance if row["touchpoint"] in ("asked", to)]
    turns = [mark for number, mark in enumerate(marks) if number == 0 or mark != marks[number - 1]]
    return turns == [to, "asked"]


def _is_running(earlier: Sequence[Row], to: str) -> bool:
    """Whether the clock runs after these events."""
    marks = [row["touchpoint"] for row in earlier if row["touchpoint"] in ("asked", to)]
    return bool(marks) and marks[-1] == "asked"


def answers(events: Sequence[Row], responses: Sequence[Row]) -> Tally:
    """csat, nps with its three shares, and ces, by the response's own tier, else its instance's."""
    cells: Tally = {}
    begun = sorted(instances(events), key=lambda instance: instance[0]["occurred_at"])
    for row in responses:
        score, scale = row["score"], (row["scale_min"], row["scale_max"])
        own = json.loads(row["segments"])["tier"] if row["segments"] else None
        named = own or tier(_instance_of(row, begun))
        day = local_day(row["responded_at"])
        if row["question"] == "content" and scale == (1, 5):
            put(cells, "ask.csat", "top_box", named, day, float(score >= 4))
        if row["question"] == "recommend":
            put(cells, "thank.nps", "promoters", named, day, float(score >= 9))
            put(cells, "thank.nps", "passives", named, day, float(7 <= score <= 8))
            put(cells, "thank.nps", "detractors", named, day, float(score <= 6))
        if row["question"] == "ease":
            put(cells, "ask.ces", "share_easy", named, day, float(score <= 3))
    return cells


def _instance_of(row: Row, begun: Sequence[list[Row]]) -> list[Row]:
    for instance in begun:
        if row["case_id"] and instance[0]["case_id"] == row["case_id"]:
            return instance
    mine = [
        instance
        for instance in begun
        if instance[0]["customer_id"] == row["customer_id"] and instance[0]["occurred_at"] <= row["responded_at"]
    ]
    return mine[-1] if mine else []
