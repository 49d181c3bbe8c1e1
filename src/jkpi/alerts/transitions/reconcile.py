"""The difference between what was announced and what is true. Pure: rows of alerts and tracks in, transitions out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Breach, Track
from jkpi.alerts.map_health.condition import MAP_KINDS, Condition
from jkpi.alerts.transitions.closing import seems_open, why_gone
from jkpi.alerts.transitions.model import STALE_AFTER, Announced, Judged, Kind, Name, Transition

"""What was acknowledged before one of these is not acknowledged after it."""
"""Recorded, not told: the end of a blind spell needs no message of its own."""
_NEAR = timedelta(days=7)


def changes(now_true: Iterable[Judged], announced: Iterable[Announced]) -> list[Transition]:
    """What has to be told or recorded so that the tables say what is true."""
    by_series: dict[tuple[str, Kind], list[Announced]] = {}
    for alert in announced:
        by_series.setdefault((alert.series_id, alert.kind), []).append(alert)
    found: list[Transition] = []
    declared: set[tuple[str, str, str]] = set()
    judged_until: dict[str, date | None] = {}
    for one in now_true:
        series, watched = one.series, one.series.watched
        declared |= {(watched.journey, watched.moment, segment) for segment in ("all", *watched.by)}
        judged_until[series.series_id] = one.track.last_day
        found += _of_falls(one, by_series.get((series.series_id, "fall"), []))
        if series.is_whole:
            spells: dict[Kind, date | None] = {
                "early": _early_since(one), "blind": one.track.blind_since, "error": one.track.error_since,
            }  # fmt: skip
            for kind, since in spells.items():
                found += _of_spell(one, kind, since, by_series.get((series.series_id, kind), []))
    for alert in (alert for alerts in by_series.values() for alert in alerts):
        is_declared = alert.kind in MAP_KINDS or (alert.journey, alert.moment, alert.segment) in declared
        if alert.is_open and not is_declared:
            found.append(_next(alert, "superseded", alert.fired_on, None))
        elif alert.is_open and alert.kind == "fall" and alert.series_id not in judged_until:
            today = judged_until.get(f"{alert.journey}/{alert.moment}")
            if today is not None and today - (alert.last_day or alert.fired_on) > STALE_AFTER:
                found.append(replace(_next(alert, "superseded", today, None), vanished=True))
    return found


def map_changes(
    wrong_now: Iterable[Condition], announced: Iterable[Announced], today: date
) -> list[tuple[Transition, Condition | None]]:
    """The same for what is wrong with the map: each is told when it begins, and its end recorded. While nothing of a
    journey is seen, its touchpoints are no better off."""
    wrong, alerts = list(wrong_now), [alert for alert in announced if alert.kind in MAP_KINDS]
    still_open = {(alert.series_id, alert.kind): alert for alert in alerts if alert.is_open}
    known = {alert.alert_id: alert for alert in alerts}
    found: list[tuple[Transition, Condition | None]] = []
    for condition in wrong:
        if still_open.pop((condition.series_id, condition.kind), None) is not None:
            continue
        alert_id = _alert_id(condition.series_id, condition.kind, condition.since)
        begins = Transition(alert_id, 1, "opened", condition.kind, condition.since, today, None)
        if alert_id in known:
            begins = _next(known[alert_id], "reopened", today, None)
        found.append((begins, condition))
    for alert in still_open.values():
        if not any(one.kind == alert.kind and alert.series_id.startswith(f"{one.series_id}/") for one in wrong):
            found.append((_next(alert, "cleared", today, None), None))
    return found


def again(alert: Announced, one: Judged | None) -> Transition:
    """The newest transition of an alert, to be told later than it happened: with the figures of today."""
    breach = None
    if one is not None and alert.kind == "fall":
        breach = _same(one.track, alert)
    has_figures = breach is not None or alert.kind != "fall" or alert.name in ("corrected", "superseded")
    return Transition(
        alert.alert_id,
        alert.number,
        alert.name,
        alert.kind,
        alert.since,
        alert.closed_on or alert.fired_on,
        one if has_figures else None,
        breach,
        alert,
        alert.vanished,
    )


def _of_falls(one: Judged, alerts: list[Announced]) -> list[Transition]:
    current = next((alert for alert in alerts if alert.is_open), None)
    breach = one.track.breach
    is_news = breach is not None and not one.inhibited and not one.stale
    found: list[Transition] = []
    if current is not None:
        match = _same(one.track, current)
        if match is None:
            gone = why_gone(one, current)
            if gone is None and not is_news:
                return []
            # What falls now is another thing, whatever became of the days that were told.
            found.append(_next(current, gone or "cleared", one.track.last_day or current.fired_on, one))
        elif match.closed_on is None:
            return _worsened(one, match, current)
        else:
            found.append(_next(current, "resolved", match.closed_on, one, match))
    if breach is not None and is_news:
        first = _first(one, "fall", breach.since, breach.fired_on, breach)
        closed = [alert for alert in alerts if not alert.is_open]
        # What is told beside the end of another one is new; an alert's id is its first day, which may have been told.
        earlier = [a for a in closed if a.alert_id == first.alert_id] or [
            a for a in closed if current is None and breach.overlaps(a.since, a.closed_on or a.fired_on)
        ]
        if not earlier:
            found.append(first)
        elif not any(seems_open(one, a) for a in earlier):
            found.append(_next(max(earlier, key=lambda a: a.since), "reopened", breach.fired_on, one, breach))
    return found


def _same(track: Track, alert: Announced) -> Breach | None:
    """Of the breaches that are true today the one that was told: the first one in its days, a little later if there is
    none; rather one with its own first day."""
    during = [b for b in track.breaches if b.overlaps(alert.since, alert.fired_on)]
    near = during or [b for b in track.breaches if b.overlaps(alert.since, alert.fired_on + _NEAR)]
    return min(near, key=lambda b: (b.since != alert.since, b.fired_on != alert.fired_on), default=None)


def _worsened(one: Judged, breach: Breach, current: Announced) -> list[Transition]:
    """What an open alert has not told yet: a fall that begins after a broken promise was told, or that goes further;
    that all takes longer, and where only this was told, any fall. A promise that breaks by a fall is no news."""
    parts = sorted((part for part in breach.parts if part.closed_on is None), key=lambda part: part.fired_on)
    fallen = any(part.line == "baseline" for part in parts)
    only_slower = all(line == "median" for line, _ in current.told)
    told = list(current.told)
    for part in parts:
        near = [(line, since) for line, since in told if line == part.line and abs(since - part.since) < _NEAR]
        if near:
            told.remove(min(near, key=lambda known: abs(known[1] - part.since)))
        elif part.line == "median":
            if not fallen and part.since > current.fired_on:
                return [_next(current, "worsened", part.fired_on, one, breach)]
        elif only_slower or (part.line == "baseline" and part.since > current.fired_on):
            return [_next(current, "worsened", part.fired_on, one, breach)]
    return []


def _of_spell(one: Judged, kind: Kind, since: date | None, alerts: list[Announced]) -> list[Transition]:
    current = next((alert for alert in alerts if alert.is_open), None)
    if since is not None and current is None:
        again = next((alert for alert in alerts if alert.since == since), None)
        # The same spell told before and cleared by data that have gone again: it was told once, that is enough.
        return [] if again else [_first(one, kind, since, since, None)]
    if since is None and current is not None:
        return [_next(current, "cleared", one.track.last_day or current.since, one)]
    return []


def _early_since(one: Judged) -> date | None:
    """An early sign is news as long as the moment itself has not fallen; a promise long broken is no fall."""
    parts = one.track.breach.parts if one.track.breach else ()
    fallen = any(part.line != "promise" and part.closed_on is None for part in parts)
    return one.early.since if one.early is not None and not fallen and not one.inhibited else None


def _first(one: Judged, kind: Kind, since: date, happened_on: date, breach: Breach | None) -> Transition:
    alert_id = _alert_id(one.series.series_id, kind, since)
    return Transition(alert_id, 1, "opened", kind, since, happened_on, one, breach)


def _next(
    alert: Announced, name: Name, happened_on: date, one: Judged | None, breach: Breach | None = None
) -> Transition:
    since = breach.since if breach and name == "reopened" else alert.since
    return Transition(alert.alert_id, alert.number + 1, name, alert.kind, since, happened_on, one, breach, alert)


def _alert_id(series_id: str, kind: Kind, since: date) -> str:
    return hashlib.sha256(f"{series_id}|{kind}|{since}".encode()).hexdigest()[:12]
