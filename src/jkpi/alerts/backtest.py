"""What would have been told over the past, how often falsely, and what size of fall the volume can show how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jkpi.alerts.announce import watched_now
from jkpi.alerts.backtest_picture import picture
from jkpi.alerts.episodes import Track
from jkpi.alerts.judging import replay_moments
from jkpi.alerts.panel import Panel
from jkpi.alerts.planting import Seen, plant, smallest
from jkpi.alerts.series import Series, Watched, due_day
from jkpi.documents import nearest
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys import Journey
from jkpi.settings import Settings
from jkpi.warehouse import Warehouse


@dataclass(frozen=True)
class Fired:
    """A breach that the past had; rates are higher-is-better."""

    series_id: str
    since: date
    fired_on: date
    closed_on: date | None
    reasons: tuple[str, ...]
    rate: float
    usual: float
    n: float


@dataclass(frozen=True)
class Backtest:
    """One moment of truth over its past. `false_alarm_every` in days, wanted and as the past of the whole series shows;
    `seen` and `smallest` are of the whole series, as rates."""

    watched: Watched
    first_day: date | None
    last_day: date | None
    series: int
    fired: tuple[Fired, ...]
    wanted_every: float
    false_alarm_every: float | None
    mean_n: float
    seen: tuple[Seen, ...]
    smallest: float | None
    picture: Path


def backtest(settings: Settings, w: Warehouse, journeys: Sequence[Journey], moment: str | None) -> list[Backtest]:
    """Judge the past of one moment, or of all; nothing is told, and no state is kept.

    Raises:
        InputError: no map has that moment.
        SystemFailure: nothing has been measured.
    """
    all_watched = watched_now(journeys, settings)
    names = sorted({watched.moment for watched in all_watched})
    if moment is not None and moment not in names:
        raise InputError(f"no map has a moment of truth {moment!r}", hint=nearest(moment, names))
    if not w.table_exists("marts", "fct_kpi_readings"):
        raise SystemFailure("there are no readings to judge", hint="measure first: jkpi measure")
    chosen = [watched for watched in all_watched if moment in (None, watched.moment)]
    return [_of(settings, w, watched) for watched in chosen]


def _of(settings: Settings, w: Warehouse, watched: Watched) -> Backtest:
    replayed = replay_moments(w, [watched], {watched: due_day(w, watched, settings.now)})[watched]
    panel, tracks = replayed.panel, replayed.tracks
    whole = tracks[0]
    # A single series is planted with falls: it has the share of the budget that it has as the whole of its moment.
    rule = replayed.tried[0].rule
    seen = plant(panel.grid, 0, rule, whole, Series(watched).series_id)
    read = panel.grid.n[:, 0][panel.grid.n[:, 0] > 0]
    found = Backtest(
        watched,
        panel.first_day(0),
        panel.last_day(0),
        len(panel.keys),
        tuple(_fired(watched, panel, tracks)),
        watched.false_alarm_every,
        whole.false_alarm_every,
        float(read.mean()) if len(read) else 0.0,
        tuple(seen),
        smallest(seen),
        settings.output / "backtest" / f"{watched.journey}.{watched.moment}.svg",
    )
    found.picture.parent.mkdir(parents=True, exist_ok=True)
    found.picture.write_text(picture(watched, panel.grid, whole, found.seen), encoding="utf-8")
    return found


def _fired(watched: Watched, panel: Panel, tracks: Sequence[Track]) -> list[Fired]:
    found = [
        Fired(
            Series(watched, *key).series_id,
            breach.since,
            breach.fired_on,
            breach.closed_on,
            tuple(f"{part.line}: {part.reason}" for part in breach.parts),
            breach.parts[0].fell.rate,
            breach.parts[0].fell.reference,
            breach.parts[0].fell.n,
        )
        for key, track in zip(panel.keys, tracks, strict=True)
        for breach in track.breaches
    ]
    return sorted(found, key=lambda one: (one.fired_on, one.series_id))
