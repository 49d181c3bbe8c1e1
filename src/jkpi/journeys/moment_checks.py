"""Checks of a moment of truth: that it can be evaluated, and that it has a receiver. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jkpi.documents.validation_errors import did_you_mean
from jkpi.journeys.kpi_checks import UNIT_RANGES, is_median_only, range_findings
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.raw_map import Cursor, KpiCursor, LintFinding, MapOutline
from jkpi.journeys.types import NO_SEGMENT_VALUE, SEGMENT_SEPARATOR

_HALF = 0.5
WAVE_KINDS = ("csat", "nps", "ces", "emotion", "response_rate")
"""KPIs whose members name a survey wave, and that can be promised."""


@dataclass(frozen=True)
class KnownReceivers:
    """The receivers of the workspace. has_default: moments without receivers go to a default receiver."""

    names: Collection[str]
    has_default: bool


def moment_findings(moment: Cursor, outline: MapOutline, receivers: KnownReceivers | None) -> Iterator[LintFinding]:
    """Findings of one moment. receivers: those of the workspace; None leaves them unchecked."""
    yield from _kpi_findings(moment, outline)
    if receivers is not None:
        yield from _receiver_findings(moment, receivers)


def _kpi_findings(moment: Cursor, outline: MapOutline) -> Iterator[LintFinding]:
    reference = moment / "kpi"
    by_id = {kpi.id: kpi for kpi in outline.kpis}
    if reference.text is None:
        return
    kpi = by_id.get(reference.text)
    if kpi is None:
        if outline.knows_kpis:
            yield LintFinding(
                reference.location, f"this map has no KPI {reference.text!r}", did_you_mean(reference.text, by_id)
            )
        return
    if kpi.kind not in KPI_KINDS:
        return
    period = moment / "period"
    if period.text == "wave" and kpi.kind not in WAVE_KINDS:
        kinds = ", ".join(WAVE_KINDS)
        yield LintFinding(
            period.location,
            f"period: wave is for KPIs of surveys ({kinds}), and {kpi.id} is {kpi.kind}",
            "write period: day or period: week",
        )
    baseline = moment / "baseline"
    if period.text == "wave" and baseline.text == "local":
        text = "a survey wave is compared with the earlier waves, not with the last weeks"
        yield LintFinding(baseline.location, f"baseline: local has no effect: {text}", "leave baseline: out")
    reason = KPI_KINDS[kpi.kind].no_promise_reason
    if reason:
        yield LintFinding(reference.location, f"{kpi.id} cannot be promised: {reason}")
    elif is_median_only(kpi):
        yield from _median_findings(moment, kpi)
    else:
        yield from _promise_findings(moment, kpi)


def _median_findings(moment: Cursor, kpi: KpiCursor) -> Iterator[LintFinding]:
    """A time without tolerance is evaluated by the share done within the usual median, which is half of the cases."""
    promise, min_drop = moment / "promise", moment / "min_drop"
    if promise.value is not None:
        hint = "give the KPI a tolerance, or leave promise: out and evaluate how many cases take longer than usual"
        yield LintFinding(promise.location, f"{kpi.id} is a median and has no share that could be promised", hint)
    if min_drop.number is not None and min_drop.number >= _HALF:
        text = f"min_drop is {min_drop.number:g}, but only half of the cases are done within the median of {kpi.id}"
        yield LintFinding(min_drop.location, text, "use a smaller share, such as 0.1")
    baseline = moment / "baseline"
    if baseline.text == "local":
        text = f"{kpi.id} is compared with its usual median, which follows slow changes anyway"
        yield LintFinding(baseline.location, f"baseline: local has no effect: {text}", "leave baseline: out")
    if (kpi.cursor / "direction").text == "higher":
        yield LintFinding(
            (moment / "kpi").location,
            f"a longer {kpi.id} is better (direction: higher), so it cannot be a moment of truth without a promise",
        )


def _promise_findings(moment: Cursor, kpi: KpiCursor) -> Iterator[LintFinding]:
    """Each promise must be in range, with room below (or above) it for the minimum drop. Without a promise the moment
    is compared with its baseline alone."""
    promise = moment / "promise"
    if not isinstance(promise.value, dict):
        yield from _number_findings(promise, "the promise", moment, kpi)
        return
    yield from _number_findings(promise / "default", "the default promise", moment, kpi)
    watched = [name for name, _ in (moment / "segments").names()]
    for segment in (promise / "by").key_cursors():
        values = promise / "by" / str(segment.value)
        if segment.value not in watched:
            hint = did_you_mean(str(segment.value), watched) or f"add {segment.value} to segments: of the moment"
            yield LintFinding(
                segment.location, f"the moment does not evaluate the segment {segment.value!r} that is promised", hint
            )
        for value in values.key_cursors():
            name = f"{segment.value} = {value.value}"
            yield from _segment_value_findings(str(segment.value), value)
            number = Cursor(values.value[value.value], value.location)
            yield from _number_findings(number, f"the promise to {name}", moment, kpi)


def _segment_value_findings(segment: str, value: Cursor) -> Iterator[LintFinding]:
    """A value must have as many parts as its segment; what has no value is not evaluated."""
    parts = str(value.value).split(SEGMENT_SEPARATOR)
    expected = segment.split(SEGMENT_SEPARATOR)
    if NO_SEGMENT_VALUE in parts:
        yield LintFinding(
            value.location, f"customers without a value of {segment} are not evaluated, so they cannot be promised"
        )
    elif len(expected) > 1 and len(parts) != len(expected):
        example = SEGMENT_SEPARATOR.join(f"VALUE_OF_{part.upper()}" for part in expected)
        yield LintFinding(
            value.location, f"{value.value!r} is no value of the combination {segment}", f"write it as {example}"
        )


def _number_findings(promise: Cursor, label: str, moment: Cursor, kpi: KpiCursor) -> Iterator[LintFinding]:
    unit, min_drop = KPI_KINDS[kpi.kind].unit, moment / "min_drop"
    out_of_range = list(range_findings(promise, unit, label))
    yield from out_of_range
    if out_of_range or promise.number is None or min_drop.number is None:
        return
    low, high = UNIT_RANGES[unit]
    direction = (kpi.cursor / "direction").text or KPI_KINDS[kpi.kind].default_direction
    alert_line = promise.number - min_drop.number if direction == "higher" else promise.number + min_drop.number
    if not low <= alert_line <= high:
        yield LintFinding(
            min_drop.location,
            f"a drop of {min_drop.number:g} from {label} of {promise.number:g} ends at {alert_line:g},"
            f" which {kpi.id} can never reach",
        )


def _receiver_findings(moment: Cursor, receivers: KnownReceivers) -> Iterator[LintFinding]:
    references = [*(moment / "notify").names(), *(moment / "escalate" / "to").names()]
    for name, cursor in references:
        if name not in receivers.names:
            hint = did_you_mean(name, receivers.names) or "define it under receivers:"
            yield LintFinding(cursor.location, f"jkpi.yml has no receiver {name!r}", hint)
    if isinstance(moment.value, dict) and not (moment / "notify").value and not receivers.has_default:
        yield LintFinding(
            moment.location,
            "nobody is notified when this moment drops",
            "add notify:, or set default_receiver: in jkpi.yml",
        )
