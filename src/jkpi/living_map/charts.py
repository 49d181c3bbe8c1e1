"""Charts as SVG text. Pure; colours and line widths come from the style sheet.

Geometry: x is time, one slot a week, the newest at the right; y is linear between the bounds of what is drawn.
The interval band is clipped to the frame, so one week with few cases cannot flatten all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import median

from markupsafe import Markup, escape

WEEKS_SHOWN = 26


@dataclass(frozen=True)
class WeekPoint:
    """One week. `value` None or `status` withheld: nothing is drawn, the line breaks. `label` is the tooltip."""

    start: date
    value: float | None
    low: float | None
    high: float | None
    status: str
    label: str


@dataclass(frozen=True)
class ReferenceLine:
    """A level to compare with: `kind` (target, promise) becomes the class, `label` is written at its end."""

    level: float
    kind: str
    label: str


@dataclass(frozen=True)
class PlotArea:
    """The plot area: a viewBox of `width` x `height`, the plot inside the margins, `low`..`high` on the y axis."""

    end: date
    low: float
    high: float
    width: float = 200.0
    height: float = 60.0
    top: float = 6.0
    bottom: float = 6.0
    left: float = 4.0
    right: float = 4.0
    weeks: int = WEEKS_SHOWN

    @property
    def slot(self) -> float:
        return (self.width - self.left - self.right) / self.weeks

    @property
    def start(self) -> date:
        return self.end - timedelta(weeks=self.weeks - 1)

    def x(self, monday: date) -> float:
        """The middle of a week's slot."""
        return self.x_of_day(monday) + self.slot / 2

    def x_of_day(self, day: date) -> float:
        """The x position of the beginning of a day, limited to the plot."""
        position = self.left + self.slot * (day - self.start).days / 7
        return min(max(position, self.left), self.width - self.right)

    def y(self, value: float) -> float:
        fraction = (value - self.low) / (self.high - self.low)
        return self.top + (1.0 - min(max(fraction, 0.0), 1.0)) * (self.height - self.top - self.bottom)


def plot_area_for(
    points: Sequence[WeekPoint],
    reference_lines: Sequence[ReferenceLine],
    end: date,
    *,
    large: bool = False,
    slots: int = WEEKS_SHOWN,
) -> PlotArea:
    """A plot area that fits every value, every level and intervals of median width."""
    shown_points = [point for point in points if point.value is not None and point.status != "withheld"]
    values = [point.value for point in shown_points if point.value is not None]
    below = [point.value - point.low for point in shown_points if point.value is not None and point.low is not None]
    above = [point.high - point.value for point in shown_points if point.value is not None and point.high is not None]
    levels = values + [reference_line.level for reference_line in reference_lines]
    low = min(levels + ([min(values) - median(below)] if below else []), default=0.0)
    high = max(levels + ([max(values) + median(above)] if above else []), default=1.0)
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    if large:
        return PlotArea(end, low, high, 360.0, 118.0, 10.0, 20.0, 6.0, 44.0, slots)
    return PlotArea(end, low, high, weeks=slots)


def sparkline(
    points: Sequence[WeekPoint],
    reference_lines: Sequence[ReferenceLine],
    end: date,
    *,
    label: str,
    open_since: date | None = None,
    large: bool = False,
    slot_names: Sequence[str] | None = None,
) -> Markup:
    """The last 26 weeks up to the week of Monday `end`; or all survey waves, each in the slot of a week.

    Args:
        points: Oldest first, at most one a week.
        reference_lines: Levels drawn as dashed lines.
        label: What a screen reader says instead of the drawing.
        open_since: The day from which an alert is open; marked by a flag and a tint.
        large: Draw month names below, and write the levels at the right.
        slot_names: Of survey waves, one a point: the slots are as many as the points, with these names below.
    """
    slots = WEEKS_SHOWN if slot_names is None else max(len(slot_names), 2)
    shown = [point for point in points if end - timedelta(weeks=slots) < point.start <= end]
    plot_area = plot_area_for(shown, reference_lines, end, large=large, slots=slots)
    parts = [
        *([_alert_marker(plot_area, open_since)] if open_since is not None else []),
        *(_withheld_shade(plot_area, point) for point in shown if point.status == "withheld"),
        *_interval_bands(plot_area, shown),
        *(_reference_line_path(plot_area, reference_line, large) for reference_line in reference_lines),
        *_line_paths(plot_area, shown),
        *_week_dots(plot_area, shown),
        *(
            (_month_axis(plot_area) if slot_names is None else _name_axis(plot_area, shown, slot_names))
            if large
            else ()
        ),
        *(_tooltip_area(plot_area, point) for point in shown if point.label),
    ]
    return Markup(
        '<svg class="chart{size}" viewBox="0 0 {w:g} {h:g}" role="img" aria-label="{label}">{body}</svg>'
    ).format(
        size=" chart-large" if large else "",
        w=plot_area.width,
        h=plot_area.height,
        label=label,
        body=Markup("").join(parts),
    )


def stacked_bar(parts: Sequence[tuple[str, float, str]]) -> Markup:
    """One bar divided into shares (class, share 0..1, tooltip) that add up to 1: promoters, passives, detractors."""
    body, x = [], 0.0
    for kind, proportion, label in parts:
        width = 240.0 * proportion
        body.append(
            Markup(
                '<rect class="part part-{}" x="{:.2f}" y="0" width="{:.2f}" height="8"><title>{}</title></rect>'
            ).format(kind, x, max(width - 1.0, 0.0), label)
        )
        x += width
    aria_label = ", ".join(label for _, _, label in parts)
    return Markup(
        '<svg class="stack" viewBox="0 0 240 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(aria_label, Markup("").join(body))


def flow_ribbon(previous: float | None, current: float, following: float | None) -> Markup:
    """The part of the flow in one column; adjacent parts meet half way.

    Args:
        previous, current, following: Share (0..1) of the busiest stage; None where there is no stage.
    """
    middle, max_half_height, min_half_height = 24.0, 21.0, 1.0

    def half(share: float) -> float:
        return max(share * max_half_height, min_half_height)

    left = half(current if previous is None else (previous + current) / 2)
    right = half(current if following is None else (current + following) / 2)
    core = half(current)
    path = (
        f"M-0.4 {middle - left:.2f}C16 {middle - left:.2f} 30 {middle - core:.2f} 50 {middle - core:.2f}"
        f"S84 {middle - right:.2f} 100.4 {middle - right:.2f}V{middle + right:.2f}"
        f"C84 {middle + right:.2f} 70 {middle + core:.2f} 50 {middle + core:.2f}"
        f"S16 {middle + left:.2f} -0.4 {middle + left:.2f}Z"
    )
    return Markup(
        '<svg class="flow-ribbon" viewBox="0 0 100 48" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}"/></svg>'
    ).format(path)


def _is_drawn(point: WeekPoint) -> bool:
    return point.value is not None and point.status != "withheld"


def _unbroken_runs(points: Sequence[WeekPoint]) -> list[list[WeekPoint]]:
    """Unbroken weeks: a missing, empty or withheld week ends a run."""
    shown_points = [point for point in points if _is_drawn(point)]
    numbered = enumerate(shown_points)
    return [
        [point for _, point in group]
        for _, group in groupby(numbered, key=lambda pair: pair[1].start.toordinal() // 7 - pair[0])
    ]


def _interval_bands(plot_area: PlotArea, points: Sequence[WeekPoint]) -> list[Markup]:
    bands = []
    for run in _unbroken_runs(points):
        bounded = [point for point in run if point.low is not None and point.high is not None]
        if not bounded:
            continue
        half = plot_area.slot / 2 if len(bounded) == 1 else 0.0
        upper = [(plot_area.x(point.start), plot_area.y(point.high or 0.0)) for point in bounded]
        lower = [(plot_area.x(point.start), plot_area.y(point.low or 0.0)) for point in reversed(bounded)]
        if half:
            (x, top), (_, bottom) = upper[0], lower[0]
            upper, lower = [(x - half, top), (x + half, top)], [(x + half, bottom), (x - half, bottom)]
        outline = " ".join(f"{x:.2f},{y:.2f}" for x, y in upper + lower)
        bands.append(Markup('<polygon class="band" points="{}"/>').format(outline))
    return bands


def _line_paths(plot_area: PlotArea, points: Sequence[WeekPoint]) -> list[Markup]:
    lines = []
    for run in _unbroken_runs(points):
        final_points = [point for point in run if point.status == "final"]
        provisional_points = [point for point in run if point.status != "final"]
        bridge = (
            final_points[-1:]
            if provisional_points and final_points and final_points[-1].start < provisional_points[0].start
            else []
        )
        for kind, part in (("line", final_points), ("line line-open", [*bridge, *provisional_points])):
            if len(part) > 1:
                path = "L".join(
                    f"{plot_area.x(point.start):.2f} {plot_area.y(point.value or 0.0):.2f}" for point in part
                )
                lines.append(Markup('<path class="{}" d="M{}"/>').format(kind, path))
    return lines


def _week_dots(plot_area: PlotArea, points: Sequence[WeekPoint]) -> list[Markup]:
    """Provisional weeks hollow; the newest final one filled; a final week without neighbours is a small dot."""
    final = [point for point in points if _is_drawn(point) and point.status == "final"]
    isolated_weeks = {run[0].start for run in _unbroken_runs(points) if len(run) == 1}
    dots = []
    for point in points:
        if not _is_drawn(point):
            continue
        kind, radius = "", 0.0
        if point.status != "final":
            kind, radius = "dot-open", 2.6
        elif point is final[-1]:
            kind, radius = "dot-last", 3.2
        elif point.start in isolated_weeks:
            kind, radius = "dot-alone", 1.6
        if kind:
            x, y = plot_area.x(point.start), plot_area.y(point.value or 0.0)
            dots.append(Markup('<circle class="dot {}" cx="{:.2f}" cy="{:.2f}" r="{:g}"/>').format(kind, x, y, radius))
    return dots


def _reference_line_path(plot_area: PlotArea, reference_line: ReferenceLine, large: bool) -> Markup:
    y, end = plot_area.y(reference_line.level), plot_area.width - plot_area.right
    line = Markup('<path class="rule rule-{}" d="M{:g} {:.2f}H{:g}"/>').format(
        reference_line.kind, plot_area.left, y, end
    )
    if not large:
        return line
    return line + Markup('<text class="rule-label" x="{:g}" y="{:.2f}">{}</text>').format(
        end + 5, y + 3.5, reference_line.label
    )


def _withheld_shade(plot_area: PlotArea, point: WeekPoint) -> Markup:
    x, height = plot_area.x_of_day(point.start), plot_area.height - plot_area.top - plot_area.bottom
    return Markup('<rect class="withheld" x="{:.2f}" y="{:g}" width="{:.2f}" height="{:g}"/>').format(
        x, plot_area.top, plot_area.slot, height
    )


def _alert_marker(plot_area: PlotArea, since: date) -> Markup:
    x, end = plot_area.x_of_day(since), plot_area.width - plot_area.right
    floor = plot_area.height - plot_area.bottom
    return Markup(
        '<g class="alert"><rect class="alert-tint" x="{x:.2f}" y="{top:g}" width="{w:.2f}" height="{h:g}"/>'
        '<path class="alert-pole" d="M{x:.2f} {floor:g}V1"/>'
        '<path class="alert-flag" d="M{x:.2f} 1h{dx}l{back} 3l{forth} 3h{mdx}z"/></g>'
    ).format(
        x=x,
        top=plot_area.top,
        w=max(end - x, 0.0),
        h=floor - plot_area.top,
        floor=floor,
        **(
            {"dx": 9, "back": -2, "forth": 2, "mdx": -9}
            if x < end - 9
            else {"dx": -9, "back": 2, "forth": -2, "mdx": 9}
        ),
    )


def _month_axis(plot_area: PlotArea) -> list[Markup]:
    """A tick and a name at every first of the month."""
    floor = plot_area.height - plot_area.bottom
    ticks = [
        Markup('<path class="axis" d="M{:g} {:g}H{:g}"/>').format(
            plot_area.left, floor, plot_area.width - plot_area.right
        )
    ]
    months = [day for day in (plot_area.start + timedelta(days=n) for n in range(7 * plot_area.weeks)) if day.day == 1]
    for day in months:
        x = plot_area.x_of_day(day)
        ticks.append(Markup('<path class="axis" d="M{:.2f} {:g}v3"/>').format(x, floor))
        if x < plot_area.width - plot_area.right - 14:
            ticks.append(
                Markup('<text class="month" x="{:.2f}" y="{:g}">{}</text>').format(x + 2, floor + 13, f"{day:%b}")
            )
    return ticks


def _name_axis(plot_area: PlotArea, points: Sequence[WeekPoint], names: Sequence[str]) -> list[Markup]:
    """A tick and a name at every point; only as many names as have room."""
    floor = plot_area.height - plot_area.bottom
    parts = [
        Markup('<path class="axis" d="M{:g} {:g}H{:g}"/>').format(
            plot_area.left, floor, plot_area.width - plot_area.right
        )
    ]
    room = 7.0 * max(len(name) for name in names) + 6.0
    free_from = 0.0
    for point, name in zip(points, names, strict=True):
        x = plot_area.x(point.start)
        parts.append(Markup('<path class="axis" d="M{:.2f} {:g}v3"/>').format(x, floor))
        start = max(x - room / 2, plot_area.left)
        if start >= free_from and start + room <= plot_area.width:
            parts.append(Markup('<text class="month" x="{:.2f}" y="{:g}">{}</text>').format(start, floor + 13, name))
            free_from = start + room
    return parts


def _tooltip_area(plot_area: PlotArea, point: WeekPoint) -> Markup:
    x = plot_area.x_of_day(point.start)
    return Markup('<rect class="hit" x="{:.2f}" y="0" width="{:.2f}" height="{:g}"><title>{}</title></rect>').format(
        x, plot_area.slot, plot_area.height, escape(point.label)
    )
