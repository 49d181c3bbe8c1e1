"""The geometry of the drawings, read back from the SVG."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from itertools import pairwise

import pytest

from jkpi.living_map import charts
from jkpi.living_map.charts import ReferenceLine, WeekPoint

END = date(2026, 6, 29)


def weeks(*values: float | None, status: str = "final") -> list[WeekPoint]:
    """The newest weeks, the last of them END; an interval of 0.1 around each."""
    first = END - timedelta(weeks=len(values) - 1)
    return [
        WeekPoint(
            first + timedelta(weeks=n),
            value,
            None if value is None else value - 0.1,
            None if value is None else value + 0.1,
            status,
            f"week {n}",
        )
        for n, value in enumerate(values)
    ]


def draw(points: list[WeekPoint], *rules: ReferenceLine, **more: object) -> ET.Element:
    return ET.fromstring(charts.sparkline(points, list(rules), END, label="a label", **more))  # type: ignore[arg-type]


def path_points(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split())) for pair in path.removeprefix("M").split("L")]  # type: ignore[misc]


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in svg.iter() if name in element.get("class", "").split()]


def test_a_line_is_linear_in_value_and_time() -> None:
    svg = draw(weeks(0.2, 0.4, 0.6, 0.8))
    (line,) = of_class(svg, "line")
    points = path_points(line.get("d", ""))
    steps = [(right[0] - left[0], left[1] - right[1]) for left, right in pairwise(points)]
    assert len(points) == 4
    for across, up in steps:
        assert across == pytest.approx(steps[0][0], abs=0.02)
        assert up == pytest.approx(steps[0][1], abs=0.02)
        assert across > 0
        assert up > 0


def test_everything_stays_inside_the_frame() -> None:
    points = weeks(0.01, 0.99, 0.5, 0.7)
    wild = [*points[:-1], WeekPoint(points[-1].start, 0.7, -40.0, 40.0, "final", "few cases")]
    svg = draw(wild, ReferenceLine(0.9, "promise", "90 %"), large=True)
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for band in of_class(svg, "band"):
        for pair in band.get("points", "").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    for dot in of_class(svg, "dot"):
        assert 0 <= float(dot.get("cx", "-1")) <= width


def test_one_week_of_few_cases_does_not_flatten_the_others() -> None:
    calm, wild = weeks(0.5, 0.6, 0.5, 0.6), weeks(0.5, 0.6, 0.5, 0.6)
    wild[1] = WeekPoint(wild[1].start, 0.6, -30.0, 30.0, "final", "few cases")
    assert charts.plot_area_for(wild, [], END) == charts.plot_area_for(calm, [], END)


def test_a_gap_breaks_line_and_band() -> None:
    svg = draw(weeks(0.5, 0.6, None, 0.6, 0.5))
    assert [len(path_points(line.get("d", ""))) for line in of_class(svg, "line")] == [2, 2]
    assert len(of_class(svg, "band")) == 2


def test_a_withheld_week_is_a_hatched_gap_without_its_value() -> None:
    points = weeks(0.5, 0.6, 0.7, 0.6, 0.5)
    points[2] = WeekPoint(points[2].start, 0.7, 0.6, 0.8, "withheld", "withheld")
    svg = draw(points)
    (hatch,) = of_class(svg, "withheld")
    left, width = float(hatch.get("x", "")), float(hatch.get("width", ""))
    frame = charts.plot_area_for(points, [], END)
    assert left < frame.x(points[2].start) < left + width
    assert [len(path_points(line.get("d", ""))) for line in of_class(svg, "line")] == [2, 2]


def test_provisional_weeks_are_hollow_and_joined_by_a_broken_line() -> None:
    final, newest = weeks(0.5, 0.6, 0.5, 0.4), weeks(0.3, 0.2)
    points = [*final[:2], *(WeekPoint(p.start, p.value, p.low, p.high, "provisional", p.label) for p in newest)]
    points = [
        WeekPoint(END - timedelta(weeks=3 - n), p.value, p.low, p.high, p.status, p.label) for n, p in enumerate(points)
    ]
    svg = draw(points)
    assert len(of_class(svg, "dot-open")) == 2
    assert len(of_class(svg, "dot-last")) == 1
    (broken,) = of_class(svg, "line-open")
    assert len(path_points(broken.get("d", ""))) == 3
    (last,) = of_class(svg, "dot-last")
    assert float(last.get("cx", "")) == pytest.approx(
        charts.plot_area_for(points, [], END).x(points[1].start), abs=0.01
    )


def test_the_promise_stands_at_its_level_between_the_values() -> None:
    points = weeks(0.4, 0.8)
    svg = draw(points, ReferenceLine(0.6, "promise", "60 %"))
    (rule,) = of_class(svg, "rule-promise")
    height = float(rule.get("d", "").split()[1].split("H")[0])
    (line,) = of_class(svg, "line")
    (_, low), (_, high) = path_points(line.get("d", ""))
    assert height == pytest.approx((low + high) / 2, abs=0.02)


def test_an_open_alert_is_marked_from_its_first_day() -> None:
    points, since = weeks(0.5, 0.6, 0.5, 0.4), END - timedelta(days=10)
    svg = draw(points, open_since=since)
    (tint,) = of_class(svg, "alert-tint")
    frame = charts.plot_area_for(points, [], END)
    start, end = float(tint.get("x", "")), float(tint.get("x", "")) + float(tint.get("width", ""))
    assert frame.x(END - timedelta(weeks=2)) < start < frame.x(END - timedelta(weeks=1))
    assert end == pytest.approx(frame.width - frame.right, abs=0.01)
    assert not of_class(draw(points), "alert")


def test_weeks_outside_the_window_are_not_drawn() -> None:
    old = WeekPoint(END - timedelta(weeks=26), 0.5, 0.4, 0.6, "final", "old")
    svg = draw([old, *weeks(0.5, 0.6)])
    assert len(of_class(svg, "hit")) == 2


def test_a_chart_without_values_is_drawn() -> None:
    svg = draw([])
    assert not of_class(svg, "line")
    assert svg.get("aria-label") == "a label"


def test_labels_are_escaped() -> None:
    point = WeekPoint(END, 0.5, None, None, "final", "<b>&")
    svg = ET.fromstring(charts.sparkline([point], [], END, label='"><script>'))
    assert svg.get("aria-label") == '"><script>'
    assert [title.text for title in svg.iter("title")] == ["<b>&"]


def test_a_stack_fills_its_width() -> None:
    svg = ET.fromstring(charts.stacked_bar([("promoters", 0.5, "a"), ("passives", 0.3, "b"), ("detractors", 0.2, "c")]))
    starts = [float(part.get("x", "")) for part in of_class(svg, "part")]
    assert starts == pytest.approx([0, 120, 192])


def test_the_curves_of_the_flow_join() -> None:
    def edges(path: str) -> tuple[float, float]:
        return float(path.split("C")[0].split()[1]), float(path.split("V")[0].split()[-1])

    first = ET.fromstring(charts.flow_ribbon(None, 1.0, 0.4)).find("path")
    second = ET.fromstring(charts.flow_ribbon(1.0, 0.4, None)).find("path")
    assert first is not None
    assert second is not None
    assert edges(first.get("d", ""))[1] == edges(second.get("d", ""))[0]


def test_survey_waves_fill_the_chart_with_a_name_each() -> None:
    points, names = weeks(*[0.7, 0.72, 0.74] * 10), [str(1996 + n) for n in range(30)]
    svg = draw(points, large=True, slot_names=names)
    (line,) = of_class(svg, "line")
    drawn = path_points(line.get("d", ""))
    assert len(drawn) == 30, "all waves, more than the 26 weeks"
    _, _, width, _ = map(float, svg.get("viewBox", "").split())
    assert drawn[0][0] < 20
    assert drawn[-1][0] > 0.8 * width
    labels = [(float(label.get("x", "")), label.text) for label in of_class(svg, "month")]
    assert labels[0][1] == "1996"
    assert all(right[0] - left[0] >= 30 for left, right in pairwise(labels)), "no name covers another"
