"""Every series of every moment over its whole past: by its readings, and by durations where it rests on some."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from jkpi.alerts.detection.combine_lines import with_signs
from jkpi.alerts.detection.episodes import NOWHERE, Track
from jkpi.alerts.detection.replay import Tried, replay_all
from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.series.duration_panel import DurationPanel, as_readings, read_durations
from jkpi.alerts.series.panel import Key, Panel, read_panel
from jkpi.alerts.series.watched import WHOLE, Watched
from jkpi.alerts.statistics.reading_matrix import Grid, beside
from jkpi.alerts.statistics.sign_test import Durations
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import holidays, zone_of_most


def shared(watched: Watched, panel: Panel, number: int, lines: int = 1) -> list[Tried]:
    """The moment's budget is for all of its series: one half is the whole's, the segments share the other.

    Where durations have a line of their own beside that of their share within tolerance, each of both `lines` has half.
    """
    parts = len(panel.keys) - 1
    share = (0.5 if parts else 1.0) / lines
    whole = Tried(watched.rule(share=share), 2 * number)
    return [whole, *[Tried(watched.rule(parts, share), 2 * number + 1)] * parts]


def of_signs(tried: Sequence[Tried]) -> list[Tried]:
    """The same budget and the same fall, in points of the share done within the usual median; nothing is promised."""
    return [replace(one, rule=replace(one.rule, promise=None)) for one in tried]


NOTHING = Track(State.NO_DATA, None, (), None, None, NOWHERE)


@dataclass(frozen=True, eq=False)
class Replayed:
    """The series of a moment, the whole first: their readings, how each was judged, and what became of it."""

    panel: Panel
    tried: tuple[Tried, ...]
    tracks: tuple[Track, ...]


def replay_moments(
    w: Warehouse, all_watched: Sequence[Watched], due: Mapping[Watched, date | None]
) -> dict[Watched, Replayed]:
    """Those of one cadence in one fold, and the sign tests of their durations in another."""
    panels = {watched: read_panel(w, watched, due[watched]) for watched in all_watched if watched.has_share}
    timed = {
        watched: read_durations(w, watched, panels[watched].keys if watched in panels else None)
        for watched in all_watched
    }
    panels |= {watched: as_readings(timed[watched]) for watched in all_watched if not watched.has_share}
    closed = holidays_over(w, [panel.grid for panel in panels.values()])
    found: dict[Watched, Replayed] = {}
    for cadence in {watched.cadence for watched in all_watched}:
        own = [watched for watched in all_watched if watched.cadence == cadence]
        tried = {
            watched: shared(
                watched, panels[watched], number, lines=2 if watched.has_share and timed[watched].keys else 1
            )
            for number, watched in enumerate(own)
        }
        replayed = _shares({watched: panels[watched] for watched in own if watched.has_share}, tried, closed)
        signs = _signs({watched: timed[watched] for watched in own if timed[watched].keys}, tried, closed)
        for watched in own:
            shares, slow = replayed.get(watched, {}), signs.get(watched, {})
            tracks = tuple(_of_both(shares.get(key), slow.get(key)) for key in panels[watched].keys)
            found[watched] = Replayed(panels[watched], tuple(tried[watched]), tracks)
    return found


def _of_both(share: Track | None, signs: Track | None) -> Track:
    if share is None or signs is None:
        return share or signs or NOTHING
    return with_signs(share, signs)


def holidays_over(w: Warehouse, grids: Sequence[Grid]) -> frozenset[date]:
    """Those of the workspace's calendars in the time of these grids, and in the week after it."""
    spans = [(grid.first, grid.day(grid.length)) for grid in grids if grid.length]
    if not spans or not w.table_exists("raw", "map_calendars"):
        return frozenset()
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    return holidays(w, zone_of_most(w), first, last + timedelta(weeks=1))


def _shares(
    panels: Mapping[Watched, Panel], tried: Mapping[Watched, Sequence[Tried]], closed: Collection[date]
) -> dict[Watched, dict[Key, Track]]:
    """Moment -> series -> what its readings say."""
    if not panels:
        return {}
    reach = [watched.reach for watched, panel in panels.items() for _ in panel.keys]
    grid = beside([panel.grid for panel in panels.values()]).with_holidays(closed, reach)
    tracks = replay_all(grid, [one for watched in panels for one in tried[watched]])
    return {
        watched: dict(zip(panel.keys, islice(tracks, len(panel.keys)), strict=True))
        for watched, panel in panels.items()
    }


def _signs(
    timed: Mapping[Watched, DurationPanel], tried: Mapping[Watched, Sequence[Tried]], closed: Collection[date]
) -> dict[Watched, dict[Key, Track]]:
    """Moment -> series -> what its sign test finds."""
    if not timed:
        return {}
    grid, durations = _beside(list(timed.values()))
    grid = grid.with_holidays(closed, [watched.reach for watched, panel in timed.items() for _ in panel.keys])
    own = [tried[watched][0 if key == WHOLE else 1] for watched, panel in timed.items() for key in panel.keys]
    tracks = replay_all(grid, of_signs(own), durations)
    return {
        watched: dict(zip(panel.keys, islice(tracks, len(panel.keys)), strict=True)) for watched, panel in timed.items()
    }


def _beside(panels: Sequence[DurationPanel]) -> tuple[Grid, list[Durations]]:
    grid = beside([panel.grid for panel in panels])
    moved = [
        replace(one, start=one.start + (panel.grid.first - grid.first).days // grid.step)
        for panel in panels
        for one in panel.durations
    ]
    return grid, moved
