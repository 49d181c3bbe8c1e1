"""Who is still to be told what. Pure: what is owed, what was told, and the time in; what to say now out.

A transition is owed to each of its receivers until it is told or dropped. What was held back is told afterwards only if
it still is news: an alert that opened and closed meanwhile is never told, and neither is its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jkpi.alerts.notifications.log_entries import Due, Owed, Told
from jkpi.alerts.notifications.model import Purpose
from jkpi.alerts.transitions.model import Announced


@dataclass(frozen=True)
class Plan:
    """What to tell, and which owed rows are news no more."""

    due: tuple[Due, ...]
    dropped: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """An alert, what was told of it, and whether somebody took it on since it was last news. `receivers`: who is to
    hear of it by what the map and `jkpi.yml` say today; `seems_over`: its newest days are clear, and not yet enough."""

    alert: Announced
    told: tuple[Told, ...] = ()
    acknowledged: bool = False
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    seems_over: bool = False
    heard: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heard", frozenset(one.receiver for one in self.told))

    @property
    def lately(self) -> tuple[Told, ...]:
        """What was told since it was last news."""
        return tuple(one for one in self.told if one.number >= self.alert.news)


def unheard(standings: Iterable[Standing], owed: Iterable[Owed]) -> list[tuple[str, int, str]]:
    """(alert, number, receiver): the newest of open alerts, for those who were named only after it was told."""
    waiting = {(one.alert_id, one.receiver) for one in owed}
    return [
        (standing.alert.alert_id, standing.alert.number, name)
        for standing in standings
        if standing.alert.is_open
        for name in standing.receivers
        if name not in standing.heard and (standing.alert.alert_id, name) not in waiting
    ]


def news(owed: Iterable[Owed], standings: dict[str, Standing]) -> Plan:
    """Of all that is owed of one alert to one receiver, the newest says it all."""
    groups: dict[tuple[str, str], list[Owed]] = {}
    for one in owed:
        groups.setdefault((one.alert_id, one.receiver), []).append(one)
    due: list[Due] = []
    dropped: list[int] = []
    for (alert_id, receiver), group in groups.items():
        standing = standings[alert_id]
        rows = tuple(one.telling_id for one in group)
        if not standing.alert.is_open and receiver not in standing.heard:
            dropped += rows
        else:
            due.append(Due(alert_id, receiver, "news", rows))
    return Plan(tuple(due), tuple(dropped))


def repeats(standings: Iterable[Standing], now: datetime, every: timedelta | None) -> list[Due]:
    """Open falls that nobody took on, to those who last heard of them so long ago and still are to hear of them. What
    seems to be over is not repeated as if it were not."""
    if every is None:
        return []
    found = []
    for standing in standings:
        waiting = standing.alert.is_open and standing.alert.kind == "fall" and not standing.acknowledged
        if waiting and not standing.seems_over:
            last: dict[str, datetime] = {}
            for one in standing.lately:
                last[one.receiver] = max(one.told_at, last.get(one.receiver, one.told_at))
            named = {*standing.receivers, *standing.escalate_to}
            found += [
                Due(standing.alert.alert_id, name, "repeat")
                for name, at in last.items()
                if name in named and now - at >= every
            ]
    return found


def escalations(standings: Iterable[Standing], now: datetime) -> list[Due]:
    """Open falls that nobody took on in the time their map gives, to those whom it names then; once."""
    found = []
    for standing in standings:
        first = min((one.told_at for one in standing.lately if one.purpose == "news"), default=None)
        escalated = {one.receiver for one in standing.lately if one.purpose == "escalation"}
        waiting = standing.alert.is_open and standing.alert.kind == "fall" and not standing.acknowledged
        if waiting and first is not None and standing.escalate_after and now - first >= standing.escalate_after:
            names = (name for name in standing.escalate_to if name not in escalated)
            found += [Due(standing.alert.alert_id, name, "escalation") for name in names]
    return found


def one_each(due: Sequence[Due]) -> list[Due]:
    """At most one of each alert to each receiver: news before escalation before repeat."""
    order: tuple[Purpose, ...] = ("news", "escalation", "repeat")
    chosen: dict[tuple[str, str], Due] = {}
    for one in sorted(due, key=lambda one: order.index(one.purpose)):
        chosen.setdefault((one.alert_id, one.receiver), one)
    return list(chosen.values())


def thread_of(standing: Standing, receiver: str) -> str | None:
    """The thread in which a receiver heard of an alert first."""
    heard = [one for one in standing.told if one.receiver == receiver]
    return min(heard, key=lambda one: (one.told_at, one.number)).thread if heard else None
