"""What one receiver is told in one message, before it has a form: text, mail, card or JSON. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Purpose = Literal["news", "repeat", "escalation"]
Row = tuple[str, str]
"""Label and text; a row without a label goes on with the one above it."""
Section = tuple[str, tuple[str, ...]]
"""A heading and the lines below it."""
MARK = "[synthetic data]"
"""Begins each title that speaks of made-up data."""


@dataclass(frozen=True)
class Point:
    """One day of a chart, in the KPI's unit."""

    day: str
    value: float | None
    low: float | None
    high: float | None
    n: float
    fallen: bool


@dataclass(frozen=True)
class Chart:
    """Days in order; `usual` and `promise` are lines across it, `unit` is share or points."""

    points: tuple[Point, ...]
    usual: float | None
    promise: float | None
    unit: str


@dataclass(frozen=True)
class Entry:
    """One alert of a message. `thread` is what joins all messages about it; `over` means that it is closed by this;
    `facts` are its figures for programs; `comments` are customers' own words."""

    alert_id: str
    number: int
    purpose: Purpose
    transition: str
    kind: str
    series_id: str
    headline: str
    owner: str
    mood: str
    thread: str
    over: bool
    rows: tuple[Row, ...] = ()
    queries: tuple[Row, ...] = ()
    comments: tuple[str, ...] = ()
    chart: Chart | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Letter:
    """`sections` are told first, then `entries` in full; `brief` are (alert, headline) told in a line, `more` are
    counted only. `replies_to`: the ids of the messages that told of these alerts first. `fresh`: how many that are not
    told in full begin with this message. `over`: threads in which nothing is open any more."""

    message_id: str
    workspace: str
    as_of: str
    synthetic: bool
    title: str
    mood: str
    entries: tuple[Entry, ...] = ()
    brief: tuple[Row, ...] = ()
    more: int = 0
    fresh: int = 0
    digest: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    replies_to: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    event: str = "alerts.changed"
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(content: Mapping[str, Any]) -> Letter:
    """The letter that `to_json` wrote."""
    entries = tuple(_entry(entry) for entry in content["entries"])
    rows = {"brief": tuple((first, second) for first, second in content["brief"]), "entries": entries}
    lists = {name: tuple(content[name]) for name in ("digest", "replies_to", "over")}
    sections = tuple((heading, tuple(told)) for heading, told in content.get("sections", ()))
    return Letter(**{**content, **rows, **lists, "sections": sections})


def _entry(content: Mapping[str, Any]) -> Entry:
    chart = content["chart"]
    if chart is not None:
        chart = Chart(**{**chart, "points": tuple(Point(**point) for point in chart["points"])})
    rows = {name: tuple((first, second) for first, second in content[name]) for name in ("rows", "queries")}
    return Entry(**{**content, **rows, "comments": tuple(content["comments"]), "chart": chart})
