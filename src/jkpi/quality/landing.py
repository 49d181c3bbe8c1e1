"""The landing checkpoint: volumes by source and day, and the data gaps that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.data_gaps import SourceGaps, SourceVolumes, detect_gaps
from jkpi.quality.report import (
    CheckReport,
    DataGap,
    QualityFailure,
    QualityResult,
    blocking_failures,
    insert_rows,
    write_quality_results,
)
from jkpi.quality.source_volumes import read_source_volumes
from jkpi.quality.suites import Suite, load_suite, suite_file, suite_parameters
from jkpi.quality.validate import ExpectationOutcome, validate_frame
from jkpi.warehouse.base import Warehouse, as_naive_utc

if TYPE_CHECKING:
    import pandas as pd

_ALL_SOURCES = "all sources"
_MAX_SHOWN = 3


def check_landing(settings: Settings, warehouse: Warehouse) -> CheckReport:
    """Check the volume of each source, store the results, and replace the data gaps (`raw.blind_spots`) and the
    holidays that sources show (`raw.source_holidays`) as a whole.

    A source with a data gap is a warning: readings that need it are withheld, everything else goes on.
    """
    now = as_naive_utc(settings.now)
    volumes = read_source_volumes(warehouse, now)
    source_gaps = [detect_gaps(source_volumes, now) for source_volumes in volumes]
    results: list[QualityResult] = []
    failures: list[QualityFailure] = []
    for suite, frame in (
        (load_suite(suite_file("landing_daily_volume")), _days_frame(source_gaps)),
        (load_suite(suite_file("landing_sources")), _sources_frame(volumes, source_gaps)),
    ):
        failures += [QualityFailure(suite.name, "", fault) for fault in suite.faults]
        if source_gaps:
            outcomes = validate_frame(suite, frame, suite_parameters(now))
            results += _results_by_source(outcomes, suite, frame, settings)
    data_gaps = tuple(gap for gaps_of_source in source_gaps for gap in gaps_of_source.data_gaps)
    with warehouse.transaction():
        _replace_data_gaps(warehouse, data_gaps, settings)
        _replace_holidays(warehouse, source_gaps)
        write_quality_results(warehouse, settings, "landing", results)
    return CheckReport("landing", settings.now, tuple(results), (*failures, *blocking_failures(results)), data_gaps)


def _days_frame(source_gaps: Iterable[SourceGaps]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "source": gaps_of_source.source,
            "day": day.day.isoformat(),
            "rows": day.rows,
            "usual": day.usual,
            "ratio": day.ratio,
        }
        for gaps_of_source in source_gaps
        for day in gaps_of_source.days
    ]
    frame = pd.DataFrame(rows, columns=["source", "day", "rows", "usual", "ratio"])
    return frame.astype({"rows": "float64", "usual": "float64", "ratio": "float64"})


def _sources_frame(volumes: Sequence[SourceVolumes], source_gaps: Sequence[SourceGaps]) -> pd.DataFrame:
    import pandas as pd

    columns = ["source", "days_silent", "has_ended", "refused_batches", "reject_proportion"]
    rows = [
        (
            source_volumes.source,
            gaps_of_source.days_silent,
            gaps_of_source.has_ended,
            len(source_volumes.refused),
            source_volumes.reject_proportion,
        )
        for source_volumes, gaps_of_source in zip(volumes, source_gaps, strict=True)
    ]
    return pd.DataFrame(rows, columns=columns).astype({"reject_proportion": "float64"})


def _results_by_source(
    outcomes: Sequence[ExpectationOutcome], suite: Suite, frame: pd.DataFrame, settings: Settings
) -> list[QualityResult]:
    """Each outcome per source, restricted to the rows of that source."""
    sources: list[str] = frame["source"].tolist()
    results = []
    for outcome in outcomes:
        if outcome.raised_exception or not outcome.checked or (not outcome.positions and not outcome.success):
            results.append(
                _quality_result(
                    outcome, suite, _ALL_SOURCES, settings, outcome.checked, outcome.unexpected, outcome.detail
                )
            )
            continue
        positions_by_source: dict[str, list[int]] = {}
        for position in outcome.positions:
            positions_by_source.setdefault(sources[position], []).append(position)
        for source in dict.fromkeys(sources):
            positions = positions_by_source.get(source, [])
            detail = _detail(frame, positions, outcome.column) if positions else ""
            results.append(
                _quality_result(outcome, suite, source, settings, sources.count(source), len(positions), detail)
            )
    return results


def _detail(frame: pd.DataFrame, positions: Sequence[int], column: str) -> str:
    """The first unexpected rows as text."""
    texts = [
        f"{row['day']}: {row['rows']:,.0f} rows, usually {row['usual']:,.0f}"
        if "day" in row
        else f"{column} {_number_text(row[column])}"
        for row in frame.iloc[list(positions[:_MAX_SHOWN])].to_dict("records")
    ]
    suffix = f", and {len(positions) - _MAX_SHOWN} more" if len(positions) > _MAX_SHOWN else ""
    return " | ".join(texts) + suffix


def _number_text(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _quality_result(
    outcome: ExpectationOutcome,
    suite: Suite,
    subject: str,
    settings: Settings,
    checked: int,
    unexpected: int,
    detail: str,
) -> QualityResult:
    return QualityResult(
        checkpoint="landing",
        subject=subject,
        suite=suite.name,
        expectation=outcome.expectation,
        column_name=outcome.column,
        severity=outcome.severity,
        success=not outcome.raised_exception and unexpected == 0,
        raised_exception=outcome.raised_exception,
        checked=checked,
        unexpected=unexpected,
        detail=detail,
        checked_at=as_naive_utc(settings.now),
    )


def _replace_data_gaps(warehouse: Warehouse, gaps: Sequence[DataGap], settings: Settings) -> None:
    warehouse.execute("delete from raw.blind_spots")
    rows: list[Mapping[str, Any]] = [{**asdict(gap), "found_at": as_naive_utc(settings.now)} for gap in gaps]
    insert_rows(warehouse, "blind_spots", rows)


def _replace_holidays(warehouse: Warehouse, source_gaps: Iterable[SourceGaps]) -> None:
    warehouse.execute("delete from raw.source_holidays")
    rows: list[Mapping[str, Any]] = [
        {"source": gaps_of_source.source, "day": day}
        for gaps_of_source in source_gaps
        for day in sorted(gaps_of_source.holidays)
    ]
    insert_rows(warehouse, "source_holidays", rows)
