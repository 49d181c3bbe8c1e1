"""The second look: what has landed, source by source and day by day, and where we are blind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.data_gaps import SourceFacts, SourceVerdict, judge_source
from jkpi.quality.report import (
    BlindSpot,
    CheckReport,
    Failure,
    Result,
    failures_of,
    insert,
    naive,
    write_results,
)
from jkpi.quality.source_volumes import read_facts
from jkpi.quality.suites import Suite, load_suite, parameters, suite_file
from jkpi.quality.validate import Outcome, check
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = "all sources"
_SHOWN = 3


def check_landing(settings: Settings, w: Warehouse) -> CheckReport:
    """Judge the volume of each source, keep the results, and replace `raw.blind_spots` as a whole.

    A blind source is a warning: its readings are withheld, and the rest goes on.
    """
    now = naive(settings.now)
    facts = read_facts(w, now)
    verdicts = [judge_source(one, now) for one in facts]
    results: list[Result] = []
    failures: list[Failure] = []
    for suite, frame in (
        (load_suite(suite_file("landing_daily_volume")), _days_frame(verdicts)),
        (load_suite(suite_file("landing_sources")), _sources_frame(facts, verdicts)),
    ):
        failures += [Failure(suite.name, "", fault) for fault in suite.faults]
        if verdicts:
            outcomes = check(suite, frame, parameters(now))
            results += _by_source(outcomes, suite, frame, settings)
    spots = tuple(spot for verdict in verdicts for spot in verdict.blind_spots)
    with w.transaction():
        _replace_blind_spots(w, spots, settings)
        write_results(w, settings, "landing", results)
    return CheckReport("landing", settings.now, tuple(results), (*failures, *failures_of(results)), spots)


def _days_frame(verdicts: Iterable[SourceVerdict]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"source": one.source, "day": day.day.isoformat(), "rows": day.rows, "usual": day.usual, "ratio": day.ratio}
        for one in verdicts
        for day in one.days
    ]
    frame = pd.DataFrame(rows, columns=["source", "day", "rows", "usual", "ratio"])
    return frame.astype({"rows": "float64", "usual": "float64", "ratio": "float64"})


def _sources_frame(facts: Sequence[SourceFacts], verdicts: Sequence[SourceVerdict]) -> pd.DataFrame:
    import pandas as pd

    columns = ["source", "days_silent", "has_ended", "refused_batches", "reject_share"]
    rows = [
        (fact.source, verdict.days_silent, verdict.has_ended, len(fact.refused), fact.reject_share)
        for fact, verdict in zip(facts, verdicts, strict=True)
    ]
    return pd.DataFrame(rows, columns=columns).astype({"reject_share": "float64"})


def _by_source(outcomes: Sequence[Outcome], suite: Suite, frame: pd.DataFrame, settings: Settings) -> list[Result]:
    """Each outcome once for each source, with what it says of that source's rows."""
    sources: list[str] = frame["source"].tolist()
    results = []
    for one in outcomes:
        if one.raised or not one.checked or (not one.positions and not one.success):
            results.append(_result(one, suite, _WHOLE, settings, one.checked, one.unexpected, one.detail))
            continue
        places: dict[str, list[int]] = {}
        for position in one.positions:
            places.setdefault(sources[position], []).append(position)
        for source in dict.fromkeys(sources):
            found = places.get(source, [])
            detail = _detail(frame, found, one.column) if found else ""
            results.append(_result(one, suite, source, settings, sources.count(source), len(found), detail))
    return results


def _detail(frame: pd.DataFrame, positions: Sequence[int], column: str) -> str:
    """The first few rows in words."""
    texts = [
        f"{row['day']}: {row['rows']:,.0f} rows, usually {row['usual']:,.0f}"
        if "day" in row
        else f"{column} {_number(row[column])}"
        for row in frame.iloc[list(positions[:_SHOWN])].to_dict("records")
    ]
    more = f", and {len(positions) - _SHOWN} more" if len(positions) > _SHOWN else ""
    return " | ".join(texts) + more


def _number(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _result(
    one: Outcome, suite: Suite, subject: str, settings: Settings, checked: int, unexpected: int, detail: str
) -> Result:
    return Result(
        door="landing",
        subject=subject,
        suite=suite.name,
        expectation=one.expectation,
        column_name=one.column,
        severity=one.severity,
        success=not one.raised and unexpected == 0,
        raised=one.raised,
        checked=checked,
        unexpected=unexpected,
        detail=detail,
        checked_at=naive(settings.now),
    )


def _replace_blind_spots(w: Warehouse, spots: Sequence[BlindSpot], settings: Settings) -> None:
    w.execute("delete from raw.blind_spots")
    rows: list[Mapping[str, Any]] = [{**asdict(spot), "found_at": naive(settings.now)} for spot in spots]
    insert(w, "blind_spots", rows)
