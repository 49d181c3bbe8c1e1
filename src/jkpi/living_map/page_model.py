"""Build the view model of a page from the data of a journey. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jkpi.formatting.dates import format_short_date, format_timestamp
from jkpi.formatting.numbers import format_count, pluralize, titleize
from jkpi.living_map import charts, page_text
from jkpi.living_map.diagrams import DIAGRAMS, LANES, missing_lanes
from jkpi.living_map.headline import page_headline
from jkpi.living_map.kpi_views import PageDates, anchor, definition_view, kpi_view, moment_view
from jkpi.living_map.page_data import PageData, StageData, TouchpointData
from jkpi.living_map.sources import source_view
from jkpi.living_map.states import state_legend
from jkpi.living_map.timeline import timeline_json
from jkpi.living_map.transitions import StageOrder, score_views, transition_views
from jkpi.living_map.views import (
    DiagramView,
    IndexPage,
    KpiView,
    LabelledValue,
    MapPage,
    MomentView,
    StageView,
    TouchpointView,
)
from jkpi.state.alert_records import MomentState, OpenAlert

_TEXT_LANES = (
    *("goals", "actions", "feelings", "pains", "opportunities"),
    *("thoughts", "backstage", "support"),
)
WHOLE_JOURNEY = "the whole journey"

_ICONS = {
    "phone": "phone", "web": "web", "email": "email", "mail": "letter", "post": "letter", "letter": "letter",
    "store": "store", "shop": "store", "counter": "store", "field": "field", "on_site": "field", "chat": "chat",
    "app": "app", "mobile": "app", "sms": "chat", "back_office": "office", "machine": "machine", "portal": "web",
}  # fmt: skip


def build_page(
    page_data: PageData,
    states: Sequence[MomentState],
    now: datetime,
    *,
    synthetic: bool,
    alerts: Sequence[OpenAlert] = (),
) -> MapPage:
    """The page of one journey.

    Args:
        states: Of all journeys; those of this one are selected.
        alerts: The open alerts, likewise.
        now: Aware UTC.
    """
    zone = ZoneInfo(page_data.timezone)
    local = now.astimezone(zone)
    dates = PageDates(local.date(), page_data.last_week)
    by_moment = {state.moment: state for state in states if state.journey == page_data.journey}
    by_kpi = {moment.kpi: moment for moment in reversed(page_data.moments)}
    stage_titles = {stage.stage: stage.title for stage in page_data.stages}
    kpis = {kpi.kpi: kpi for kpi in page_data.kpis}

    def stage_title_of(kpi: str) -> str:
        stage = kpis[kpi].stage if kpi in kpis else None
        return stage_titles.get(stage, stage) if stage else WHOLE_JOURNEY

    kpi_views = {
        name: kpi_view(kpi, by_kpi.get(name), by_moment.get(by_kpi[name].moment) if name in by_kpi else None, dates)
        for name, kpi in kpis.items()
    }
    moments = {
        moment.moment: moment_view(
            moment,
            kpis.get(moment.kpi),
            by_moment.get(moment.moment),
            stage_title_of(moment.kpi),
            dates,
            [alert for alert in alerts if (alert.journey, alert.moment) == (page_data.journey, moment.moment)],
        )
        for moment in page_data.moments
    }
    stages = _stage_views(page_data, kpi_views, moments, now)
    headline = page_headline(tuple(moments.values()), page_data.is_measured and page_data.last_event_at is not None)
    owner_names = [page_data.owner, *(owner.value for stage in stages for owner in stage.owners)]
    return MapPage(
        journey=page_data.journey,
        file=file_name(page_data.journey),
        title=page_data.title,
        persona=page_data.persona,
        persona_detail=_segments_text(page_data.persona_segment),
        scope=_scope_text(page_data),
        owner=page_data.owner,
        version=_version_text(page_data, zone, local),
        as_of=f"{format_timestamp(local)} ({page_data.timezone})",
        newest=_newest_event_text(page_data, zone, local),
        synthetic=synthetic,
        headline=headline,
        moments=tuple(moments.values()),
        lanes=LANES,
        stages=stages,
        kpis=tuple(kpi_views[name] for name, kpi in kpis.items() if kpi.stage is None),
        sources=tuple(source_view(source, now, zone) for source in page_data.sources),
        unmapped_touchpoints=tuple(
            LabelledValue(format_count(unmapped.count_events), titleize(unmapped.touchpoint))
            for unmapped in page_data.unmapped_touchpoints
        ),
        definitions=tuple(definition_view(kpi, stage_title_of(name), dates) for name, kpi in kpis.items()),
        legend=state_legend(),
        diagrams=tuple(
            DiagramView(
                diagram.key,
                diagram.title,
                diagram.question,
                diagram.lanes,
                dict(diagram.dividers),
                missing_lanes(diagram, stages),
            )
            for diagram in DIAGRAMS
        ),
        owner_names=tuple(name for name in dict.fromkeys(owner_names) if name),
        timeline=timeline_json(page_data, dates, headline),
    )


def build_index(workspace: str, pages: Sequence[MapPage], now: datetime, *, synthetic: bool) -> IndexPage:
    """The page of all journeys, the most urgent first."""
    by_urgency = sorted(pages, key=lambda p: (-max((m.displayed_state.urgency for m in p.moments), default=0), p.title))
    return IndexPage(workspace, f"{format_timestamp(now.astimezone(UTC))} (UTC)", synthetic, tuple(by_urgency))


def file_name(journey: str) -> str:
    """`equipment_repair.html`. A journey called index does not overwrite the index."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", journey).strip("-") or "journey"
    return "journey-index.html" if stem.lower() == "index" else f"{stem}.html"


def _stage_views(
    page_data: PageData, kpis: Mapping[str, KpiView], moments: Mapping[str, MomentView], now: datetime
) -> tuple[StageView, ...]:
    busiest = max((stage.visits_28d or 0 for stage in page_data.stages), default=0)
    flows = [(stage.visits_28d or 0) / busiest if busiest else 0.0 for stage in page_data.stages]
    stage_order = StageOrder(tuple(s.stage for s in page_data.stages), {s.stage: s.title for s in page_data.stages})
    transitions_by_stage = transition_views(stage_order, page_data.insights.transitions)
    scores_by_stage = score_views(
        stage_order, page_data.insights, {t.touchpoint: t.stage for t in page_data.touchpoints}
    )
    population_note = " by all customers" if page_data.persona_segment else ""
    views = []
    for position, stage in enumerate(page_data.stages):
        previous = flows[position - 1] if position else None
        following = flows[position + 1] if position + 1 < len(flows) else None
        stage_kpis = [kpi.kpi for kpi in page_data.kpis if kpi.stage == stage.stage]
        stage_moments = [moment for moment in page_data.moments if moment.kpi in stage_kpis]
        views.append(
            StageView(
                stage=stage.stage,
                anchor=anchor("stage", stage.stage),
                number=position + 1,
                title=stage.title,
                owner=stage.owner,
                visits=_visits_text(stage),
                flow_ribbon=charts.flow_ribbon(previous, flows[position], following) if busiest else None,
                texts={lane.removesuffix("stage"): _lane_texts(stage, lane) for lane in _TEXT_LANES},
                touchpoints=tuple(
                    _touchpoint_view(t, now, population_note) for t in page_data.touchpoints if t.stage == stage.stage
                ),
                kpis=tuple(kpis[name] for name in stage_kpis),
                moments=tuple(moments[moment.moment] for moment in stage_moments),
                owners=(
                    *([LabelledValue(stage.owner, "the stage")] if stage.owner else []),
                    *(
                        LabelledValue(moments[m.moment].owner, moments[m.moment].title)
                        for m in stage_moments
                        if m.owner
                    ),
                ),
                transitions=transitions_by_stage[stage.stage],
                score=scores_by_stage.get(stage.stage),
                stories=_stories_by_release(stage),
                initiatives=_initiatives(stage, now),
            )
        )
    return tuple(views)


def _visits_text(stage: StageData) -> str:
    if stage.visits_28d is None:
        return "no data yet"
    return f"{pluralize(stage.visits_28d, 'visit')} in 28 days"


def _lane_texts(stage: StageData, lane: str) -> tuple[str, ...]:
    """The sentences of a lane, in the order of the map."""
    return tuple(str(text) for text in stage.content.get(lane) or ())


def _stories_by_release(stage: StageData) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(release, its stories), in the order of the map; stories without a release come last."""
    stories_by_release: dict[str, list[str]] = {}
    for story in stage.content.get("stories") or ():
        stories_by_release.setdefault(str(story.get("release") or ""), []).append(str(story["story"]))
    named = sorted(stories_by_release, key=lambda release: release == "")
    return tuple((release or "not scheduled", tuple(stories_by_release[release])) for release in named)


def _initiatives(stage: StageData, now: datetime) -> tuple[LabelledValue, ...]:
    figures = []
    for item in stage.content.get("initiatives") or ():
        due = date.fromisoformat(item["due"]) if item.get("due") else None
        overdue_text = " (overdue)" if due and due < now.date() else ""
        until = f"until {format_short_date(due, now.date())}{overdue_text}" if due else "no date"
        figures.append(LabelledValue(str(item["action"]), f"{item.get('owner') or stage.owner or 'no owner'}, {until}"))
    return tuple(figures)


def _touchpoint_view(touchpoint: TouchpointData, now: datetime, population_note: str) -> TouchpointView:
    """One touchpoint. `population_note`: that events are of all customers, if the map is of some customers only."""
    has_events = touchpoint.last_event_at is not None
    return TouchpointView(
        touchpoint=touchpoint.touchpoint,
        title=touchpoint.title or titleize(touchpoint.touchpoint),
        channel=titleize(touchpoint.channel).lower() if touchpoint.channel else "no channel",
        icon=_ICONS.get(touchpoint.channel, "other"),
        side=touchpoint.stage_side,
        confirmed=touchpoint.confirmation == "confirmed_by_customers",
        has_events=has_events,
        volume=_volume_text(touchpoint, population_note),
        last_event=page_text.format_time_ago(touchpoint.last_event_at, now.astimezone(UTC).replace(tzinfo=None))
        if touchpoint.last_event_at
        else "no data yet",
        staffed=touchpoint.is_staffed,
    )


def _volume_text(touchpoint: TouchpointData, population_note: str) -> str:
    if touchpoint.last_event_at is None:
        return ""
    if touchpoint.count_events_28d is not None:
        return f"{format_count(touchpoint.count_events_28d)} × in 28 days{population_note}"
    return f"{format_count(touchpoint.count_events)} × so far{population_note}" if touchpoint.count_events else ""


def _segments_text(segment: Mapping[str, object]) -> str | None:
    """`value tier: gold, platinum`."""
    parts = [
        f"{titleize(name).lower()}: {', '.join(map(str, values)) if isinstance(values, list) else values}"
        for name, values in segment.items()
    ]
    return "; ".join(parts) or None


def _scope_text(page_data: PageData) -> str | None:
    if not (page_data.starts_with and page_data.ends_with):
        return None
    titles = {t.touchpoint: t.title or titleize(t.touchpoint) for t in page_data.touchpoints}

    def quoted_titles(touchpoints: Sequence[str]) -> str:
        return " or ".join(f"“{titles.get(name, titleize(name)).lower()}”" for name in touchpoints)

    within = (
        f", within {page_text.format_declared_duration(page_data.window_seconds)}" if page_data.window_seconds else ""
    )
    return f"From {quoted_titles(page_data.starts_with)} to {quoted_titles(page_data.ends_with)}{within}"


def _version_text(page_data: PageData, zone: ZoneInfo, local: datetime) -> str:
    if page_data.valid_from is None:
        return str(page_data.version)
    since = page_data.valid_from.replace(tzinfo=UTC).astimezone(zone)
    return f"{page_data.version}, since {format_short_date(since.date(), local.date())}"


def _newest_event_text(page_data: PageData, zone: ZoneInfo, local: datetime) -> str:
    if page_data.last_event_at is None:
        return "no data yet"
    newest = page_data.last_event_at.replace(tzinfo=UTC).astimezone(zone)
    return f"{page_text.format_time_ago(newest, local)}"
