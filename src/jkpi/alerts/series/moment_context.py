"""What the maps and `jkpi.yml` say of a moment that its judge need not know: who hears of it, where it happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from jkpi.alerts.series.watched import CONSOLE
from jkpi.config.settings import Settings
from jkpi.journeys.model import Journey

Moment = tuple[str, str]
"""Journey and moment."""


@dataclass(frozen=True)
class Backdrop:
    """`touchpoints` and `pains` are those of the moment's stage, of all stages for a KPI of the journey as a whole;
    `survey` is set where the KPI rests on answers."""

    receivers: tuple[str, ...]
    timezone: str = "UTC"
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()
    pains: tuple[str, ...] = ()
    survey: str | None = None


def receivers_of(owner: str | None, settings: Settings) -> tuple[str, ...]:
    """Who stands behind an owner: what `owners` says, else the default receiver, else the console."""
    known = settings.telling.owners.get(owner or "", ())
    return tuple(dict.fromkeys(known)) or (settings.default_receiver or CONSOLE,)


def backdrops(journeys: Iterable[Journey], settings: Settings) -> dict[Moment, Backdrop]:
    """One for each moment of truth of the maps."""
    found = {}
    for journey in journeys:
        kpis = {kpi_id: (kpi, stage) for kpi_id, kpi, stage, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            kpi, stage = kpis[moment.kpi]
            stages = journey.stages if stage is None else [stage]
            escalate = moment.escalate
            found[journey.journey, moment.moment] = Backdrop(
                receivers=tuple(dict.fromkeys(moment.notify)) or receivers_of(moment.owner, settings),
                timezone=journey.timezone,
                escalate_after=escalate.after if escalate else None,
                escalate_to=tuple(dict.fromkeys(escalate.to)) if escalate else (),
                touchpoints=tuple(f"{one.shown} ({one.channel})" for at in stages for one in at.touchpoints),
                pains=tuple(pain for at in stages for pain in at.pains),
                survey=getattr(kpi, "survey", None),
            )
    return found
