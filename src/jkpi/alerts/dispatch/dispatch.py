"""What is said now: owed, repeated or escalated, grouped into one message per receiver, unless something holds it back.

All of it happens inside the transaction of the judgement.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.dispatch.schedule import Standing, escalations, news, one_each, repeats, thread_of, unheard
from jkpi.alerts.evidence.alert_context import Finding, Reader, find
from jkpi.alerts.map_health.condition import Condition
from jkpi.alerts.notifications.compose import IN_BRIEF, IN_FULL, Envelope, Said, compose, facts, ranked
from jkpi.alerts.notifications.headline import early_sign
from jkpi.alerts.notifications.log_entries import Due
from jkpi.alerts.notifications.silences import Held, Silence, hushed
from jkpi.alerts.series.moment_context import Backdrop, Moment
from jkpi.alerts.series.watched import CONSOLE
from jkpi.alerts.store import notification_log as book
from jkpi.alerts.store.alerts import read_announced
from jkpi.alerts.store.reading_snapshots import keep
from jkpi.alerts.transitions.model import NEWS, QUIET, STATUS_AFTER, Announced, Judged
from jkpi.alerts.transitions.reconcile import again, map_changes
from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse

_EARLY_SIGNS = (State.PATTERN, State.WATCH)
_MOST_REPLIES = 50


@dataclass(frozen=True)
class Truth:
    """What a judgement found. `findings` are new in it; `judged_before` is when the last one was."""

    judged: tuple[Judged, ...]
    wrong: tuple[Condition, ...]
    backdrops: Mapping[Moment, Backdrop]
    findings: tuple[Finding, ...]
    judged_before: datetime | None

    def receivers(self, alert: Announced, settings: Settings) -> tuple[str, ...]:
        """Who is to hear of an alert today; nobody where the map no longer has what it is about."""
        if alert.kind == "error":
            return (settings.default_receiver or CONSOLE,)
        backdrop = self.backdrops.get((alert.journey, alert.moment))
        wrong = (one.receivers for one in self.wrong if (one.series_id, one.kind) == (alert.series_id, alert.kind))
        return backdrop.receivers if backdrop else next(wrong, ())

    def zone(self, journey: str) -> str:
        """Where days are cut: by the journey, in UTC where there is none."""
        return next((one.timezone for (name, _), one in self.backdrops.items() if name == journey), "UTC")


def map_findings(wrong: Sequence[Condition], announced: Sequence[Announced], now: datetime) -> list[Finding]:
    """What has begun or ended to be wrong with the map."""
    found = []
    for transition, condition in map_changes(wrong, announced, now.date()):
        if condition is not None:
            about = condition.title, condition.owner, condition.receivers
        else:
            alert = transition.announced
            about = (alert.title, alert.owner, alert.receivers) if alert else ("", "", ())
        found.append(Finding(transition, *about, condition=condition))
    return found


def say(connection: Connection, w: Warehouse, truth: Truth, settings: Settings) -> int:
    """Write the messages that are due now; how many."""
    for finding in truth.findings:
        keep(connection, finding.transition.alert_id, finding.transition.number, finding.days)
    told_before = [finding.transition.alert_id for finding in truth.findings if finding.transition.number > 1]
    heard = book.heard_by(connection, told_before)
    book.owe(connection, _to_hear(truth, heard, settings), settings.now)
    standings = _standings(connection, truth, settings)
    book.owe(connection, unheard(standings.values(), book.read_owed(connection)), settings.now)
    plan = news(book.read_owed(connection), standings)
    book.drop(connection, plan.dropped)
    reminders = [
        *repeats(standings.values(), settings.now, settings.telling.how.repeat_every),
        *escalations(standings.values(), settings.now),
    ]
    reachable = [due for due in reminders if _is_reachable(due.receiver, settings)]
    silences = book.read_silences(connection, settings.now)
    by_receiver: dict[str, list[Due]] = {}
    for due in one_each([*plan.due, *reachable]):
        alert = standings[due.alert_id].alert
        held = _held(alert.series_id, alert.alert_id, alert.journey, truth, settings, silences)
        if held is not None:
            book.hold(connection, due.owed, held)
        else:
            by_receiver.setdefault(due.receiver, []).append(due)
    digests = _digests(truth, settings, silences, book.read_held_digests(connection))
    findings = _findings(w, by_receiver, standings, truth, settings)
    written, waiting = 0, set[str]()
    for receiver in sorted({*by_receiver, *digests}):
        all_due = by_receiver.get(receiver, [])
        if book.count_lately(connection, receiver, settings.now) >= settings.telling.how.messages_a_day:
            book.hold(connection, [owed for due in all_due for owed in due.owed], "capped")
            waiting |= {receiver} & digests.keys()
            continue
        _write(connection, receiver, all_due, digests.get(receiver, ()), findings, standings, settings)
        written += 1
    book.hold_digests(connection, waiting)
    return written


def _to_hear(truth: Truth, heard: Mapping[str, set[str]], settings: Settings) -> list[tuple[str, int, str]]:
    """Whoever is named today, or was told as it was escalated, hears how an alert goes on; its end also those who heard
    of it and are named no more. People hear no quiet ends; programs do, for they keep a state of their own."""
    found = []
    for finding in truth.findings:
        transition, names = finding.transition, {*finding.receivers}
        if transition.announced is not None:
            before = heard.get(transition.alert_id, set())
            backdrop = truth.backdrops.get((transition.announced.journey, transition.announced.moment))
            still = set(backdrop.escalate_to) if backdrop else set()
            if STATUS_AFTER[transition.name] != "open":
                still = {name for name in before if _is_reachable(name, settings)}
            names = {*truth.receivers(transition.announced, settings), *(before & still)}
        found += [
            (transition.alert_id, transition.number, receiver)
            for receiver in sorted(names)
            if transition.name not in QUIET
            or (receiver in settings.receivers and settings.receivers[receiver].is_machine)
        ]
    return found


def _is_reachable(receiver: str, settings: Settings) -> bool:
    return receiver in settings.receivers or receiver == CONSOLE


def _standings(connection: Connection, truth: Truth, settings: Settings) -> dict[str, Standing]:
    told, acknowledged = book.read_told(connection), book.read_acknowledged(connection)
    recovering = {one.series.series_id for one in truth.judged if one.track.state is State.RECOVERING}
    found = {}
    for alert in read_announced(connection):
        backdrop = truth.backdrops.get((alert.journey, alert.moment))
        found[alert.alert_id] = Standing(
            alert,
            tuple(told.get(alert.alert_id, ())),
            acknowledged.get(alert.alert_id, 0) >= alert.news,
            backdrop.escalate_after if backdrop else None,
            backdrop.escalate_to if backdrop else (),
            truth.receivers(alert, settings) if alert.is_open else (),
            alert.series_id in recovering,
        )
    return found


def _held(
    series_id: str, alert_id: str | None, journey: str, truth: Truth, settings: Settings, silences: Sequence[Silence]
) -> Held | None:
    return hushed(series_id, alert_id, settings.now, truth.zone(journey), silences, settings.telling.mutes)


def _findings(
    w: Warehouse,
    by_receiver: Mapping[str, Sequence[Due]],
    standings: Mapping[str, Standing],
    truth: Truth,
    settings: Settings,
) -> dict[str, Finding]:
    """Alert -> what is told of it: as found in this run, or its newest transition with the figures of today."""
    found = {finding.transition.alert_id: finding for finding in truth.findings}
    judged = {one.series.series_id: one for one in truth.judged}
    wrong = {(one.series_id, one.kind): one for one in truth.wrong}
    wanted = {due.alert_id for group in by_receiver.values() for due in group} - set(found)
    older = [again(standings[name].alert, judged.get(standings[name].alert.series_id)) for name in sorted(wanted)]
    reader = Reader(w, older)
    for transition in older:
        alert = standings[transition.alert_id].alert
        backdrop = truth.backdrops.get((alert.journey, alert.moment))
        finding = find(w, transition, backdrop, reader, settings.telling.how.comments)
        condition = wrong.get((alert.series_id, alert.kind)) if alert.is_open else None  # type: ignore[arg-type]
        found[transition.alert_id] = dataclasses.replace(finding, condition=condition)
    return found


def _write(
    connection: Connection,
    receiver: str,
    all_due: Sequence[Due],
    digest: Sequence[str],
    findings: Mapping[str, Finding],
    standings: Mapping[str, Standing],
    settings: Settings,
) -> None:
    """One message to one receiver. Its id follows from what it tells, so the same can never be written twice."""
    due_of = {due.alert_id: due for due in all_due}
    said = ranked(
        [
            Said(_as_heard(findings[due.alert_id], thread), due.purpose, thread)
            for due in all_due
            for thread in [thread_of(standings[due.alert_id], receiver)]
        ]
    )  # fmt: skip
    keys = sorted(one.key for one in said)
    if digest or any(one.purpose != "news" for one in said):
        keys.append(settings.now.isoformat())
    message_id = hashlib.sha256("|".join([receiver, *keys]).encode()).hexdigest()[:16]
    threads = {
        one.finding.transition.alert_id: one.thread
        or (one.finding.transition.alert_id if position < IN_FULL else message_id)
        for position, one in enumerate(said)
    }
    envelope = Envelope(
        message_id,
        settings.name,
        settings.now,
        settings.synthetic,
        _replies_to(receiver, due_of, standings),
        _over(receiver, threads, standings),
        settings.telling.how.repeat_every,
    )
    letter = compose(said, envelope, digest)
    ids = sorted(one.finding.transition.transition_id for one in said)
    book.post(connection, receiver, letter, ids, settings.now)
    for alert_id, due in due_of.items():
        number, figures = standings[alert_id].alert.number, facts(findings[alert_id])
        book.settle(connection, due, number, letter, threads[alert_id], settings.now, figures)


def _as_heard(finding: Finding, thread: str | None) -> Finding:
    """ "Again" and "further" mean nothing to those who hear of it for the first time."""
    if thread is not None or finding.transition.name not in NEWS:
        return finding
    return dataclasses.replace(finding, transition=dataclasses.replace(finding.transition, name="opened"))


def _replies_to(receiver: str, due: Mapping[str, Due], standings: Mapping[str, Standing]) -> tuple[str, ...]:
    """The messages by which this receiver heard of these alerts first."""
    first: dict[str, str] = {}
    for alert_id in due:
        for one in standings[alert_id].told:
            if one.receiver == receiver:
                first.setdefault(alert_id, one.notification_id)
    return tuple(dict.fromkeys(first.values()))[:_MOST_REPLIES]


def _over(receiver: str, threads: Mapping[str, str], standings: Mapping[str, Standing]) -> tuple[str, ...]:
    """The threads of this message in which no alert is open any more."""
    still_open = {
        one.thread
        for standing in standings.values()
        if standing.alert.is_open
        for one in standing.told
        if one.receiver == receiver
    }
    closed = {thread for alert_id, thread in threads.items() if not standings[alert_id].alert.is_open}
    fresh = {thread for alert_id, thread in threads.items() if standings[alert_id].alert.is_open}
    return tuple(sorted(closed - still_open - fresh))


def _digests(truth: Truth, settings: Settings, silences: Sequence[Silence], waiting: Set[str]) -> dict[str, list[str]]:
    """Receiver -> coincidences and patterns, where a new week or day has begun since the last judgement, or where the
    receiver is still `waiting` for the digest of the one that has."""
    how, last = settings.telling.how.digest, truth.judged_before
    if how == "never" or last is None:
        return {}
    periods = [moment.isocalendar()[:2] if how == "weekly" else moment.date() for moment in (last, settings.now)]
    is_new = periods[0] != periods[1]
    maps: dict[str, set[str]] = {}
    for one in truth.judged:
        maps.setdefault(one.series.watched.title, set()).add(one.series.watched.journey)
    found: dict[str, list[str]] = {}
    for state in _EARLY_SIGNS:
        for one in truth.judged:
            series, track = one.series, one.track
            if track.state is not state or track.breach is not None or one.inhibited or one.stale:
                continue
            if _held(series.series_id, None, series.watched.journey, truth, settings, silences) is None:
                for receiver in series.watched.receivers if is_new else waiting & {*series.watched.receivers}:
                    if receiver not in settings.receivers or not settings.receivers[receiver].is_machine:
                        line = early_sign(series, track, len(maps[series.watched.title]) > 1)
                        found.setdefault(receiver, []).append(line)
    return {receiver: _bounded(lines) for receiver, lines in found.items()}


def _bounded(lines: list[str]) -> list[str]:
    return lines if len(lines) <= IN_BRIEF else [*lines[:IN_BRIEF], f"and {len(lines) - IN_BRIEF} more"]
