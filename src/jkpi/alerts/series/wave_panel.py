"""Survey waves of all series of one moment, from the marts, and their evaluation."""

from __future__ import annotations

from datetime import date
from typing import Any

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import WaveReading, replay_waves
from jkpi.alerts.series.panel import Panel, SeriesKey, read_panel
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.two_sample import Sample
from jkpi.warehouse.base import Warehouse

_NAMES_SQL = """
select distinct period_start, wave
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = 'wave'
"""


def read_wave_panel(warehouse: Warehouse, watched: WatchedMoment) -> tuple[Panel, dict[date, str]]:
    """Final and withheld waves of all series, on a calendar of days; and the name of each wave by its first day."""
    panel = read_panel(warehouse, watched, None)
    parameters: dict[str, Any] = {"journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic}
    names = {row["period_start"]: row["wave"] for row in warehouse.rows(_NAMES_SQL, parameters)}
    return panel, names


def evaluate_waves(
    watched: WatchedMoment, panel: Panel, names: dict[date, str], to_evaluate: list[SeriesToEvaluate]
) -> dict[SeriesKey, SeriesResult]:
    """Results of the series of a moment by wave."""
    waves = [wave_readings(watched, panel, row, names) for row in range(len(panel.keys))]
    return dict(zip(panel.keys, replay_waves(waves, to_evaluate), strict=True))


def wave_readings(watched: WatchedMoment, panel: Panel, row: int, names: dict[date, str]) -> list[WaveReading]:
    """The waves of one series, the oldest first."""
    grid = panel.grid
    return [
        WaveReading(
            day,
            names[day],
            Sample(
                float(grid.successes[column, row]),
                float(grid.n[column, row]),
                float(grid.neutral[column, row]),
                is_nps=watched.statistic == "nps",
            ),
            int(grid.status[column, row]),
        )
        for column in panel.read_columns(row).tolist()
        for day in [grid.day(column)]
    ]
