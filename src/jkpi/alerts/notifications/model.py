"""A notification as data, before it becomes text, mail, card or JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

NotificationType = Literal["first", "reminder", "escalation"]
BodyRow = tuple[str, str]
"""Label and text; a row without a label continues the one above it."""
Section = tuple[str, tuple[str, ...]]
"""A heading and the lines below it."""
SYNTHETIC_MARK = "[synthetic data]"
"""Begins each title about synthetic data."""


@dataclass(frozen=True)
class TextTable:
    """A table of texts: a heading, the names of its columns, and its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ChartDay:
    """One day of a chart, in the KPI's unit."""

    day: str
    value: float | None
    low: float | None
    high: float | None
    n: float
    in_drop: bool


@dataclass(frozen=True)
class ReadingsChart:
    """Days in order. baseline and promise: lines across the chart, None without one. unit: share or points."""

    days: tuple[ChartDay, ...]
    baseline: float | None
    promise: float | None
    unit: str


@dataclass(frozen=True)
class AlertItem:
    """One alert in full.

    thread_id: joins all messages about it. is_closed: this transition closes it. figures: for programs. comments: by
    customers, word for word.
    """

    alert_id: str
    number: int
    notification_type: NotificationType
    transition: str
    kind: str
    series_id: str
    headline: str
    owner: str
    severity: str
    thread_id: str
    is_closed: bool
    rows: tuple[BodyRow, ...] = ()
    queries: tuple[BodyRow, ...] = ()
    comments: tuple[str, ...] = ()
    chart: ReadingsChart | None = None
    figures: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Notification:
    """One message to one receiver.

    It has tables and sections, then items in full, then summaries (alert, headline) in one line each, then
    omitted_count more, then the watch list. new_summarised_count: alerts not shown in full that the receiver has not
    seen before. replies_to: ids of the first messages about these alerts. closed_threads: threads in which no alert is
    open any more.
    """

    notification_id: str
    workspace: str
    as_of: str
    is_synthetic: bool
    title: str
    severity: str
    items: tuple[AlertItem, ...] = ()
    summaries: tuple[BodyRow, ...] = ()
    omitted_count: int = 0
    new_summarised_count: int = 0
    watch_list: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    replies_to: tuple[str, ...] = ()
    closed_threads: tuple[str, ...] = ()
    event: str = "alerts.changed"
    text: str = ""
    tables: tuple[TextTable, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def notification_from_json(content: Mapping[str, Any]) -> Notification:
    """The notification that `to_json` wrote."""
    items = tuple(_item_from_json(item) for item in content["items"])
    rows = {"summaries": tuple((first, second) for first, second in content["summaries"]), "items": items}
    lists = {name: tuple(content[name]) for name in ("watch_list", "replies_to", "closed_threads")}
    sections = tuple((heading, tuple(lines)) for heading, lines in content.get("sections", ()))
    tables = tuple(
        TextTable(table["title"], tuple(table["columns"]), tuple(map(tuple, table["rows"])))
        for table in content.get("tables", ())
    )
    return Notification(**{**content, **rows, **lists, "sections": sections, "tables": tables})


def _item_from_json(content: Mapping[str, Any]) -> AlertItem:
    chart = content["chart"]
    if chart is not None:
        chart = ReadingsChart(**{**chart, "days": tuple(ChartDay(**chart_day) for chart_day in chart["days"])})
    rows = {name: tuple((first, second) for first, second in content[name]) for name in ("rows", "queries")}
    return AlertItem(**{**content, **rows, "comments": tuple(content["comments"]), "chart": chart})
