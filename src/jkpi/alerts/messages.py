"""What is written to whom: plain text worth reading, one message per receiver and run. Pure.

No text from customers goes in; names of segments come from the data and are cut to one plain line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jkpi.alerts.changes import OPENING, Name, Transition
from jkpi.alerts.episodes import Breach, Part
from jkpi.alerts.figures import Figures, chance, count, day, days, plain, span
from jkpi.alerts.lifecycle import Pool
from jkpi.alerts.series import Carrier, Series

IN_FULL = 20
IN_SHORT = 100
_LABEL = 11


@dataclass(frozen=True)
class Finding:
    """A transition with all that a reader may ask of it. `held` counts days in its span that could not be trusted."""

    transition: Transition
    title: str
    owner: str
    receivers: tuple[str, ...]
    carriers: tuple[Carrier, ...] = ()
    sql: str = ""
    held: int = 0

    @property
    def series(self) -> Series | None:
        return self.transition.judged.series if self.transition.judged else None


@dataclass(frozen=True)
class Message:
    """`mood` is failure, success, warning or info, which some receivers show as a colour."""

    title: str
    body: str
    mood: str


def main_part(breach: Breach, name: Name) -> Part:
    """The part a message speaks of: the fall from the usual if there is one, else the broken promise."""
    fits = [part for part in breach.parts if part.closed_on is None] if name != "resolved" else list(breach.parts)
    return max(fits or breach.parts, key=lambda part: (part.line == "baseline", part.fired_on))


def headline(finding: Finding) -> str:
    """One line: what happened to which moment."""
    transition, series = finding.transition, finding.series
    who = "" if series is None or series.is_whole else f" ({plain(series.segment)} {plain(series.segment_value)})"
    name = f"{finding.title}{who}"
    if transition.kind == "blind":
        return f"{name}: we are blind here"
    if transition.kind == "error":
        return f"{name}: cannot be judged"
    if transition.name == "superseded":
        return f"{name}: closed, the map has changed"
    if transition.name == "corrected":
        return f"{name}: correction, the breach never was"
    if series is None or transition.breach is None:
        return name
    figures, part = Figures(series.watched), main_part(transition.breach, transition.name)
    watched = series.watched
    # A share of which more is better speaks for itself; other numbers are told apart by their name.
    speaks = watched.unit == "share" and watched.direction == "higher"
    kpi = "" if speaks else f"{watched.kpi_title} "
    if transition.name == "resolved":
        return f"{name}: {kpi}back at {figures.value((part.clear or part.fell).rate)}"
    again = {"reopened": "again ", "worsened": "further "}.get(transition.name, "")
    way = "up" if series.watched.direction == "lower" else "down"
    promised = " promised" if part.line == "promise" else ""
    wanted = figures.value(_wanted(series, part)) + promised
    return f"{name}: {kpi}{again}{way} to {figures.value(part.fell.rate)} instead of {wanted}"


def _wanted(series: Series, part: Part) -> float:
    """What the fallen rate is set against: the usual rate, or the promise."""
    return part.fell.reference if part.line == "baseline" else series.watched.rate(series.watched.promise)


def compose(findings: Sequence[Finding], workspace: str, as_of: datetime, synthetic: bool, message_id: str) -> Message:
    """One message of everything one receiver has to hear of in this run."""
    ordered = sorted(findings, key=_urgency)
    lines: list[str] = []
    if synthetic:
        lines += ["SYNTHETIC DATA: these customers and numbers are made up.", ""]
    for finding in ordered[:IN_FULL]:
        lines += [*_block(finding), "", "-" * 72, ""]
    if ordered[IN_FULL:]:
        lines += ["And in short:"]
        lines += [f"- {headline(finding)}" for finding in ordered[IN_FULL : IN_FULL + IN_SHORT]]
        if ordered[IN_FULL + IN_SHORT :]:
            lines.append(f"- and {count(len(ordered) - IN_FULL - IN_SHORT)} more: see jkpi alerts")
        lines.append("")
    lines.append(f"jkpi, workspace {workspace}, as of {as_of:%Y-%m-%d %H:%M} UTC. Message {message_id}.")
    title = headline(ordered[0]) if len(ordered) == 1 else _summary(ordered)
    return Message(("[synthetic data] " if synthetic else "") + title, "\n".join(lines), _mood(ordered))


def _urgency(finding: Finding) -> tuple[int, bool, str]:
    order: tuple[Name, ...] = ("opened", "reopened", "worsened", "corrected", "resolved", "superseded", "cleared")
    rank = order.index(finding.transition.name) if finding.transition.kind == "fall" else len(order)
    return rank, finding.series is not None and not finding.series.is_whole, finding.transition.alert_id


def _summary(findings: Sequence[Finding]) -> str:
    words = {"opened": "fell off", "reopened": "fell off again", "worsened": "fell further", "resolved": "recovered",
             "corrected": "corrected", "superseded": "closed"}  # fmt: skip
    counts: dict[str, int] = {}
    for finding in findings:
        kind = finding.transition.kind
        word = {"blind": "blind", "error": "cannot be judged"}.get(kind) or words.get(
            finding.transition.name, "changed"
        )
        counts[word] = counts.get(word, 0) + 1
    return "Moments of truth: " + ", ".join(f"{number} {word}" for word, number in counts.items())


def _mood(findings: Sequence[Finding]) -> str:
    if any(f.transition.kind == "fall" and f.transition.name in (*OPENING, "worsened") for f in findings):
        return "failure"
    if any(f.transition.kind != "fall" for f in findings):
        return "warning"
    return "success" if any(f.transition.name == "resolved" for f in findings) else "info"


def _block(finding: Finding) -> list[str]:
    transition = finding.transition
    lines = [headline(finding), ""]
    if finding.series is not None:
        lines += _row("Where", _where(finding.series))
    if transition.kind in ("blind", "error"):
        lines += _blind_or_error(finding)
    elif transition.name == "superseded":
        lines += _row("Why", "The map no longer declares this, or its promise was changed after the alert was told.")
    elif transition.name == "corrected":
        lines += _corrected(finding)
    elif finding.series is not None and transition.breach is not None:
        tell = _resolved if transition.name == "resolved" else _fallen
        lines += tell(finding, finding.series, transition.breach)
    lines += _row("Owner", finding.owner)
    lines += _row("Alert", transition.alert_id)
    if finding.sql:
        lines += ["", "The readings behind it:", "", *("    " + line for line in finding.sql.splitlines())]
    return lines


def _where(series: Series) -> str:
    watched = series.watched
    path = [watched.journey_title, *([watched.stage_title] if watched.stage_title else []), watched.kpi_title]
    who = "all customers" if series.is_whole else f"{plain(series.segment)} = {plain(series.segment_value)}"
    return f"{' > '.join(path)}; {who}"


def _fallen(finding: Finding, series: Series, breach: Breach) -> list[str]:
    watched, figures, part = series.watched, Figures(series.watched), main_part(breach, finding.transition.name)
    fell = part.fell
    lines = _row("Now", _figure(figures, fell))
    if part.line == "baseline":
        lines += _row("Usual", f"{figures.value(fell.reference)} on the same days of the week, in the weeks before")
    line = watched.rule().promise_line
    promise = f"{figures.native(watched.promise)}, broken beyond {figures.value(line if line is not None else 0.0)}"
    lines += _row("Promise", promise)
    certain = "" if part.fired_on == part.since else f", certain since {day(part.fired_on)}"
    lines += _row("Since", f"{day(part.since)}{certain}")
    against = "what is usual" if part.line == "baseline" else "what may still count as kept"
    worse = "above" if watched.direction == "lower" else "below"
    patterns = {"collapse": "one day far", "standing": "each of four weeks"}
    pattern = patterns.get(part.reason, "three days in a row clearly")
    apart = figures.difference(fell.rate, _wanted(series, part))
    lines += _row("Told for", f"{pattern} {worse} {against}; {apart} away from where it should be since then.")
    lines += _row("", f"So many bad outcomes by chance alone: {chance(fell.tail)}.")
    if any(other.line == "promise" for other in breach.parts) and part.line == "baseline":
        lines += _row("", "The promise is broken as well.")
    for carrier in finding.carriers:
        share = "nearly all" if carrier.share >= 0.9 else f"{100 * carrier.share:.0f} %"
        lines += _row(
            "Carried by",
            f"{plain(carrier.segment)} = {plain(carrier.segment_value)}: {figures.value(carrier.rate)} instead of"
            f" {figures.value(carrier.usual)}, n = {count(carrier.n)}: {share} of the loss",
        )
    if series.is_whole and not finding.carriers:
        lines += _row("Carried by", "no segment more than others")
    lines += _row("Data", _data(finding))
    lines += _row("Next", "Judged again with each day that matures. You hear of it when it is over, when it gets")
    lines += _row("", "worse, or if late data show that it never was; it is not repeated.")
    return lines


def _resolved(finding: Finding, series: Series, breach: Breach) -> list[str]:
    figures, part = Figures(series.watched), main_part(breach, "resolved")
    clear, last = part.clear or part.fell, breach.closed_on or part.fell.last
    fallen = _before(part)
    lines = _row("Now", _figure(figures, clear))
    lines += _row("Then", f"{figures.value(fallen.rate)}, {span(fallen.first, fallen.last)}")
    lines += _row("Wanted", figures.value(_wanted(series, part)))
    lines += _row("Closed", f"{day(last)}, after {days((last - breach.since).days + 1)}")
    return lines


def _before(part: Part) -> Pool:
    """The fallen days alone, without the clear ones that closed the alert."""
    fell, clear = part.fell, part.clear
    if clear is None or clear.n >= fell.n:
        return fell
    return Pool(
        fell.first, clear.first - timedelta(days=1), fell.days - clear.days, fell.good - clear.good, fell.n - clear.n
    )


def _corrected(finding: Finding) -> list[str]:
    announced = finding.transition.announced
    told = f"The breach told on the days up to {day(announced.fired_on)} is gone" if announced else "The breach is gone"
    return _row("Why", f"{told}: data that came in later show that it never was.")


def _blind_or_error(finding: Finding) -> list[str]:
    since = day(finding.transition.since)
    if finding.transition.kind == "blind":
        lines = _row("Since", f"{since}: a quality check failed, so its readings are withheld and nothing is judged.")
        lines += _row("Next", "See jkpi check and jkpi status. This is told once; silence from here is no all-clear.")
        return lines
    lines = _row("Since", f"{since}: its readings are not counts of good outcomes among all, and cannot be judged.")
    return lines + _row("Next", "For the data team: see the readings below. This is not an all-clear.")


def _figure(figures: Figures, pool: Pool) -> str:
    when = f"{days(pool.days)}, {span(pool.first, pool.last)}"
    return f"{figures.value(pool.rate)} ({figures.interval(pool)} with 95 % confidence, n = {count(pool.n)}; {when})"


def _data(finding: Finding) -> str:
    if finding.held:
        return f"final; {days(finding.held)} in between could not be trusted and were left out"
    return "final: no reading here is still open or withheld"


def _row(label: str, text: str) -> list[str]:
    return [f"  {label:<{_LABEL}}{text}".rstrip()]
