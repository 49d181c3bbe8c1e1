"""The weekly digest of each owner, from rows of the marts and the state database. Pure.

A KPI is listed when the 95 % interval of its latest final week excludes its baseline (the eight weeks before) and the
change is large enough to act on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from jkpi.formatting.dates import format_short_date, format_state_since
from jkpi.formatting.durations import IN_OPEN_HOURS, OPEN_SECONDS
from jkpi.formatting.numbers import format_count, join_names, pluralize, titleize
from jkpi.living_map import page_text
from jkpi.living_map.alert_views import breach_heading, early_warning_text
from jkpi.living_map.states import state_label
from jkpi.state.alert_records import MomentState, PromiseBreach

DIGEST_STALE_AFTER = timedelta(days=28)
FIRING_STATE = "firing"
QUIET_STATES = frozenset({"ok", "learning", "resolved"})
"""States that are not listed. All others but firing are on the watch list, as early warnings are."""
SECTIONS = (
    ("firing", "Firing"),
    ("watch", "Watch list"),
    ("worse", "Worse"),
    ("better", "Better"),
    ("stale", "Stale"),
)

CHANCE_NOTE = (
    "A KPI is listed when its 95 % interval excludes the baseline. About one in twenty unchanged KPIs is listed by"
    " chance. Alerts use a stricter test."
)

ALL_QUIET_TEXT = "No open alert, no significant change, and no touchpoint of the map is silent for longer than usual."
DIGEST_PERIOD = timedelta(days=7)
BASELINE_WINDOW = timedelta(weeks=8)

DigestRow = Mapping[str, Any]


@dataclass
class OwnerDigest:
    """The week of one owner. `items`: sentences by section; `receivers`: those of the owner's moments, or none."""

    owner: str
    receivers: tuple[str, ...] = ()
    items: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key, _ in SECTIONS})

    @property
    def is_empty(self) -> bool:
        return not any(self.items.values())

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Headings with their sentences, without empty sections; an explanation comes last."""
        filled_sections = [(heading, tuple(self.items[key])) for key, heading in SECTIONS if self.items[key]]
        if self.is_empty:
            filled_sections.append(("All ok", (ALL_QUIET_TEXT,)))
        if self.items["worse"] or self.items["better"]:
            filled_sections.append(("How to read this", (CHANCE_NOTE,)))
        return tuple(filled_sections)

    @property
    def title(self) -> str:
        """`Your week: 1 firing, 2 worse, 1 better`, without empty sections; or `Your week: all ok`."""
        words = {"watch": "to watch"}
        count_texts = [f"{len(items)} {words.get(key, key)}" for key, items in self.items.items() if items]
        return f"Your week: {', '.join(count_texts)}" if count_texts else "Your week: all ok"


def build_digests(
    health: Iterable[DigestRow],
    coverage: Iterable[DigestRow],
    moments: Sequence[DigestRow],
    states: Iterable[MomentState],
    alerts: Sequence[DigestRow],
    now: datetime,
) -> list[OwnerDigest]:
    """One digest for each owner of a journey, stage or moment, sorted by name; also for owners without news.

    Args:
        health: rpt_journey_health of stage and journey KPIs, with `owner`, `valid_from` of the map's version, and
            `calendar` where one counts their hours.
        coverage: touchpoints of rpt_map_coverage, with `owner` and `journey_title`.
        moments: journey, moment, kpi, statistic, direction, owner, shown, and `notify`, a JSON list of receivers.
        alerts: all that were ever announced: kind, status, owner, title, journey, kpi, statistic, onset, last_day,
            segment_value, baseline, alert_id, size.
        now: aware UTC.
    """
    digest_by_owner: dict[str, OwnerDigest] = {}

    def digest_of(owner: str | None) -> OwnerDigest:
        name = owner or "no owner"
        return digest_by_owner.setdefault(name, OwnerDigest(name, _receivers_of_owner(name, moments)))

    state_by_moment = {(state.journey, state.moment): state for state in states}
    today = now.date()
    for moment in moments:
        digest = digest_of(moment["owner"])
        state = state_by_moment.get((moment["journey"], moment["moment"]))
        if state is None:
            continue
        if state.early_warning:
            early_warning = early_warning_text(state.early_warning, today)
            digest.items["watch"].append(f"{moment['shown']}: early warning, {early_warning}; not mature yet")
        if state.breaches:
            digest.items["watch"].append(f"{moment['shown']}: {_breaches_text(state.breaches, moment)}")
        if state.state in QUIET_STATES and not state.firing_segments:
            continue
        section = "firing" if state.state == FIRING_STATE or state.firing_segments else "watch"
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
        sentence = _stale_touchpoint_item(row)
        if sentence:
            digest.items["stale"].append(sentence)
    for alert in alerts:
        section_of_alert, sentence = _alert_item(alert, today)
        if section_of_alert:
            digest_of(alert["owner"]).items[section_of_alert].append(sentence)
    return [digest_by_owner[name] for name in sorted(digest_by_owner)]


def _receivers_of_owner(owner: str, moments: Sequence[DigestRow]) -> tuple[str, ...]:
    """The receivers of the owner's moments."""
    own_moments = [moment for moment in moments if moment["owner"] == owner]
    return tuple(dict.fromkeys(name for moment in own_moments for name in json.loads(moment.get("notify") or "[]")))


def _breaches_text(breaches: Sequence[PromiseBreach], moment: DigestRow) -> str:
    """`3 segments are below their promise, first of all product = spares: 71 %, promise 95 %`."""
    statistic = moment["statistic"]
    unit = "points" if statistic == "nps" else "share"
    furthest = max(breaches, key=lambda breach: abs(breach.promise - breach.value))
    heading = breach_heading(len(breaches), moment["direction"])
    value = page_text.format_reading(furthest.value, unit, statistic, against=furthest.promise)
    link = ":" if len(breaches) == 1 else ", most of all"
    return (
        f"{heading[:1].lower()}{heading[1:]}{link} {furthest.segment} = {furthest.segment_value}, {value},"
        f" promise {page_text.format_goal(furthest.promise, unit, statistic)}"
    )


def _digest_state_text(state: MomentState, moment: DigestRow, alerts: Sequence[DigestRow], today: date) -> str:
    """`firing, about 9 points (6 to 13), since 9 Jun; firing in region = south since 12 Jun`; without the total if that
    is ok."""
    texts = []
    if state.state not in QUIET_STATES:
        begins = "; " if state.state == "recovering" else ", "
        since = begins + format_state_since(state.state, state.since, today) if state.since is not None else ""
        size = next(
            (f", {alert['size']}" for alert in alerts if alert["alert_id"] == state.alert_id and alert["size"]), ""
        )
        texts.append(f"{state_label(state.state).label}{size}{since}")
    if state.firing_segments:
        segments_text = join_names([_segment_since_text(name, moment, alerts, today) for name in state.firing_segments])
        # Firing comes first.
        texts.insert(1 if state.state == FIRING_STATE else 0, f"firing in {segments_text}")
    return "; ".join(texts)


def _segment_since_text(name: str, moment: DigestRow, alerts: Sequence[DigestRow], today: date) -> str:
    """`region = south since 12 Jun`, by its open alert."""
    since = [
        alert["onset"]
        for alert in alerts
        if alert["kind"] == "drop"
        and alert["status"] == "open"
        and (alert["journey"], alert["kpi"]) == (moment["journey"], moment["kpi"])
        and name.endswith(f"= {alert['segment_value']}")
    ]
    return f"{name} since {format_short_date(min(since), today)}" if since else name


def _with_alert_baselines(health: Iterable[DigestRow], alerts: Sequence[DigestRow], today: date) -> list[DigestRow]:
    """Health rows with the baseline of an alert of that time, because the eight weeks before may contain the drop."""
    drop_alerts = [
        drop_alert
        for drop_alert in alerts
        if drop_alert["kind"] == "drop" and drop_alert["status"] in ("open", "resolved")
    ]
    rows = []
    for row in health:
        start = row["value_week_start"]
        alert_baselines = [
            (alert["onset"], alert["baseline"])
            for alert in drop_alerts
            if start is not None
            and alert["segment_value"] == "all"
            and alert["baseline"] is not None
            and (alert["journey"], alert["kpi"], alert["statistic"]) == (row["journey"], row["kpi"], row["statistic"])
            and alert["onset"] < start + DIGEST_PERIOD
            and (alert["last_day"] or today) >= start - BASELINE_WINDOW
        ]
        rows.append({**row, "baseline": max(alert_baselines)[1]} if alert_baselines else row)
    return rows


def _alert_item(alert: DigestRow, today: date) -> tuple[str | None, str]:
    """A drop resolved within a week is better, an open drop of volume worse; any other open alert about a source or the
    map is stale."""
    title = alert["title"]
    is_drop, is_resolved = alert["kind"] in ("drop", "volume"), alert["status"] == "resolved"
    if is_drop and is_resolved and today - alert["last_day"] <= DIGEST_PERIOD:
        is_whole = alert["kind"] == "volume" or alert["segment_value"] == "all"
        segment_suffix = "" if is_whole else f" ({alert['segment_value']})"
        if alert["kind"] == "volume":
            title = f"{title}: volume"
        lasted = (alert["last_day"] - alert["onset"]).days + 1
        after = pluralize(lasted, "day")
        return (
            "better",
            f"{title}{segment_suffix}: resolved on {format_short_date(alert['last_day'], today)}, after {after}",
        )
    if alert["status"] != "open":
        return None, ""
    since = format_short_date(alert["onset"], today)
    if alert["kind"] == "no_events":
        return "stale", f"{title}: no event since {since}, longer than its rhythm explains"
    if alert["kind"] == "silent":
        return "stale", f"{title}: its source delivers no new data since {since}"
    if alert["kind"] == "volume":
        return "worse", f"{title}: its volume dropped, since {since}"
    if alert["kind"] == "missing":
        return "stale", f"{title}: rows are missing, since {since}"
    if alert["kind"] == "unmapped":
        return "stale", f"{title}: the proportion of events on no map is rising, since {since}"
    if alert["kind"] == "wrong_order":
        return "stale", f"{title}: pairs of touchpoints in the wrong order are left out, since {since}"
    return None, ""


def _kpi_item(row: DigestRow, now: datetime) -> tuple[str | None, str]:
    """The section and the sentence; (None, "") if there is no news."""
    start, title = row["value_week_start"], f"{row['title']} ({row['location']})"
    if row["status"] == "no_data":
        # A KPI of a version this new is not stale.
        valid_from = row.get("valid_from")
        is_new = valid_from is not None and now.astimezone(UTC).replace(tzinfo=None) - valid_from <= DIGEST_STALE_AFTER
        return (None, "") if is_new else ("stale", f"{title}: not measured so far")
    if start is None or row["value_week"] is None:
        return None, ""
    # Newer weeks that are not final yet only wait for their window to close, so they are not stale.
    if row["status"] == "final" and now.date() - start > DIGEST_STALE_AFTER + timedelta(days=6):
        return "stale", f"{title}: no final week since that of {format_short_date(start, now.date())}"
    baseline, low, high = row["baseline"], row["ci_low_week"], row["ci_high_week"]
    if baseline is None or low is None or high is None or low <= baseline <= high:
        return None, ""
    if _is_negligible(row["value_week"], baseline, row):
        return None, ""
    better = (low > baseline) == (row["direction"] == "higher")

    by_calendar = bool(row.get("calendar")) and row["unit"] == "seconds"
    unit, unit_note = (OPEN_SECONDS, f" {IN_OPEN_HOURS}") if by_calendar else (row["unit"], "")

    def format_value(amount: float) -> str:
        return page_text.format_reading(amount, unit, row["statistic"])

    bounds = page_text.format_interval(low, high, unit, row["statistic"])
    week = f"week of {format_short_date(start, now.date())}"
    sentence = (
        f"{title}: {format_value(row['value_week'])}, baseline {format_value(baseline)}{unit_note}"
        f" ({week}, 95 %: {bounds}, n {format_count(row['sample_size_week'] or 0)})"
    )
    return ("better" if better else "worse"), sentence


def _is_negligible(value: float, baseline: float, row: DigestRow) -> bool:
    """Less than two points of a share or of NPS, or a fortieth of anything else: too little to act on."""
    smallest_change = 0.02 if row["unit"] == "share" else 2.0 if row["statistic"] == "nps" else abs(baseline) / 40.0
    return abs(value - baseline) < smallest_change


def _stale_touchpoint_item(row: DigestRow) -> str:
    """A touchpoint that never had an event; one that has been silent for long has an alert."""
    if row["last_evidence_at"] is not None:
        return ""
    return f"{titleize(row['name'])} ({row['location']}): on the map, but never in the data"
