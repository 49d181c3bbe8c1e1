"""What would have been told over the past, how often falsely, and which falls and slowdowns the volume would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from jkpi.alerts.backtest.chart import picture
from jkpi.alerts.backtest.injected_drops import SeenFall, plant, smallest
from jkpi.alerts.backtest.injected_slowdowns import SeenSlowdown, plant_slowdowns
from jkpi.alerts.detection.episodes import Breach, Part, Track
from jkpi.alerts.detection.replay import Tried
from jkpi.alerts.notifications.headline import wanted_rate
from jkpi.alerts.series.duration_panel import read_durations
from jkpi.alerts.series.evaluate import of_signs, replay_moments
from jkpi.alerts.series.panel import Panel
from jkpi.alerts.series.watched import WHOLE, Series, Watched, due_day, watched_now
from jkpi.alerts.transitions.inhibition import fell_with
from jkpi.config.settings import Settings
from jkpi.documents.documents import nearest
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class Fired:
    """A breach that the past had, in figures as they were when it fired; rates are higher-is-better. `with_whole`: a
    segment that fell with all customers, which is told as one."""

    series_id: str
    since: date
    fired_on: date
    closed_on: date | None
    reasons: tuple[str, ...]
    rate: float
    usual: float
    n: float
    with_whole: bool = False


@dataclass(frozen=True)
class Backtest:
    """One moment of truth over its past. `false_alarm_every` in days, wanted and as the past of the whole series shows;
    `seen` and `smallest` are falls of the whole series, as rates, none where it has no share; `slowdowns` and
    `smallest_slowdown` how many times as long all takes, none where it is no duration."""

    watched: Watched
    first_day: date | None
    last_day: date | None
    series: int
    fired: tuple[Fired, ...]
    wanted_every: float
    false_alarm_every: float | None
    mean_n: float
    seen: tuple[SeenFall, ...]
    smallest: float | None
    slowdowns: tuple[SeenSlowdown, ...]
    smallest_slowdown: float | None
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
    # A single series is planted in: it has the share of the budget that it has as the whole of its moment.
    tried = replayed.tried[0]
    seen = plant(panel.grid, 0, tried.rule, whole, Series(watched).series_id) if watched.has_share else []
    slowdowns = _slowdowns(w, watched, tried, whole)
    fall, slowdown = smallest(seen), smallest(slowdowns)
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
        fall.fall if fall else None,
        tuple(slowdowns),
        slowdown.times if slowdown else None,
        settings.output / "backtest" / f"{watched.journey}.{watched.moment}.svg",
    )
    found.picture.parent.mkdir(parents=True, exist_ok=True)
    found.picture.write_text(picture(watched, panel.grid, whole, found.seen, found.slowdowns), encoding="utf-8")
    return found


def _slowdowns(w: Warehouse, watched: Watched, tried: Tried, whole: Track) -> list[SeenSlowdown]:
    """Planted in the durations of the whole series."""
    timed = read_durations(w, replace(watched, by=()), [WHOLE])
    if not timed.keys:
        return []
    (durations,), (own,) = timed.durations, of_signs([tried])
    tolerance = np.inf if watched.tolerance is None else watched.tolerance
    return plant_slowdowns(durations, timed.grid.first, own.rule, whole, tolerance)


def _fired(watched: Watched, panel: Panel, tracks: Sequence[Track]) -> list[Fired]:
    found = [
        Fired(
            Series(watched, *key).series_id,
            breach.since,
            breach.fired_on,
            breach.closed_on,
            tuple(f"{part.line}: {part.reason}" for part in breach.parts),
            told.rate,
            wanted_rate(Series(watched, *key), replace(first, fell=told)),
            told.n,
            key != WHOLE and any(_is_of(first, breach, whole) for whole in tracks[0].breaches),
        )
        for key, track in zip(panel.keys, tracks, strict=True)
        for breach in track.breaches
        for first in [min(breach.parts, key=lambda part: part.fired_on)]
        for told in [first.at_first or first.fell]
    ]
    return sorted(found, key=lambda one: (one.fired_on, one.series_id))


def _is_of(first: Part, breach: Breach, whole: Breach) -> bool:
    """Whether a segment's breach was one with a breach of all customers that was known by then."""
    is_known = whole.fired_on <= first.fired_on and whole.overlaps(breach.since, breach.fired_on)
    return is_known and any(fell_with(first, part, same_promise=True) for part in whole.parts)
