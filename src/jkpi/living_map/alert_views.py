"""What the open alerts of a moment of truth say, for its card and for the banner. Pure: falls in, words out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from jkpi.formatting import page_text
from jkpi.living_map import definitions
from jkpi.living_map.page_data import Kpi, Moment
from jkpi.living_map.states import state_words
from jkpi.living_map.views import FallView
from jkpi.state.engine import OpenSign
from jkpi.state.open_alerts import Fall

_NAMED = 3
"""So many segments are told with their figures in the banner; the card has all of them."""


def fall_view(fall: Fall, kpi: Kpi | None, moment: Moment, statistic: str, today: date) -> FallView:
    """An open alert in the words of the page; `value` None where it was told without figures."""
    rule = kpi.rule if kpi else {}
    unit = "share" if fall.line == "median" else definitions.unit_of(statistic, rule)
    value = None if fall.value is None else page_text.value(fall.value, unit, statistic, moment.promise)
    return FallView(
        key="all" if fall.is_whole else f"{fall.segment}={fall.segment_value}",
        where="" if fall.is_whole else f"{fall.segment} = {fall.segment_value}",
        state=state_words(fall.state),
        value=value,
        caption=_caption(fall, kpi, statistic),
        instead=_instead(fall, unit, statistic),
        interval=page_text.interval(fall.low, fall.high, unit, statistic),
        n=None if fall.n is None else page_text.count(fall.n),
        days=_days(fall, today),
        since=page_text.standing_since(fall.state, fall.since, today),
        begun=f"since {page_text.day(fall.since, today)}" + ", recovering" * (fall.state == "recovering"),
    )


def _caption(fall: Fall, kpi: Kpi | None, statistic: str) -> str:
    if fall.line == "median" and fall.within is not None:
        return f"done within {definitions.within(fall.within, kpi.rule if kpi else {})}"
    return definitions.caption(kpi, statistic) if kpi else ""


def _instead(fall: Fall, unit: str, statistic: str) -> str:
    """What it fell from. Against a promise that is the promise, which stands beside it on its own."""
    if fall.usual is None or fall.line == "promise":
        return ""
    return f"instead of {page_text.value(fall.usual, unit, statistic)}"


def _days(fall: Fall, today: date) -> str:
    begin = fall.first_day or fall.since
    last = fall.last_day or begin
    first = page_text.day(begin, today)
    return first if last <= begin else f"{first} to {page_text.day(last, today)}"


def early_words(sign: OpenSign, today: date) -> str:
    """`after 1 day 60 % are through instead of 80 %, since 5 Jan`; percentages as the rest of the page has them."""
    return f"{sign.text.replace(' %', f'{page_text.NARROW}%')}, since {page_text.day(sign.since, today)}"


def said(fall: FallView) -> str:
    """`20 % done within 3 days instead of 91 % (n 391, 5 Jan to 23 Jan), since 5 Jan, 22 days`."""
    if fall.value is None:
        return fall.since
    number = " ".join(part for part in (fall.value, fall.caption, fall.instead) if part)
    behind = ", ".join(part for part in (f"n {fall.n}" if fall.n else "", fall.days) if part)
    return f"{number} ({behind}), {fall.since}"


def parts_said(falls: Sequence[FallView]) -> str:
    """The segments that fall, each with its figures:
    `done within 3 days: department = ISD 9.8 % since 1 Jul (n 2,110); department = PARK 33 % since 14 Jul (n 569)`."""
    captions = {fall.caption for fall in falls}
    together = captions.pop() if len(captions) == 1 else ""
    named = [_part(fall, "" if together else fall.caption) for fall in falls[:_NAMED]]
    more = [f"{len(falls) - _NAMED} more on its card"] if len(falls) > _NAMED else []
    return (f"{together}: " if together else "") + "; ".join([*named, *more])


def _part(fall: FallView, caption: str) -> str:
    number = " ".join(part for part in (fall.where, fall.value, caption, fall.instead, fall.begun) if part)
    return number + (f" (n {fall.n})" if fall.n else "")


def grouped(parts: Iterable[str]) -> str:
    """`region = south`, `region = west`, `tier = gold` -> `region = south and west; tier = gold`."""
    values: dict[str, list[str]] = {}
    for part in parts:
        segment, _, value = part.partition(" = ")
        values.setdefault(segment, []).append(value)
    return "; ".join(f"{segment} = {page_text.listed(found)}" for segment, found in values.items())
