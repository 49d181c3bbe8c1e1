"""What each owner is told. Pure: rows in, letters out; SQL has counted, the judge has judged.

A KPI changed where the 95 % interval of its newest final week lies wholly on one side of the usual level (the eight
weeks before), and by more than nobody would act on: what could be chance is not news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from jkpi.formatting import page_text
from jkpi.formatting.durations import IN_OPEN_HOURS, OPEN_SECONDS
from jkpi.living_map.alert_views import early_words
from jkpi.living_map.states import state_words
from jkpi.state.engine import MomentState

STALE_AFTER = timedelta(days=28)
FIRING = "firing"
QUIET_STATES = frozenset({"ok", "learning", "resolved"})
"""What neither fires nor is quiet is to watch, as early signs are: one bad day or two, a fall that seems over, what
cannot be judged."""
SECTIONS = (
    ("fires", "What fires"),
    ("watch", "What to watch"),
    ("changed", "What got worse"),
    ("improved", "What improved"),
    ("stale", "What went stale"),
)

CHANCE = (
    "A KPI is named where its 95 % interval leaves out the usual level: of twenty that did not change, about one is"
    " named by chance. What fires is judged more strictly."
)

QUIET = "Nothing fires, nothing changed beyond chance, and everything drawn was seen."
THE_WEEK = timedelta(days=7)
BASELINE = timedelta(weeks=8)

Row = Mapping[str, Any]


@dataclass
class Letter:
    """One owner's week. The lists hold sentences, in the order of SECTIONS."""

    owner: str
    lines: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key, _ in SECTIONS})

    @property
    def is_empty(self) -> bool:
        return not any(self.lines.values())

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What there is to tell, under its headings; how to take it comes last."""
        found = [(heading, tuple(self.lines[key])) for key, heading in SECTIONS if self.lines[key]]
        if self.is_empty:
            found.append(("All quiet", (QUIET,)))
        if self.lines["changed"] or self.lines["improved"]:
            found.append(("How to take it", (CHANCE,)))
        return tuple(found)

    @property
    def title(self) -> str:
        """`Your week: 1 to act on, 2 got worse, 1 improved`, without what is none; or that all is quiet."""
        nouns = {
            "fires": "to act on", "watch": "to watch", "changed": "got worse", "improved": "improved",
            "stale": "went stale",
        }  # fmt: skip
        counted = [f"{len(found)} {nouns[key]}" for key, found in self.lines.items() if found]
        return f"Your week: {', '.join(counted)}" if counted else "Your week: all quiet"


def letters(
    health: Iterable[Row],
    coverage: Iterable[Row],
    moments: Sequence[Row],
    states: Iterable[MomentState],
    alerts: Sequence[Row],
    now: datetime,
) -> list[Letter]:
    """One letter per owner of a journey, stage or moment, by name; an owner without news gets one that says so.

    Args:
        health: rpt_journey_health of stage and journey KPIs, with `owner`, `valid_from` of the map's version, and
            `calendar` where one counts their hours.
        coverage: touchpoints of rpt_map_coverage, with `owner` and `journey_title`.
        moments: journey, moment, kpi, owner, shown.
        alerts: all ever announced: kind, status, owner, title, journey, kpi, statistic, since, last_day, segment_value,
            and `usual`, what they were told against.
        now: aware UTC.
    """
    post: dict[str, Letter] = {}

    def to(owner: str | None) -> Letter:
        name = owner or "nobody yet"
        return post.setdefault(name, Letter(name))

    stands = {(state.journey, state.moment): state for state in states}
    today = now.date()
    for moment in moments:
        letter = to(moment["owner"])
        state = stands.get((moment["journey"], moment["moment"]))
        if state is None:
            continue
        if state.early:
            sign = early_words(state.early, today)
            letter.lines["watch"].append(f"{moment['shown']}: early sign, {sign}; not decided yet")
        if state.state in QUIET_STATES and not state.falling_in:
            continue
        section = "fires" if state.state == FIRING or state.falling_in else "watch"
        letter.lines[section].append(f"{moment['shown']}: {_stands(state, moment, alerts, today)}")
    deciders: dict[tuple[str, str], list[str]] = {}
    for moment in moments:
        deciders.setdefault((moment["journey"], moment["kpi"]), []).append(moment["owner"])
    for row in _as_told(health, alerts, today):
        owners = dict.fromkeys([row["owner"], *deciders.get((row["journey"], row["kpi"]), [])])
        news, sentence = _news(row, now)
        for owner in owners:
            letter = to(owner)
            if news:
                letter.lines[news].append(sentence)
    for row in coverage:
        letter = to(row["owner"])
        sentence = _silence(row, now)
        if sentence:
            letter.lines["stale"].append(sentence)
    for alert in alerts:
        told, sentence = _of_alert(alert, today)
        if told:
            to(alert["owner"]).lines[told].append(sentence)
    return [post[name] for name in sorted(post)]


def _stands(state: MomentState, moment: Row, alerts: Sequence[Row], today: date) -> str:
    """`firing, since 9 Jun, 21 days; falling in region = south since 12 Jun`; of a quiet whole only its parts."""
    told = []
    if state.state not in QUIET_STATES:
        begins = "; " if state.state == "recovering" else ", "
        since = begins + page_text.standing_since(state.state, state.since, today) if state.since is not None else ""
        told.append(f"{state_words(state.state).word}{since}")
    if state.falling_in:
        parts = page_text.listed([_part(name, moment, alerts, today) for name in state.falling_in])
        # What fires comes first.
        told.insert(1 if state.state == FIRING else 0, f"falling in {parts}")
    return "; ".join(told)


def _part(name: str, moment: Row, alerts: Sequence[Row], today: date) -> str:
    """`region = south since 12 Jun`, by its open alert."""
    since = [
        alert["since"]
        for alert in alerts
        if alert["kind"] == "fall"
        and alert["status"] == "open"
        and (alert["journey"], alert["kpi"]) == (moment["journey"], moment["kpi"])
        and name.endswith(f"= {alert['segment_value']}")
    ]
    return f"{name} since {page_text.day(min(since), today)}" if since else name


def _as_told(health: Iterable[Row], alerts: Sequence[Row], today: date) -> list[Row]:
    """What is usual is what the alert of that time says: the weeks before may hold the fall itself."""
    told = [one for one in alerts if one["kind"] == "fall" and one["status"] in ("open", "resolved")]
    found = []
    for row in health:
        start = row["value_week_start"]
        usual = [
            (alert["since"], alert["usual"])
            for alert in told
            if start is not None
            and alert["segment_value"] == "all"
            and alert["usual"] is not None
            and (alert["journey"], alert["kpi"], alert["statistic"]) == (row["journey"], row["kpi"], row["statistic"])
            and alert["since"] < start + THE_WEEK
            and (alert["last_day"] or today) >= start - BASELINE
        ]
        found.append({**row, "baseline": max(usual)[1]} if usual else row)
    return found


def _of_alert(alert: Row, today: date) -> tuple[str | None, str]:
    """A fall that is over since last week is good news; a source or a map that went quiet is stale."""
    title = alert["title"]
    if alert["kind"] == "fall" and alert["status"] == "resolved" and today - alert["last_day"] <= THE_WEEK:
        part = "" if alert["segment_value"] == "all" else f" ({alert['segment_value']})"
        lasted = (alert["last_day"] - alert["since"]).days + 1
        after = "a day" if lasted == 1 else f"{lasted} days"
        return "improved", f"{title}{part}: resolved on {page_text.day(alert['last_day'], today)}, after {after}"
    if alert["status"] != "open":
        return None, ""
    since = page_text.day(alert["since"], today)
    if alert["kind"] == "silent":
        return "stale", f"{title}: its source brings nothing new, since {since}"
    if alert["kind"] == "missing":
        return "stale", f"{title}: rows are missing, since {since}"
    if alert["kind"] == "unmapped":
        return "stale", f"{title}: more and more of its events are on no map, since {since}"
    return None, ""


def _news(row: Row, now: datetime) -> tuple[str | None, str]:
    """The section, and the sentence; (None, "") where there is nothing to tell."""
    start, title = row["value_week_start"], f"{row['title']} ({row['place']})"
    if row["status"] == "no_data":
        # What a version has that is this new is not stale.
        drawn = row.get("valid_from")
        is_new = drawn is not None and now.astimezone(UTC).replace(tzinfo=None) - drawn <= STALE_AFTER
        return (None, "") if is_new else ("stale", f"{title}: nothing was measured so far")
    if start is None or row["value_week"] is None:
        return None, ""
    # Newer weeks that are not final yet only wait for their window to close: that is no staleness.
    if row["status"] == "final" and now.date() - start > STALE_AFTER + timedelta(days=6):
        return "stale", f"{title}: no final week since that of {page_text.day(start, now.date())}"
    usual, low, high = row["baseline"], row["ci_low_week"], row["ci_high_week"]
    if usual is None or low is None or high is None or low <= usual <= high:
        return None, ""
    if _is_slight(row["value_week"], usual, row):
        return None, ""
    better = (low > usual) == (row["direction"] == "higher")

    by_calendar = bool(row.get("calendar")) and row["unit"] == "seconds"
    unit, usually = (OPEN_SECONDS, f"as usual {IN_OPEN_HOURS}") if by_calendar else (row["unit"], "as usual")

    def say(amount: float) -> str:
        return page_text.value(amount, unit, row["statistic"])

    bounds = page_text.interval(low, high, unit, row["statistic"])
    week = f"week of {page_text.day(start, now.date())}"
    sentence = (
        f"{title}: {say(row['value_week'])} instead of {say(usual)} {usually}"
        f" ({week}, 95 %: {bounds}, n {page_text.count(row['sample_size_week'] or 0)})"
    )
    return ("improved" if better else "changed"), sentence


def _is_slight(value: float, usual: float, row: Row) -> bool:
    """Nobody acts on less, however sure it is: two points of a share or of NPS, a fortieth of anything else."""
    least = 0.02 if row["unit"] == "share" else 2.0 if row["statistic"] == "nps" else abs(usual) / 40.0
    return abs(value - usual) < least


def _silence(row: Row, now: datetime) -> str:
    last = row["last_evidence_at"]
    title = f"{page_text.humanise(row['name'])} ({row['place']})"
    if last is None:
        return f"{title}: drawn, but never seen in the data"
    current = now.astimezone(UTC).replace(tzinfo=None)
    return f"{title}: last seen {page_text.ago(last, current)}" if current - last > STALE_AFTER else ""
