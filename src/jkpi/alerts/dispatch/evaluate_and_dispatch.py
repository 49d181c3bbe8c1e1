"""Judge every watched series, and write what has to be said of it into the outbox.

Reading what was announced, the difference to what is true, the alerts, their transitions and the messages are one
transaction that no other overlaps: running twice, or twice at once, says nothing twice; a kill leaves all or nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.dispatch.dispatch import Truth, map_findings, say
from jkpi.alerts.dispatch.record import write_transition
from jkpi.alerts.evidence.alert_context import Finding, Reader, find
from jkpi.alerts.map_health.condition import MAP_KINDS
from jkpi.alerts.map_health.map_conditions import conditions
from jkpi.alerts.notifications.headline import headline
from jkpi.alerts.notifications.silences import hushed
from jkpi.alerts.series.early_warnings import early_signs, undecided
from jkpi.alerts.series.evaluate import replay_moments
from jkpi.alerts.series.moment_context import Backdrop, Moment, backdrops
from jkpi.alerts.series.watched import CONSOLE, Series, Watched, due_day, has_provisional, watched_now
from jkpi.alerts.store.alerts import last_judged_at, read_announced, read_states, store_states
from jkpi.alerts.store.notification_log import read_silences
from jkpi.alerts.transitions.inhibition import hush_children
from jkpi.alerts.transitions.model import Judged, Kind, Name, Transition, judged
from jkpi.alerts.transitions.reconcile import changes
from jkpi.config.settings import Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.model import Journey
from jkpi.state.engine import MomentState, migrate, state_engine, writing
from jkpi.warehouse.base import Warehouse

LOOKING_BACK = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """One transition of an alert, in short."""

    alert_id: str
    transition: Name
    kind: Kind
    series_id: str
    headline: str
    owner: str


@dataclass(frozen=True)
class AlertReport:
    """What a judgement changed. `series` were judged, `messages` written to the outbox."""

    told: tuple[Told, ...]
    states: tuple[MomentState, ...]
    series: int
    messages: int

    def _of(self, *names: Name, kind: Kind = "fall") -> tuple[Told, ...]:
        return tuple(told for told in self.told if told.transition in names and told.kind == kind)

    @property
    def opened(self) -> tuple[Told, ...]:
        """Newly opened, opened again, or worse."""
        return self._of("opened", "reopened", "worsened")

    @property
    def resolved(self) -> tuple[Told, ...]:
        return self._of("resolved")

    @property
    def corrected(self) -> tuple[Told, ...]:
        return self._of("corrected", "superseded")

    @property
    def blind(self) -> tuple[Told, ...]:
        return self._of("opened", kind="blind") + self._of("opened", kind="error")

    @property
    def early(self) -> tuple[Told, ...]:
        """Signs of a fall among cohorts that are not decided yet."""
        return self._of("opened", kind="early")

    @property
    def map(self) -> tuple[Told, ...]:
        """What is newly wrong with the map, or with what feeds it."""
        return tuple(told for told in self.told if told.transition == "opened" and told.kind in MAP_KINDS)


def judge_and_announce(settings: Settings, w: Warehouse, journeys: Sequence[Journey]) -> AlertReport:
    """Replay every series of every moment of truth, and announce the difference to what was announced before.

    Raises:
        SystemFailure: nothing was measured, or the state database is locked or away.
        InputError: `now` lies before the last judgement.
    """
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        known = backdrops(journeys, settings)
        true_now = judge_moments(w, [_with_receivers(watched, known) for watched in watched_now(journeys, settings)],
                                 settings)  # fmt: skip
        wrong_now = conditions(w, journeys, settings)
        with writing(engine) as connection:
            latest = _refuse_to_look_back(connection, settings)
            announced = read_announced(connection)
            told = {alert.series_id: alert.alert_id for alert in announced if alert.kind == "fall" and alert.is_open}
            true_now = hush_children(true_now, _held(connection, true_now, told, known, settings), told)
            findings = _findings(w, changes(true_now, announced), known, settings)
            findings += map_findings(wrong_now, announced, settings.now)
            for finding in findings:
                write_transition(connection, finding, settings.now)
            truth = Truth(tuple(true_now), tuple(wrong_now), known, tuple(findings), latest)
            messages = say(connection, w, truth, settings)
            store_states(connection, true_now, settings.now)
            states = read_states(connection)
    finally:
        engine.dispose()
    return AlertReport(tuple(_told(finding) for finding in findings), tuple(states), len(true_now), messages)


def _with_receivers(watched: Watched, known: Mapping[Moment, Backdrop]) -> Watched:
    return dataclasses.replace(watched, receivers=known[watched.journey, watched.moment].receivers)


def judge_moments(w: Warehouse, all_watched: Sequence[Watched], settings: Settings) -> list[Judged]:
    """The series of all moments, those of one cadence in one fold. A moment's series come in order, the whole first.

    Raises:
        SystemFailure: nothing has been measured.
    """
    if not w.table_exists("marts", "fct_kpi_readings"):
        raise SystemFailure("there are no readings to judge", hint="measure first: jkpi measure")
    due = {watched: due_day(w, watched, settings.now) for watched in all_watched}
    replayed = replay_moments(w, all_watched, due)
    early = early_signs(w, all_watched, settings.now)
    told: list[Judged] = []
    for watched in all_watched:
        panel, (whole, *parts) = replayed[watched].panel, replayed[watched].tracks
        rules = [one.rule for one in replayed[watched].tried]
        if panel.first_day(0) is None and has_provisional(w, watched):
            whole = dataclasses.replace(whole, state=State.LEARNING)
        for row, (key, track) in enumerate(zip(panel.keys, (whole, *parts), strict=True)):
            one = judged(Series(watched, *key), track, panel, row, rules[row], due[watched])
            sign = undecided(early.get(watched), watched, panel) if row == 0 else None
            told.append(dataclasses.replace(one, early=sign))
    return told


def _refuse_to_look_back(connection: Connection, settings: Settings) -> datetime | None:
    """What was told as of a later time cannot be judged by an earlier one: it would all seem never to have been.

    When it was judged last.
    """
    latest = last_judged_at(connection)
    if latest is not None and settings.now < latest - LOOKING_BACK:
        raise InputError(
            f"alerts were judged as of {latest:%Y-%m-%d %H:%M} UTC already; this is {settings.now:%Y-%m-%d %H:%M}",
            hint="to see what would have been told then, use a workspace with another `state`",
        )
    return latest


def _held(
    connection: Connection,
    all_judged: Iterable[Judged],
    told: Mapping[str, str],
    known: Mapping[Moment, Backdrop],
    settings: Settings,
) -> set[str]:
    """Ids of the series of which nothing may be said now: they speak for nobody. `told`: series -> its open alert."""
    silences, mutes = read_silences(connection, settings.now), settings.telling.mutes
    found = set()
    for one in all_judged if silences or mutes else ():
        series_id, watched = one.series.series_id, one.series.watched
        zone = known[watched.journey, watched.moment].timezone
        if hushed(series_id, told.get(series_id), settings.now, zone, silences, mutes) is not None:
            found.add(series_id)
    return found


def _findings(
    w: Warehouse, transitions: Sequence[Transition], known: Mapping[Moment, Backdrop], settings: Settings
) -> list[Finding]:
    reader = Reader(w, transitions)
    found = []
    for transition in transitions:
        series = transition.judged.series if transition.judged else None
        backdrop = known.get((series.watched.journey, series.watched.moment)) if series else None
        finding = find(w, transition, backdrop, reader, settings.telling.how.comments)
        if transition.kind == "error":
            finding = dataclasses.replace(finding, receivers=(settings.default_receiver or CONSOLE,))
        found.append(finding)
    return found


def _told(finding: Finding) -> Told:
    transition = finding.transition
    return Told(
        transition.alert_id, transition.name, transition.kind, finding.series_id, headline(finding), finding.owner
    )
