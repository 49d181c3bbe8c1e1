"""Every series of every moment over its whole past: by its readings, and by durations where it rests on some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from jkpi.alerts.both_lines import with_signs
from jkpi.alerts.duration_panel import DurationPanel, read_durations
from jkpi.alerts.durations import Durations
from jkpi.alerts.episodes import Track
from jkpi.alerts.grid import Grid, beside
from jkpi.alerts.panel import Panel, read_panel
from jkpi.alerts.replay import Tried, replay_all
from jkpi.alerts.series import WHOLE, Watched
from jkpi.alerts.shares import of_signs, shared
from jkpi.warehouse import Warehouse


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
    panels = {watched: read_panel(w, watched, due[watched]) for watched in all_watched}
    timed = {watched: read_durations(w, watched, panels[watched].keys) for watched in all_watched}
    found: dict[Watched, Replayed] = {}
    for cadence in {watched.cadence for watched in all_watched}:
        own = [watched for watched in all_watched if watched.cadence == cadence]
        tried = {
            watched: shared(watched, panels[watched], number, lines=2 if timed[watched].keys else 1)
            for number, watched in enumerate(own)
        }
        in_order = [one for watched in own for one in tried[watched]]
        tracks = replay_all(beside([panels[watched].grid for watched in own]), in_order)
        replayed = {watched: list(islice(tracks, len(panels[watched].keys))) for watched in own}
        for watched, signs in _signs({one: timed[one] for one in own if timed[one].keys}, tried).items():
            pairs = zip(panels[watched].keys, replayed[watched], strict=True)
            replayed[watched] = [with_signs(track, signs[key]) if key in signs else track for key, track in pairs]
        for watched in own:
            found[watched] = Replayed(panels[watched], tuple(tried[watched]), tuple(replayed[watched]))
    return found


def _signs(
    timed: Mapping[Watched, DurationPanel], tried: Mapping[Watched, Sequence[Tried]]
) -> dict[Watched, dict[tuple[str, str], Track]]:
    """Moment -> series -> what its sign test finds."""
    if not timed:
        return {}
    grid, durations = _beside(list(timed.values()))
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
