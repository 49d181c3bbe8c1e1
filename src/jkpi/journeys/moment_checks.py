"""Whether a moment of truth can be judged, and whether somebody would be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jkpi.documents.documents import nearest
from jkpi.journeys.kpi_checks import RANGES, has_no_share, in_range
from jkpi.journeys.kpi_registry import KINDS
from jkpi.journeys.raw_map import Finding, KpiPlace, Outline, Place

_HALF = 0.5


@dataclass(frozen=True)
class Receivers:
    """The receivers that the workspace knows, and whether one of them takes what names nobody."""

    names: Collection[str]
    has_default: bool


def moment_findings(moment: Place, plan: Outline, receivers: Receivers | None) -> Iterator[Finding]:
    """What does not fit of one moment. `receivers` None: they are not known here, and not checked."""
    yield from _rests_on(moment, plan)
    if receivers is not None:
        yield from _told(moment, receivers)


def _rests_on(moment: Place, plan: Outline) -> Iterator[Finding]:
    wanted = moment / "kpi"
    by_id = {kpi.id: kpi for kpi in plan.kpis}
    if wanted.text is None:
        return
    kpi = by_id.get(wanted.text)
    if kpi is None:
        if plan.knows_kpis:
            yield Finding(wanted.at, f"this map has no KPI {wanted.text!r}", nearest(wanted.text, by_id))
        return
    if kpi.kind not in KINDS:
        return
    reason = KINDS[kpi.kind].no_promise
    if reason:
        yield Finding(wanted.at, f"no moment can rest on {kpi.id}, which is {kpi.kind}: {reason}")
    elif has_no_share(kpi):
        yield from _no_promise(moment, kpi)
    else:
        yield from _promise(moment, kpi)


def _no_promise(moment: Place, kpi: KpiPlace) -> Iterator[Finding]:
    """What has no tolerance is judged by the share that is done within the usual median: of that all could be lost."""
    promise, fall = moment / "promise", moment / "falls_off_by"
    if promise.value is not None:
        hint = "give that KPI a tolerance, or leave promise: out: it is judged by how many take longer than usual"
        yield Finding(promise.at, f"{kpi.id} has a median but no share that could be promised", hint)
    if fall.number is not None and fall.number >= _HALF:
        text = f"half of {kpi.id} is done within its median: a fall of {fall.number:g} leaves nobody"
        yield Finding(fall.at, text, "a share, such as 0.1")
    if (kpi.place / "direction").text == "higher":
        yield Finding((moment / "kpi").at, f"of {kpi.id} more is better: that it takes longer is no fall")


def _promise(moment: Place, kpi: KpiPlace) -> Iterator[Finding]:
    """The promise is in range, and there is room below (or above) it for the fall that is waited for."""
    unit = KINDS[kpi.kind].unit
    promise, fall = moment / "promise", moment / "falls_off_by"
    if promise.value is None and isinstance(moment.value, dict):
        yield Finding(moment.at, f"nothing is promised of {kpi.id}", "write promise:, such as 0.9")
    outside = list(in_range(promise, unit, "the promise"))
    yield from outside
    if outside or promise.number is None or fall.number is None:
        return
    low, high = RANGES[unit]
    better = (kpi.place / "direction").text or KINDS[kpi.kind].better
    line = promise.number - fall.number if better == "higher" else promise.number + fall.number
    if not low <= line <= high:
        yield Finding(
            fall.at,
            f"a fall of {fall.number:g} from the promise of {promise.number:g} would be at {line:g}, which {kpi.id}"
            " can never reach",
        )


def _told(moment: Place, receivers: Receivers) -> Iterator[Finding]:
    wanted = [*(moment / "notify").names(), *(moment / "escalate" / "to").names()]
    for name, place in wanted:
        if name not in receivers.names:
            hint = nearest(name, receivers.names) or "declare it under receivers:"
            yield Finding(place.at, f"jkpi.yml has no receiver {name!r}", hint)
    if isinstance(moment.value, dict) and not (moment / "notify").value and not receivers.has_default:
        yield Finding(
            moment.at,
            "nobody would be told when this moment falls off",
            "write notify:, or default_receiver: in jkpi.yml",
        )
