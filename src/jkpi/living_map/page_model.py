"""From the facts of a journey to its page. Pure: everything is formatted here, nothing is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jkpi.formatting import page_text
from jkpi.living_map import charts
from jkpi.living_map.diagrams import DIAGRAMS, LANES, lacks
from jkpi.living_map.headline import headline
from jkpi.living_map.kpi_views import Clock, anchor, definition_view, kpi_view, moment_view
from jkpi.living_map.page_data import Facts, Stage, Touchpoint
from jkpi.living_map.sources import source_view
from jkpi.living_map.states import legend
from jkpi.living_map.timeline import timeline
from jkpi.living_map.transitions import Way, path_views, score_views
from jkpi.living_map.views import (
    DiagramView,
    Figure,
    Index,
    KpiView,
    MomentView,
    Page,
    StageView,
    TouchpointView,
)
from jkpi.state.engine import MomentState
from jkpi.state.open_alerts import Fall

TEXT_LANES = (
    *("goals", "actions", "feelings", "pains", "opportunities"),
    *("thoughts", "back_stage", "support"),
)
WHOLE = "the whole journey"

_ICONS = {
    "phone": "phone", "web": "web", "email": "email", "mail": "letter", "post": "letter", "letter": "letter",
    "store": "store", "shop": "store", "counter": "store", "field": "field", "on_site": "field", "chat": "chat",
    "app": "app", "mobile": "app", "sms": "chat", "back_office": "office", "machine": "machine", "portal": "web",
}  # fmt: skip


def page(
    facts: Facts, states: Sequence[MomentState], now: datetime, *, synthetic: bool, falls: Sequence[Fall] = ()
) -> Page:
    """The page of one journey.

    Args:
        states: Of all journeys; those of this one are picked.
        falls: The open alerts, likewise.
        now: Aware UTC.
    """
    zone = ZoneInfo(facts.timezone)
    local = now.astimezone(zone)
    clock = Clock(local.date(), facts.last_week)
    by_moment = {state.moment: state for state in states if state.journey == facts.journey}
    by_kpi = {moment.kpi: moment for moment in reversed(facts.moments)}
    places = {stage.stage: stage.title for stage in facts.stages}
    kpis = {kpi.kpi: kpi for kpi in facts.kpis}

    def place_of(kpi: str) -> str:
        stage = kpis[kpi].stage if kpi in kpis else None
        return places.get(stage, stage) if stage else WHOLE

    kpi_views = {
        name: kpi_view(kpi, by_kpi.get(name), by_moment.get(by_kpi[name].moment) if name in by_kpi else None, clock)
        for name, kpi in kpis.items()
    }
    moments = {
        moment.moment: moment_view(
            moment,
            kpis.get(moment.kpi),
            by_moment.get(moment.moment),
            place_of(moment.kpi),
            clock,
            [fall for fall in falls if (fall.journey, fall.moment) == (facts.journey, moment.moment)],
        )
        for moment in facts.moments
    }
    stages = _stages(facts, kpi_views, moments, now)
    top = headline(tuple(moments.values()), facts.measured and facts.last_evidence_at is not None)
    people = [facts.owner, *(owner.value for stage in stages for owner in stage.owners)]
    return Page(
        journey=facts.journey,
        file=file_name(facts.journey),
        title=facts.title,
        persona=facts.persona,
        persona_detail=_segments(facts.persona_segment),
        scope=_scope(facts),
        owner=facts.owner,
        version=_version(facts, zone, local),
        as_of=f"{page_text.clock(local)} ({facts.timezone})",
        newest=_newest(facts, zone, local),
        synthetic=synthetic,
        headline=top,
        moments=tuple(moments.values()),
        lanes=LANES,
        stages=stages,
        kpis=tuple(kpi_views[name] for name, kpi in kpis.items() if kpi.stage is None),
        sources=tuple(source_view(source, now, zone) for source in facts.sources),
        strays=tuple(
            Figure(page_text.count(stray.count_events), page_text.humanise(stray.touchpoint)) for stray in facts.strays
        ),
        definitions=tuple(definition_view(kpi, place_of(name), clock) for name, kpi in kpis.items()),
        legend=legend(),
        diagrams=tuple(
            DiagramView(d.key, d.title, d.question, d.lanes, dict(d.lines), lacks(d, stages)) for d in DIAGRAMS
        ),
        people=tuple(name for name in dict.fromkeys(people) if name),
        timeline=timeline(facts, clock, top),
    )


def index(workspace: str, pages: Sequence[Page], now: datetime, *, synthetic: bool) -> Index:
    """The page of all journeys; those with something urgent stand first."""
    urgent = sorted(pages, key=lambda p: (-max((m.seen.urgency for m in p.moments), default=0), p.title))
    return Index(workspace, f"{page_text.clock(now.astimezone(UTC))} (UTC)", synthetic, tuple(urgent))


def file_name(journey: str) -> str:
    """`equipment_repair.html`. A journey called index does not take the place of the index."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", journey).strip("-") or "journey"
    return "journey-index.html" if stem.lower() == "index" else f"{stem}.html"


def _stages(
    facts: Facts, kpis: Mapping[str, KpiView], moments: Mapping[str, MomentView], now: datetime
) -> tuple[StageView, ...]:
    busiest = max((stage.visits_28d or 0 for stage in facts.stages), default=0)
    flows = [(stage.visits_28d or 0) / busiest if busiest else 0.0 for stage in facts.stages]
    way = Way(tuple(s.stage for s in facts.stages), {s.stage: s.title for s in facts.stages})
    went = path_views(way, facts.insights.moves)
    scored = score_views(way, facts.insights, {t.touchpoint: t.stage for t in facts.touchpoints})
    whose = " by all customers" if facts.persona_segment else ""
    views = []
    for place, stage in enumerate(facts.stages):
        before = flows[place - 1] if place else None
        after = flows[place + 1] if place + 1 < len(flows) else None
        here = [kpi.kpi for kpi in facts.kpis if kpi.stage == stage.stage]
        decided = [moment for moment in facts.moments if moment.kpi in here]
        views.append(
            StageView(
                stage=stage.stage,
                anchor=anchor("stage", stage.stage),
                number=place + 1,
                title=stage.title,
                owner=stage.owner,
                visits=_visits(stage),
                river=charts.river(before, flows[place], after) if busiest else None,
                texts={lane.removesuffix("_stage"): _texts(stage, lane) for lane in TEXT_LANES},
                touchpoints=tuple(_touchpoint(t, now, whose) for t in facts.touchpoints if t.stage == stage.stage),
                kpis=tuple(kpis[name] for name in here),
                moments=tuple(moments[moment.moment] for moment in decided),
                owners=(
                    *([Figure(stage.owner, "the stage")] if stage.owner else []),
                    *(Figure(moments[m.moment].owner, moments[m.moment].title) for m in decided if m.owner),
                ),
                paths=went[stage.stage],
                score=scored.get(stage.stage),
                stories=_stories(stage),
                under_way=_under_way(stage, now),
            )
        )
    return tuple(views)


def _visits(stage: Stage) -> str:
    if stage.visits_28d is None:
        return "no evidence yet"
    return f"{page_text.count(stage.visits_28d)} visit{'' if stage.visits_28d == 1 else 's'} in 28 days"


def _texts(stage: Stage, lane: str) -> tuple[str, ...]:
    """The sentences of a lane, in the order of the map."""
    return tuple(str(text) for text in stage.content.get(lane) or ())


def _stories(stage: Stage) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(release, its stories), in the order in which the map names the releases; what has none stands last."""
    slices: dict[str, list[str]] = {}
    for story in stage.content.get("stories") or ():
        slices.setdefault(str(story.get("release") or ""), []).append(str(story["story"]))
    named = sorted(slices, key=lambda release: release == "")
    return tuple((release or "not planned yet", tuple(slices[release])) for release in named)


def _under_way(stage: Stage, now: datetime) -> tuple[Figure, ...]:
    figures = []
    for item in stage.content.get("under_way") or ():
        due = date.fromisoformat(item["due"]) if item.get("due") else None
        late = " (overdue)" if due and due < now.date() else ""
        until = f"until {page_text.day(due, now.date())}{late}" if due else "no date"
        figures.append(Figure(str(item["action"]), f"{item.get('owner') or stage.owner or 'nobody yet'}, {until}"))
    return tuple(figures)


def _touchpoint(touchpoint: Touchpoint, now: datetime, whose: str) -> TouchpointView:
    """`whose`: what is to be said where the map is of some customers alone, for events are counted whoever had them."""
    seen = touchpoint.last_evidence_at is not None
    return TouchpointView(
        touchpoint=touchpoint.touchpoint,
        title=touchpoint.title or page_text.humanise(touchpoint.touchpoint),
        channel=page_text.humanise(touchpoint.channel).lower() if touchpoint.channel else "no channel",
        icon=_ICONS.get(touchpoint.channel, "other"),
        side=touchpoint.stage_side,
        confirmed=touchpoint.evidence == "confirmed_by_customers",
        seen=seen,
        volume=_volume(touchpoint, whose),
        last=page_text.ago(touchpoint.last_evidence_at, now.astimezone(UTC).replace(tzinfo=None))
        if touchpoint.last_evidence_at
        else "no evidence yet",
        staffed=touchpoint.is_staffed,
    )


def _volume(touchpoint: Touchpoint, whose: str) -> str:
    if touchpoint.last_evidence_at is None:
        return ""
    if touchpoint.count_events_28d is not None:
        return f"{page_text.count(touchpoint.count_events_28d)} × in 28 days{whose}"
    return f"{page_text.count(touchpoint.count_events)} × so far{whose}" if touchpoint.count_events else ""


def _segments(segment: Mapping[str, object]) -> str | None:
    """`value tier: gold, platinum`."""
    parts = [
        f"{page_text.humanise(name).lower()}: {', '.join(map(str, values)) if isinstance(values, list) else values}"
        for name, values in segment.items()
    ]
    return "; ".join(parts) or None


def _scope(facts: Facts) -> str | None:
    if not (facts.starts_with and facts.ends_with):
        return None
    titles = {t.touchpoint: t.title or page_text.humanise(t.touchpoint) for t in facts.touchpoints}

    def named(touchpoints: Sequence[str]) -> str:
        return " or ".join(f"“{titles.get(name, page_text.humanise(name)).lower()}”" for name in touchpoints)

    within = f", within {page_text.span(facts.window_seconds)}" if facts.window_seconds else ""
    return f"From {named(facts.starts_with)} to {named(facts.ends_with)}{within}"


def _version(facts: Facts, zone: ZoneInfo, local: datetime) -> str:
    if facts.valid_from is None:
        return str(facts.version)
    since = facts.valid_from.replace(tzinfo=UTC).astimezone(zone)
    return f"{facts.version}, since {page_text.day(since.date(), local.date())}"


def _newest(facts: Facts, zone: ZoneInfo, local: datetime) -> str:
    if facts.last_evidence_at is None:
        return "no evidence yet"
    newest = facts.last_evidence_at.replace(tzinfo=UTC).astimezone(zone)
    return f"{page_text.ago(newest, local)}"
