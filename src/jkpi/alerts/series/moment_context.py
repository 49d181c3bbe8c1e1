"""What maps and settings say about a moment beyond its evaluation: receivers, escalation, touchpoints, budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jkpi.alerts.series.watched import CONSOLE, WatchedMoment, watched_moments
from jkpi.config.settings import Settings
from jkpi.journeys.model import Journey

MomentKey = tuple[str, str]
"""Journey and moment."""


@dataclass(frozen=True)
class MomentContext:
    """touchpoints, pain_points: of the stage of the moment, or of all stages if its KPI is about the journey. survey:
    set if the KPI is measured from responses."""

    receivers: tuple[str, ...]
    timezone: str = "UTC"
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()
    pain_points: tuple[str, ...] = ()
    survey: str | None = None


def owner_receivers(owner: str | None, settings: Settings) -> tuple[str, ...]:
    """Receivers of an owner: as owners in jkpi.yml says, else the default receiver, else the console."""
    receivers = settings.alerting.owners.get(owner or "", ())
    return tuple(dict.fromkeys(receivers)) or (settings.default_receiver or CONSOLE,)


def moment_contexts(journeys: Iterable[Journey], settings: Settings) -> dict[MomentKey, MomentContext]:
    """Context of each moment of truth of the maps."""
    contexts = {}
    for journey in journeys:
        kpis = {kpi_id: (kpi, stage) for kpi_id, kpi, stage, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            kpi, stage = kpis[moment.kpi]
            stages = journey.stages if stage is None else [stage]
            escalate = moment.escalate
            contexts[journey.journey, moment.moment] = MomentContext(
                receivers=tuple(dict.fromkeys(moment.notify)) or owner_receivers(moment.owner, settings),
                timezone=journey.timezone,
                escalate_after=escalate.after if escalate else None,
                escalate_to=tuple(dict.fromkeys(escalate.to)) if escalate else (),
                touchpoints=tuple(
                    f"{touchpoint.display_title} ({touchpoint.channel})"
                    for stage_of_touchpoint in stages
                    for touchpoint in stage_of_touchpoint.touchpoints
                ),
                pain_points=tuple(pain for stage_of_touchpoint in stages for pain in stage_of_touchpoint.pains),
                survey=getattr(kpi, "survey", None),
            )
    return contexts


def configured_moments(journeys: Sequence[Journey], settings: Settings) -> list[WatchedMoment]:
    """Moments of truth of all maps, with the default receiver and false-alarm budget of the workspace."""
    return watched_moments(journeys, settings.default_receiver, settings.alerting.options.false_alarm_every)
