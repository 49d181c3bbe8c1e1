"""One message of everything that one receiver has to hear of in one run. Pure: findings in, a letter out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jkpi.alerts.evidence.alert_context import Finding, main_part
from jkpi.alerts.notifications.body import next_step, rows
from jkpi.alerts.notifications.headline import headline
from jkpi.alerts.notifications.model import MARK, Chart, Entry, Letter, Point, Purpose
from jkpi.alerts.transitions.model import NEWS, Name
from jkpi.formatting.numbers import periods, plain

IN_FULL = 12
IN_BRIEF = 100
_CHARTED = 42
_SIGN = "early sign"
_OVER: frozenset[Name] = frozenset({"resolved", "corrected", "superseded", "cleared"})


@dataclass(frozen=True)
class Said:
    """A finding as one receiver hears it. `thread`: what joins all messages about it, None where this is the first."""

    finding: Finding
    purpose: Purpose = "news"
    thread: str | None = None

    @property
    def headline(self) -> str:
        prefix = {"repeat": "Still: ", "escalation": "Nobody has acknowledged: "}.get(self.purpose, "")
        return prefix + headline(self.finding)

    @property
    def key(self) -> str:
        return f"{self.finding.transition.transition_id}.{self.purpose}"


@dataclass(frozen=True)
class Envelope:
    """What a message says about itself. `repeat_every`: how often it is told again while nobody takes it on."""

    message_id: str
    workspace: str
    as_of: datetime
    synthetic: bool = False
    replies_to: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    repeat_every: timedelta | None = None


def ranked(said: Sequence[Said]) -> list[Said]:
    """What matters most first."""
    return sorted(said, key=_urgency)


def compose(said: Sequence[Said], envelope: Envelope, digest: Sequence[str] = ()) -> Letter:
    """The most urgent in full, as many again in a line each, the rest counted; then early signs."""
    ordered = ranked(said)
    full, brief = ordered[:IN_FULL], ordered[IN_FULL : IN_FULL + IN_BRIEF]
    if len(ordered) == 1:
        title = ordered[0].headline
    else:
        title = _summary(ordered) if ordered else f"Moments of truth: {periods(len(digest), _SIGN)}"
    return Letter(
        message_id=envelope.message_id,
        workspace=envelope.workspace,
        as_of=f"{envelope.as_of:%Y-%m-%d %H:%M}",
        synthetic=envelope.synthetic,
        title=(f"{MARK} " if envelope.synthetic else "") + title,
        mood=_mood(ordered),
        entries=tuple(entry(one, envelope.repeat_every) for one in full),
        brief=tuple((one.finding.transition.alert_id, one.headline) for one in brief),
        more=max(0, len(ordered) - IN_FULL - IN_BRIEF),
        fresh=sum(one.thread is None and one.finding.transition.name not in _OVER for one in ordered[IN_FULL:]),
        digest=tuple(digest),
        replies_to=envelope.replies_to,
        over=envelope.over,
    )


def entry(said: Said, repeat_every: timedelta | None) -> Entry:
    """One alert as it is told in full."""
    finding, transition = said.finding, said.finding.transition
    told = list(rows(finding))
    following = next_step(transition.name, transition.kind, repeat_every)
    if following:
        told.insert(len(told) - 2, ("Next", following))
    queries = [("The number", finding.number_sql), ("The readings behind it", finding.sql)]
    if finding.condition is not None:
        queries = [("What shows it", finding.condition.sql)]
    return Entry(
        alert_id=transition.alert_id,
        number=transition.number,
        purpose=said.purpose,
        transition=transition.name,
        kind=transition.kind,
        series_id=finding.series_id,
        headline=said.headline,
        owner=finding.owner,
        mood=_mood([said]),
        thread=said.thread or transition.alert_id,
        over=transition.name in _OVER,
        rows=tuple(told),
        queries=tuple(query for query in queries if query[1]),
        comments=tuple(plain(comment, 300) for comment in finding.comments),
        chart=_chart(finding),
        facts=facts(finding),
    )


def facts(finding: Finding) -> Mapping[str, Any]:
    """The figures of a finding for programs, in the KPI's own unit and direction; days as ISO dates."""
    transition, series = finding.transition, finding.series
    found: dict[str, Any] = {"since": transition.since.isoformat(), "happened_on": transition.happened_on.isoformat()}
    if series is None or transition.breach is None:
        return found
    watched, part = series.watched, main_part(transition.breach, transition.name)
    pool = part.clear if transition.name == "resolved" and part.clear else part.fell
    low, high = sorted(watched.value(edge) for edge in pool.interval)
    return {
        **found,
        "journey": watched.journey, "moment": watched.moment, "kpi": watched.kpi, "statistic": watched.statistic,
        "period": watched.period, "unit": watched.unit, "segment": series.segment,
        "segment_value": plain(series.segment_value),
        "line": part.line, "within_seconds": part.within,
        "fired_on": part.fired_on.isoformat(), "first_day": pool.first.isoformat(),
        "last_day": watched.end(pool.last).isoformat(), "value": watched.value(pool.rate),
        "ci_low": low, "ci_high": high, "n": pool.n, "expected": watched.value(pool.reference),
        "promise": watched.promise, "chance": pool.tail, "held_days": finding.held,
        "carried_by": [
            {"segment": one.segment, "segment_value": plain(one.segment_value), "value": watched.value(one.rate),
             "usual": watched.value(one.usual), "n": one.n, "share": one.share}
            for one in finding.carriers
        ],
        "mix_or_rate": [{"segment": one.segment, "rate": one.rate, "mix": one.mix} for one in finding.effects],
    }  # fmt: skip


def _chart(finding: Finding) -> Chart | None:
    series, breach = finding.series, finding.transition.breach
    if series is None or breach is None or finding.span is None or not finding.days:
        return None
    part = main_part(breach, finding.transition.name)
    first, last = finding.span
    points = tuple(
        Point(
            one.period_start.isoformat(), one.value, one.ci_low, one.ci_high, one.denominator or 0.0,
            first <= one.period_start <= last and one.status == "final",
        )
        for one in finding.days[-_CHARTED:]
        if one.status != "withheld"
    )  # fmt: skip
    usual = series.watched.value(part.fell.reference) if part.line != "promise" else None
    promise = series.watched.promise if part.line != "median" else None
    return Chart(points, usual, promise, series.watched.unit)


def _urgency(said: Said) -> tuple[int, int, bool, str]:
    finding, transition = said.finding, said.finding.transition
    order: tuple[Name, ...] = ("opened", "reopened", "worsened", "corrected", "resolved", "superseded", "cleared")
    rank = order.index(transition.name) if transition.kind == "fall" else len(order)
    purposes: tuple[Purpose, ...] = ("news", "escalation", "repeat")
    is_part = finding.series is not None and not finding.series.is_whole
    return purposes.index(said.purpose), rank, is_part, transition.alert_id


def _summary(all_said: Sequence[Said]) -> str:
    words = {"opened": "fell off", "reopened": "fell off again", "worsened": "got worse", "resolved": "recovered",
             "corrected": "corrected", "superseded": "closed", "cleared": "mended"}  # fmt: skip
    kinds = {"early": _SIGN, "blind": "blind", "error": "cannot be judged", "no_evidence": "not seen",
             "unmapped": "on no map", "silent": "silent", "missing": "with rows missing"}  # fmt: skip
    purposes = {"repeat": "still open", "escalation": "not acknowledged"}
    counts: dict[str, int] = {}
    for said in all_said:
        transition = said.finding.transition
        word = words.get(transition.name, "changed")
        if transition.name != "cleared":
            word = kinds.get(transition.kind, word)
        word = purposes.get(said.purpose, word)
        counts[word] = counts.get(word, 0) + 1
    about = "The map" if all(said.finding.condition for said in all_said) else "Moments of truth"
    return f"{about}: " + ", ".join(
        periods(number, word) if word == _SIGN else f"{number} {word}" for word, number in counts.items()
    )


def _mood(all_said: Sequence[Said]) -> str:
    transitions = [said.finding.transition for said in all_said]
    if any(t.kind == "fall" and t.name in NEWS for t in transitions):
        return "failure"
    if any(t.kind != "fall" and t.name != "cleared" for t in transitions):
        return "warning"
    return "success" if any(t.name in ("resolved", "cleared") for t in transitions) else "info"
