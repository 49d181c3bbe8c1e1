"""Judge every watched series, and write what has to be said of it into the outbox.

Reading what was announced, the difference to what is true, the alerts, their transitions and the messages are one
transaction that no other overlaps: running twice, or twice at once, says nothing twice; a kill leaves all or nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from jkpi.alerts.book import last_judged_at, read_announced, read_states, store_states, write_message, write_transition
from jkpi.alerts.changes import QUIET, Judged, Kind, Name, Transition, changes, judged
from jkpi.alerts.episodes import Track
from jkpi.alerts.lifecycle import State
from jkpi.alerts.messages import Finding, compose, headline, main_part
from jkpi.alerts.replay import replay
from jkpi.alerts.series import (
    CONSOLE,
    WHOLE,
    Carrier,
    Series,
    Watched,
    carriers,
    due_day,
    has_provisional,
    read_series,
    reproducing_sql,
    watched_moments,
)
from jkpi.errors import InputError
from jkpi.journeys import Journey
from jkpi.settings import Settings
from jkpi.state import MomentState, migrate, state_engine, writing
from jkpi.warehouse import Warehouse

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


def judge_and_announce(settings: Settings, w: Warehouse, journeys: Sequence[Journey]) -> AlertReport:
    """Replay every series of every moment of truth, and announce the difference to what was announced before.

    Raises:
        SystemFailure: nothing was measured, or the state database is locked or away.
        InputError: `now` lies before the last judgement.
    """
    engine = state_engine(settings.state_url)
    try:
        migrate(engine)
        true_now = [one for watched in watched_moments(journeys, settings.default_receiver)
                    for one in judge_moment(w, watched, settings)]  # fmt: skip
        with writing(engine) as connection:
            _refuse_to_look_back(connection, settings)
            transitions = changes(true_now, read_announced(connection))
            findings = [_finding(w, transition, settings) for transition in transitions]
            for finding in findings:
                write_transition(connection, finding, settings.now)
            messages = _write_messages(connection, findings, settings)
            store_states(connection, true_now, settings.now)
            states = read_states(connection)
    finally:
        engine.dispose()
    told = tuple(
        Told(t.alert_id, t.name, t.kind, _series_id(t), headline(finding), finding.owner)
        for finding, t in ((finding, finding.transition) for finding in findings)
    )
    return AlertReport(told, tuple(states), len(true_now), messages)


def judge_moment(w: Warehouse, watched: Watched, settings: Settings) -> list[Judged]:
    """The series of a moment, the whole first; its segments share one false-alarm budget, and hush while it fires."""
    readings = read_series(w, watched)
    until = due_day(w, watched, settings.now)
    segments = sorted(key for key in readings if key != WHOLE)
    whole = replay(readings[WHOLE], watched.rule(), until)
    if not readings[WHOLE] and has_provisional(w, watched):
        whole = dataclasses.replace(whole, state=State.LEARNING)
    found = [judged(Series(watched), whole, readings[WHOLE], until=until)]
    for key in segments:
        track = replay(readings[key], watched.rule(family=len(segments)))
        inhibited = whole.breach is not None or _told_with_the_whole(track, whole)
        found.append(judged(Series(watched, *key), track, readings[key], inhibited, until))
    return found


def _refuse_to_look_back(connection: Connection, settings: Settings) -> None:
    """What was told as of a later time cannot be judged by an earlier one: it would all seem never to have been."""
    latest = last_judged_at(connection)
    if latest is not None and settings.now < latest - LOOKING_BACK:
        raise InputError(
            f"alerts were judged as of {latest:%Y-%m-%d %H:%M} UTC already; this is {settings.now:%Y-%m-%d %H:%M}",
            hint="to see what would have been told then, use a workspace with another `state`",
        )


def _told_with_the_whole(track: Track, whole: Track) -> bool:
    """A segment that only needs more clear days than the whole did fell with it, and is no news of its own."""
    breach = track.breach
    if breach is None or track.state is not State.RECOVERING:
        return False
    return any(one.overlaps(breach.since, breach.fired_on) for one in whole.breaches)


def _finding(w: Warehouse, transition: Transition, settings: Settings) -> Finding:
    announced, one = transition.announced, transition.judged
    told_before = announced.receivers if announced else ()
    if one is None:
        title = announced.title if announced else transition.alert_id
        return Finding(transition, title, announced.owner if announced else "", told_before)
    series = one.series
    now_told = series.watched.receivers
    if transition.kind == "error":
        now_told = (settings.default_receiver or CONSOLE,)
    carried: tuple[Carrier, ...] = ()
    first, last = transition.since, one.track.last_day or transition.happened_on
    if transition.breach is not None:
        fell = main_part(transition.breach, transition.name).fell
        first, last = fell.first, fell.last
        if series.is_whole and transition.name != "resolved":
            carried = tuple(carriers(w, series.watched, first, last, fell.expected - fell.good, fell.n))
    held = sum(first <= day <= last for day in one.held_days) if transition.kind == "fall" else 0
    return Finding(
        transition,
        series.watched.title,
        series.watched.owner,
        tuple(dict.fromkeys((*now_told, *told_before))),
        carried,
        reproducing_sql(series, first - timedelta(days=7), last),
        held,
    )


def _write_messages(connection: Connection, findings: Iterable[Finding], settings: Settings) -> int:
    """At most one message per receiver. Its id follows from what it tells, so the same can never be written twice."""
    by_receiver: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.transition.name not in QUIET:
            for receiver in finding.receivers:
                by_receiver.setdefault(receiver, []).append(finding)
    for receiver, group in by_receiver.items():
        ids = sorted(finding.transition.transition_id for finding in group)
        message_id = hashlib.sha256("|".join([receiver, *ids]).encode()).hexdigest()[:16]
        message = compose(group, settings.name, settings.now, settings.synthetic, message_id)
        write_message(connection, message_id, receiver, message, ids, settings.now)
    return len(by_receiver)


def _series_id(transition: Transition) -> str:
    if transition.judged is not None:
        return transition.judged.series.series_id
    return transition.announced.series_id if transition.announced else ""
