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
from jkpi.living_map.alert_views import early_warning_text
from jkpi.living_map.states import state_label
from jkpi.state.alert_reader import MomentState

DIGEST_STALE_AFTER = timedelta(days=28)
FIRING_STATE = "firing"
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

CHANCE_NOTE = (
    "A KPI is named where its 95 % interval leaves out the usual level: of twenty that did not change, about one is"
    " named by chance. What fires is judged more strictly."
)

ALL_QUIET_TEXT = "Nothing fires, nothing changed beyond chance, and everything drawn was seen."
DIGEST_PERIOD = timedelta(days=7)
BASELINE_WINDOW = timedelta(weeks=8)

DigestRow = Mapping[str, Any]


@dataclass
class OwnerDigest:
    """One owner's week. The lists hold sentences, in the order of SECTIONS."""

    owner: str
    items: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key, _ in SECTIONS})

    @property
    def is_empty(self) -> bool:
        return not any(self.items.values())

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What there is to tell, under its headings; how to take it comes last."""
        filled_sections = [(heading, tuple(self.items[key])) for key, heading in SECTIONS if self.items[key]]
        if self.is_empty:
            filled_sections.append(("All quiet", (ALL_QUIET_TEXT,)))
        if self.items["changed"] or self.items["improved"]:
            filled_sections.append(("How to take it", (CHANCE_NOTE,)))
        return tuple(filled_sections)

    @property
    def title(self) -> str:
        """`Your week: 1 to act on, 2 got worse, 1 improved`, without what is none; or that all is quiet."""
        nouns = {
            "fires": "to act on", "watch": "to watch", "changed": "got worse", "improved": "improved",
            "stale": "went stale",
        }  # fmt: skip
        count_texts = [
            f"{len(section_items)} {nouns[key]}" for key, section_items in self.items.items() if section_items
        ]
        return f"Your week: {', '.join(count_texts)}" if count_texts else "Your week: all quiet"


def build_digests(
    health: Iterable[DigestRow],
    coverage: Iterable[DigestRow],
    moments: Sequence[DigestRow],
    states: Iterable[MomentState],
    alerts: Sequence[DigestRow],
    now: datetime,
) -> list[OwnerDigest]:
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
    digest_by_owner: dict[str, OwnerDigest] = {}

    def digest_of(owner: str | None) -> OwnerDigest:
        name = owner or "nobody yet"
        return digest_by_owner.setdefault(name, OwnerDigest(name))

    state_by_moment = {(state.journey, state.moment): state for state in states}
    today = now.date()
    for moment in moments:
        digest = digest_of(moment["owner"])
        state = state_by_moment.get((moment["journey"], moment["moment"]))
        if state is None:
            continue
        if state.early_warning:
            early_warning = early_warning_text(state.early_warning, today)
            digest.items["watch"].append(f"{moment['shown']}: early sign, {early_warning}; not decided yet")
        if state.state in QUIET_STATES and not state.firing_segments:
            continue
        section = "fires" if state.state == FIRING_STATE or state.firing_segments else "watch"
        digest.items[section].append(f"{moment['shown']}: {_digest_state_text(state, moment, alerts, today)}")
    owners_by_kpi: dict[tuple[str, str], list[str]] = {}
    for moment in moments:
        owners_by_kpi.setdefault((moment["journey"], moment["kpi"]), []).append(moment["owner"])
    for row in _with_alert_baselines(health, alerts, today):
        owners = dict.fromkeys([row["owner"], *owners_by_kpi.get((row["journey"], row["kpi"]), [])])
        section_of_kpi, sentence = _kpi_item(row, now)
        for owner in owners:
            digest = digest_of(owner)
            if section_of_kpi:
                digest.items[section_of_kpi].append(sentence)
    for row in coverage:
        digest = digest_of(row["owner"])
        sentence = _stale_touchpoint_item(row, now)
        if sentence:
            digest.items["stale"].append(sentence)
    for alert in alerts:
        section_of_alert, sentence = _alert_item(alert, today)
        if section_of_alert:
            digest_of(alert["owner"]).items[section_of_alert].append(sentence)
    return [digest_by_owner[name] for name in sorted(digest_by_owner)]


def _digest_state_text(state: MomentState, moment: DigestRow, alerts: Sequence[DigestRow], today: date) -> str:
    """`firing, since 9 Jun, 21 days; falling in region = south since 12 Jun`; of a quiet whole only its parts."""
    texts = []
    if state.state not in QUIET_STATES:
        begins = "; " if state.state == "recovering" else ", "
        since = (
            begins + page_text.format_state_since_page(state.state, state.since, today)
            if state.since is not None
            else ""
        )
        texts.append(f"{state_label(state.state).label}{since}")
    if state.firing_segments:
        segments_text = page_text.join_names(
            [_segment_since_text(name, moment, alerts, today) for name in state.firing_segments]
        )
        # What fires comes first.
        texts.insert(1 if state.state == FIRING_STATE else 0, f"falling in {segments_text}")
    return "; ".join(texts)


def _segment_since_text(name: str, moment: DigestRow, alerts: Sequence[DigestRow], today: date) -> str:
    """`region = south since 12 Jun`, by its open alert."""
    since = [
        alert["since"]
        for alert in alerts
        if alert["kind"] == "drop"
        and alert["status"] == "open"
        and (alert["journey"], alert["kpi"]) == (moment["journey"], moment["kpi"])
        and name.endswith(f"= {alert['segment_value']}")
    ]
    return f"{name} since {page_text.format_short_date(min(since), today)}" if since else name


def _with_alert_baselines(health: Iterable[DigestRow], alerts: Sequence[DigestRow], today: date) -> list[DigestRow]:
    """What is usual is what the alert of that time says: the weeks before may hold the fall itself."""
    drop_alerts = [
        drop_alert
        for drop_alert in alerts
        if drop_alert["kind"] == "drop" and drop_alert["status"] in ("open", "resolved")
    ]
    rows = []
    for row in health:
        start = row["value_week_start"]
        alert_baselines = [
            (alert["since"], alert["usual"])
            for alert in drop_alerts
            if start is not None
            and alert["segment_value"] == "all"
            and alert["usual"] is not None
            and (alert["journey"], alert["kpi"], alert["statistic"]) == (row["journey"], row["kpi"], row["statistic"])
            and alert["since"] < start + DIGEST_PERIOD
            and (alert["last_day"] or today) >= start - BASELINE_WINDOW
        ]
        rows.append({**row, "baseline": max(alert_baselines)[1]} if alert_baselines else row)
    return rows


def _alert_item(alert: DigestRow, today: date) -> tuple[str | None, str]:
    """A fall that is over since last week is good news; a source or a map that went quiet is stale."""
    title = alert["title"]
    if alert["kind"] == "drop" and alert["status"] == "resolved" and today - alert["last_day"] <= DIGEST_PERIOD:
        segment_suffix = "" if alert["segment_value"] == "all" else f" ({alert['segment_value']})"
        lasted = (alert["last_day"] - alert["since"]).days + 1
        after = "a day" if lasted == 1 else f"{lasted} days"
        return (
            "improved",
            f"{title}{segment_suffix}: resolved on {page_text.format_short_date(alert['last_day'], today)}, after {after}",
        )
    if alert["status"] != "open":
        return None, ""
    since = page_text.format_short_date(alert["since"], today)
    if alert["kind"] == "silent":
        return "stale", f"{title}: its source brings nothing new, since {since}"
    if alert["kind"] == "missing":
        return "stale", f"{title}: rows are missing, since {since}"
    if alert["kind"] == "unmapped":
        return "stale", f"{title}: more and more of its events are on no map, since {since}"
    return None, ""


def _kpi_item(row: DigestRow, now: datetime) -> tuple[str | None, str]:
    """The section, and the sentence; (None, "") where there is nothing to tell."""
    start, title = row["value_week_start"], f"{row['title']} ({row['place']})"
    if row["status"] == "no_data":
        # What a version has that is this new is not stale.
        valid_from = row.get("valid_from")
        is_new = valid_from is not None and now.astimezone(UTC).replace(tzinfo=None) - valid_from <= DIGEST_STALE_AFTER
        return (None, "") if is_new else ("stale", f"{title}: nothing was measured so far")
    if start is None or row["value_week"] is None:
        return None, ""
    # Newer weeks that are not final yet only wait for their window to close: that is no staleness.
    if row["status"] == "final" and now.date() - start > DIGEST_STALE_AFTER + timedelta(days=6):
        return "stale", f"{title}: no final week since that of {page_text.format_short_date(start, now.date())}"
    baseline, low, high = row["baseline"], row["ci_low_week"], row["ci_high_week"]
    if baseline is None or low is None or high is None or low <= baseline <= high:
        return None, ""
    if _is_negligible(row["value_week"], baseline, row):
        return None, ""
    better = (low > baseline) == (row["direction"] == "higher")

    by_calendar = bool(row.get("calendar")) and row["unit"] == "seconds"
    unit, baseline_label = (OPEN_SECONDS, f"as usual {IN_OPEN_HOURS}") if by_calendar else (row["unit"], "as usual")

    def format_value(amount: float) -> str:
        return page_text.format_reading(amount, unit, row["statistic"])

    bounds = page_text.format_interval(low, high, unit, row["statistic"])
    week = f"week of {page_text.format_short_date(start, now.date())}"
    sentence = (
        f"{title}: {format_value(row['value_week'])} instead of {format_value(baseline)} {baseline_label}"
        f" ({week}, 95 %: {bounds}, n {page_text.format_count(row['sample_size_week'] or 0)})"
    )
    return ("improved" if better else "changed"), sentence


def _is_negligible(value: float, baseline: float, row: DigestRow) -> bool:
    """Nobody acts on less, however sure it is: two points of a share or of NPS, a fortieth of anything else."""
    smallest_change = 0.02 if row["unit"] == "share" else 2.0 if row["statistic"] == "nps" else abs(baseline) / 40.0
    return abs(value - baseline) < smallest_change


def _stale_touchpoint_item(row: DigestRow, now: datetime) -> str:
    last = row["last_evidence_at"]
    title = f"{page_text.titleize(row['name'])} ({row['place']})"
    if last is None:
        return f"{title}: drawn, but never seen in the data"
    current = now.astimezone(UTC).replace(tzinfo=None)
    return (
        f"{title}: last seen {page_text.format_time_ago(last, current)}" if current - last > DIGEST_STALE_AFTER else ""
    )
