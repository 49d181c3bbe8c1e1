"""Small tables that the hand-written SQL joins: the map as numbers, days and periods, segments."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from benchmarks.measure.maps import AS_OF, DAYS, JOURNEYS, REGIONS, TIERS, JourneyShape, journey_yaml, microseconds

if TYPE_CHECKING:
    import duckdb

_UNITS = {"h": 3600, "d": 86_400}
_SPELL_KINDS = {"time_to_resolve": 0, "time_in_stage": 1}
_SURVEYS = {"csat": (1, 5, 4), "nps": (0, 10, 9), "ces": (1, 7, 5)}
_LOWER = ("drop_off", "repeat_contact", "occurrence")
_STATISTICS = [
    *((kind, kind, True, "share") for kind in ("drop_off", "conversion", "repeat_contact", "occurrence")),
    ("volume", "volume", True, "count"),
    *((kind, "share_within", True, "share") for kind in _SPELL_KINDS),
    ("csat", "top_box", True, "share"),
    ("nps", "nps", True, "points"),
    *(("nps", name, False, "share") for name in ("promoters", "passives", "detractors")),
    ("ces", "share_easy", True, "share"),
    ("ces", "mean", False, "points"),
]


def constants(connection: duckdb.DuckDBPyConnection) -> None:
    """Make them all, as temporary tables and macros."""
    numbered = list(enumerate(JOURNEYS))
    _table(connection, "journey_names", "journey, name", [(number, shape.journey) for number, shape in numbered])
    touchpoints = [
        (touchpoint, number, stage * 4 + position)
        for number, shape in numbered
        for stage, names in enumerate(shape.stages.values(), start=1)
        for position, touchpoint in enumerate(names)
    ]
    _table(connection, "touchpoints", "touchpoint, journey, code", touchpoints)
    connection.execute(
        "create or replace temp table touchpoints as"
        " select touchpoint, journey::ubigint as journey, code::bigint as code from touchpoints"
    )
    _kpi_tables(connection)
    _segment_tables(connection)
    _periods(connection)
    _macros(connection)


def _kpi_tables(connection: duckdb.DuckDBPyConnection) -> None:
    kpis: list[Any] = []
    surveys: list[Any] = []
    stages: list[Any] = []
    tolerances: list[Any] = []
    for number, shape in enumerate(JOURNEYS):
        windows: dict[int, int] = {}
        for stage, name, kpi in _kpis(shape):
            position, kind = len(kpis), kpi["kpi"]
            of = kpi.get("touchpoint")
            level = "touchpoint" if of else "stage" if stage else "journey"
            kpi_id = f"{name or 'journey'}.{kind}"
            direction = "lower" if kind in _LOWER else "higher"
            spell = _SPELL_KINDS.get(kind)
            kpis.append((position, number, kpi_id, kind, level, stage, name, of, direction, None, spell))
            if kind == "drop_off":
                windows[stage or 0] = _microseconds(kpi["window"])
            if spell is not None:
                tolerances.append((number, spell, _microseconds(kpi["tolerance"])))
            if kind in _SURVEYS:
                low, high, box = _SURVEYS[kind]
                surveys.append((position, number, kpi_id, kind, kpi["survey"], kpi["question"], low, high, box))
        stages += [
            (number, position, name, windows.get(position), shape.journey, number * 8 + position)
            for position, name in enumerate(shape.stages, start=1)
        ]
    _table(
        connection,
        "kpis",
        "kpi, journey, kpi_id, kind, level, stage, stage_name, touchpoint, direction, definition, spell_kind",
        kpis,
    )
    _table(
        connection,
        "survey_kpis",
        "kpi, journey, kpi_id, kind, survey, question, scale_min, scale_max, box_min",
        surveys,
    )
    _table(connection, "stages", "journey, stage, stage_name, drop_window, journey_name, code", stages)
    _table(connection, "tolerances", "journey, kind, tolerance", tolerances)
    _table(connection, "statistics", "kind, statistic, is_primary, unit", _STATISTICS)


def _kpis(shape: JourneyShape) -> list[tuple[int | None, str | None, dict[str, Any]]]:
    """(stage from 1, its name, KPI) of the map. Stage and name are None for KPIs of the whole journey."""
    written = journey_yaml(shape)
    kpis_of_stages: list[tuple[int | None, str | None, dict[str, Any]]] = [
        (position, stage["stage"], kpi)
        for position, stage in enumerate(written["stages"], start=1)
        for kpi in stage["kpis"]
    ]
    return [*kpis_of_stages, *((None, None, kpi) for kpi in written["kpis"])]


def _microseconds(length: str) -> int:
    return int(length[:-1]) * _UNITS[length[-1]] * 1_000_000


def _segment_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """A pair of values is tier * 8 + region. The distinct texts of the landing are few, so each is parsed once."""
    texts = connection.execute(
        "select distinct segments from src.raw.touchpoint_events"
        " union select distinct segments from src.raw.survey_responses"
    ).fetchall()
    codes = []
    for (text,) in texts:
        values = json.loads(text)
        tier, region = values.get("value_tier"), values.get("region")
        code = 8 * (TIERS.index(tier) if tier else len(TIERS)) + (REGIONS.index(region) if region else len(REGIONS))
        codes.append((text, code))
    _table(connection, "segment_texts", "segments, code", codes)
    connection.execute(
        "create or replace temp table segment_texts as select segments, code::tinyint as code from segment_texts"
    )
    tiers, regions = (*TIERS, "(none)"), (*REGIONS, "(none)")
    rows: list[tuple[Any, ...]] = []
    for tier, tier_name in enumerate(tiers):
        for region, region_name in enumerate(regions):
            code = 8 * tier + region
            rows.append((code, 0, "all", "all"))
            rows.append((code, 1 + tier, "value_tier", tier_name))
            rows.append((code, 1 + len(tiers) + region, "region", region_name))
    _table(connection, "segments", "seg, number, segment, segment_value", rows)


def _periods(connection: duckdb.DuckDBPyConnection) -> None:
    """Local days with their day, week and month, and the end of each period in UTC."""
    first = AS_OF.date() - timedelta(days=DAYS + 2)
    days = [first + timedelta(days=number) for number in range(DAYS + 4)]
    cells: dict[tuple[str, date], int] = {}
    rows = []
    for day in days:
        for period, start in _starts(day).items():
            cell = cells.setdefault((period, start), len(cells))
            rows.append(((day - date(1970, 1, 1)).days, period, start, cell))
    _table(connection, "periods", "day, period, period_start, cell", rows)
    ends = [
        (number, period, start, _midnight(_following(period, start), shape.timezone))
        for number, shape in enumerate(JOURNEYS)
        for period, start in cells
    ]
    _table(connection, "period_ends", "journey, period, period_start, over_at", ends)


def _starts(day: date) -> dict[str, date]:
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}


def _following(period: str, start: date) -> date:
    if period == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days={"day": 1, "week": 7}[period])


def _midnight(day: date, zone: str) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Local days from the few timestamps at which the offset of a zone changes: comparing is faster than converting."""
    branches = " ".join(f"when {number} then {_offset(shape.timezone)}" for number, shape in enumerate(JOURNEYS))
    connection.execute(
        "create temp macro local_day(journey, moment) as"
        f" ((moment + case journey {branches} end) // 86400000000)::integer"
    )
    connection.execute(
        "create temp macro local_date(journey, moment) as date '1970-01-01' + local_day(journey, moment)"
    )
    names = ", ".join("[" + ", ".join(f"'{stage}'" for stage in shape.stages) + "]" for shape in JOURNEYS)
    connection.execute(f"create temp macro stage_name(journey, stage) as ([{names}])[journey + 1][stage]")


def _offset(zone: str) -> str:
    """SQL of the offset in microseconds at `moment`, kpis_of_stages by stepping through the year by the hour."""
    hour = timedelta(hours=1)
    moment, end = AS_OF - timedelta(days=DAYS + 2), AS_OF + timedelta(days=2)
    changes: list[tuple[datetime, int]] = []
    while moment < end:
        offset = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        if not changes or changes[-1][1] != offset // timedelta(microseconds=1):
            changes.append((moment, offset // timedelta(microseconds=1)))
        moment += hour
    (_, first), *later = changes
    cases = " ".join(f"when moment >= {microseconds(moment)} then {offset}" for moment, offset in reversed(later))
    return f"case {cases} else {first} end" if later else str(first)


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[Any]) -> None:
    import pyarrow as pa

    names = columns.split(", ")
    table = pa.table({column: pa.array([row[position] for row in rows]) for position, column in enumerate(names)})
    connection.register("constants_in", table)
    connection.execute(f"create or replace temp table {name} as select * from constants_in")
    connection.unregister("constants_in")
