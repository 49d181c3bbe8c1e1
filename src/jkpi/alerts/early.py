"""Moments of truth before their outcome is known: today's cohort at a fixed age against past cohorts at the same age.

A day's drop-off is final when its window is over; how many have moved on by the next morning is known the next morning.
Such a series has no promise, only its own past; the moment itself, once it is in breach, speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jkpi.alerts.series import AT_AGE, Watched
from jkpi.warehouse import Warehouse

SHARE = 0.25
"""Of a moment's false-alarm budget, what all of its ages may add."""
_THROUGH = "through_"
_WORDS = {"h": "hour", "d": "day"}


def early_watched(w: Warehouse, all_watched: Sequence[Watched]) -> list[Watched]:
    """One more watched series for each daily moment and age of which there are readings, the younger ages first."""
    if not w.table_exists("marts", "fct_early_readings"):
        return []
    rows = w.rows(
        "select distinct journey, kpi, statistic, age_seconds from marts.fct_early_readings"
        " where segment = 'all' order by journey, kpi, age_seconds"
    )
    ages: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in rows:
        ages.setdefault((row["journey"], row["kpi"]), []).append((row["statistic"], row["age_seconds"]))
    return [
        _at(watched, statistic, age, SHARE / len(found))
        for watched in all_watched
        if watched.period == "day" and (found := ages.get((watched.journey, watched.kpi)))
        for statistic, age in found
    ]


def _at(watched: Watched, statistic: str, age: int, share: float) -> Watched:
    name = statistic.removeprefix(_THROUGH)
    number, word = int(name[:-1]), _WORDS[name[-1]]
    spoken = f"{number} {word}{'s' if number > 1 else ''}"
    return replace(
        watched,
        moment=f"{watched.moment}{AT_AGE}{name}",
        title=f"{watched.title} (early, after {spoken})",
        kpi_title=f"{watched.kpi_title}: over or gone on after {spoken}",
        statistic=statistic,
        unit="share",
        direction="higher",
        by=(),
        false_alarm_every=watched.false_alarm_every / share,
        age=age,
    )
