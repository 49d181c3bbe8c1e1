"""`jkpi backtest`: the verb, and what it says to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import give, table

if TYPE_CHECKING:
    from jkpi.alerts.backtest.backtest import Backtest
    from jkpi.alerts.backtest.injected_drops import Seen

_FIRED = {"since": "since", "fired_on": "certain with", "closed_on": "over on", "series": "series", "now": "rate",
          "usual": "instead of", "n": "n", "why": "why"}  # fmt: skip
_SEEN = {"within": "seen within a week", "in_two": "within two", "median": "half are seen after"}


def backtest(
    only: Annotated[str | None, typer.Option("--moment", help="One moment of truth; all if not given.")] = None,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """What alerts the past would have had, how often falsely, and how small a fall or slowdown the volume can show.

    Example: jkpi backtest --moment technician_on_site
    """
    with ending(as_json):
        from jkpi.alerts.backtest.backtest import backtest as look_back
        from jkpi.config.settings import load_settings
        from jkpi.journeys.reader import read_journeys
        from jkpi.warehouse.open import open_warehouse

        settings = load_settings(workspace, moment(now))
        with open_warehouse(settings, read_only=True) as w:
            found = look_back(settings, w, read_journeys(settings.workspace), only)
        give(found, backtest_lines(found), as_json)


def backtest_lines(found: Sequence[Backtest]) -> list[str]:
    """Each moment: what would have been told, how often falsely, and what its volume can show."""
    lines: list[str] = []
    for one in found:
        lines += [*([""] if lines else []), *_of(one)]
    return lines or ["no moment of truth on any map"]


def _of(one: Backtest) -> list[str]:
    from jkpi.alerts.notifications.figures import Figures
    from jkpi.formatting.numbers import interval

    watched, figures = one.watched, Figures(one.watched)
    head = f"{watched.title} ({watched.journey}/{watched.moment})"
    if one.first_day is None:
        return [head, "  no mature readings yet", f"  picture  {one.picture}"]
    of = f"{one.series} series" if one.series > 1 else "one series"
    lines = [head, f"  {one.first_day} to {one.last_day}, {of}, {one.mean_n:,.0f} cases a {watched.period}", ""]
    rows: list[dict[str, Any]] = [
        {"since": fired.since, "fired_on": fired.fired_on, "closed_on": fired.closed_on or "open",
         "series": fired.series_id.removeprefix(f"{watched.journey}/"), "now": figures.value(fired.rate),
         "usual": figures.value(fired.usual), "n": round(fired.n),
         "why": ", ".join([*fired.reasons, *(["told as one with all customers"] if fired.with_whole else [])])}
        for fired in one.fired
    ]  # fmt: skip
    if rows:
        lines += [f"  {line}" for line in table(rows, _FIRED)]
        lines.append(
            f"  told once the {watched.period} with which it is certain is final: its window over, late rows in"
        )
    else:
        lines.append("  nothing would have been told")
    own = "too short a past to say" if one.false_alarm_every is None else f"once in {interval(one.false_alarm_every)}"
    lines += ["", f"  false alarms  wanted: no more than once in {interval(one.wanted_every)}; by its own past: {own}"]
    if watched.has_share:
        lines += ["", *_falls(one)]
    if watched.is_duration:
        lines += ["", *_slowdowns(one)]
    return [*lines, f"  picture  {one.picture}"]


def _falls(one: Backtest) -> list[str]:
    from jkpi.alerts.backtest.injected_drops import TOLD_FALLS
    from jkpi.alerts.notifications.figures import Figures

    figures = Figures(one.watched)

    def points(fall: float) -> str:
        return figures.difference(1.0, 1.0 - fall)

    told = [(points(seen.fall), seen) for seen in one.seen if seen.fall in TOLD_FALLS]
    if one.smallest is not None:
        least = f"the smallest fall that shows within a week, four times in five: {points(one.smallest)}"
    elif one.seen:
        least = f"no fall of up to {points(one.seen[-1].fall)} shows within a week four times in five"
    else:
        least = "the past is too short to say what falls it can show"
    return _seen("a fall of", told, one.watched.period, least)


def _slowdowns(one: Backtest) -> list[str]:
    from jkpi.alerts.backtest.injected_slowdowns import TOLD_TIMES

    told = [(_longer(seen.times), seen) for seen in one.slowdowns if seen.times in TOLD_TIMES]
    if one.smallest_slowdown is not None:
        least = f"the smallest slowdown that shows within a week, four times in five: {_longer(one.smallest_slowdown)}"
    elif one.slowdowns:
        least = f"no slowdown up to {_longer(one.slowdowns[-1].times)} shows within a week four times in five"
    else:
        least = "the past is too short to say what slowdowns it can show"
    return _seen("all takes", told, one.watched.period, least)


def _longer(times: float) -> str:
    return f"{times:g} times as long"


def _seen(head: str, told: Sequence[tuple[str, Seen]], period: str, least: str) -> list[str]:
    """A table of what was planted and how soon it was seen, and the least of it that shows."""
    from jkpi.formatting.numbers import percent, periods

    rows = [
        {"what": what, "within": percent(seen.within), "in_two": percent(seen.in_two),
         "median": "not in four weeks" if seen.median is None else periods(seen.median, period)}
        for what, seen in told
    ]  # fmt: skip
    drawn = [*(f"  {line}" for line in table(rows, {"what": head, **_SEEN})), ""] if rows else []
    return [*drawn, f"  {least}"]
