"""A notification as plain text: for the terminal, files, Apprise, and the text part of mails. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace

from jkpi.alerts.notifications.model import SYNTHETIC_MARK, AlertItem, BodyRow, Notification, TextTable
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.formatting.numbers import format_count

SYNTHETIC_NOTICE = "SYNTHETIC DATA: these customers and numbers are made up."
_LABEL_WIDTH, _WIDTH, _SEPARATOR = 14, 110, "-" * 72


def no_link(_alert_id: str) -> None:
    """For messages without links."""


def action_rows(item: AlertItem, link: AcknowledgeLink) -> list[BodyRow]:
    """How to acknowledge or silence an alert; empty for one that is closed."""
    if item.is_closed:
        return []
    url = link(item.alert_id)
    link_rows = [("Acknowledge", url)] if url else []
    return [
        *link_rows,
        ("" if link_rows else "Acknowledge", f"jkpi alerts ack {item.alert_id}"),
        ("Silence", f'jkpi alerts silence {item.alert_id} --for 7d --reason "..."'),
    ]


def render_with_title(notification: Notification, link: AcknowledgeLink = no_link) -> str:
    """The message with its title. If the title is the headline of the only alert, the headline is not repeated."""
    is_headline = [item.headline for item in notification.items] == [
        notification.title.removeprefix(f"{SYNTHETIC_MARK} ")
    ]
    items = tuple(replace(item, headline="") for item in notification.items) if is_headline else notification.items
    return f"{notification.title}\n\n{render_text(replace(notification, items=items), link)}"


def render_text(notification: Notification, link: AcknowledgeLink = no_link) -> str:
    """The message without its title, for receivers that show the title elsewhere."""
    lines: list[str] = [SYNTHETIC_NOTICE, ""] if notification.is_synthetic else []
    if notification.text:
        lines += [notification.text, ""]
    for table in notification.tables:
        lines += [table.title, "", *(f"  {line}" for line in table_lines(table)), ""]
    for heading, section_lines in notification.sections:
        lines += [heading, *(f"  - {line}" for line in section_lines), ""]
    for item in notification.items:
        lines += [*_item_lines(item, link), "", _SEPARATOR, ""]
    if notification.summaries:
        lines += ["More alerts:", *(f"- {headline}" for _, headline in notification.summaries)]
        if notification.omitted_count:
            lines.append(f"- and {format_count(notification.omitted_count)} more: see jkpi alerts")
        lines.append("")
    if notification.watch_list:
        lines += ["Watch list, nothing to do yet:", *(f"- {line}" for line in notification.watch_list), ""]
    lines.append(footer(notification))
    return "\n".join(lines)


def table_lines(table: TextTable) -> list[str]:
    """The rows below the names of the columns, with columns of equal width."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[number]) for row in rows) for number in range(len(table.columns))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def footer(notification: Notification) -> str:
    """The last line. Its id shows whether a message was delivered twice."""
    workspace, as_of = notification.workspace, notification.as_of
    return f"jkpi, workspace {workspace}, as of {as_of} UTC. Message {notification.notification_id}."


def _item_lines(item: AlertItem, link: AcknowledgeLink) -> list[str]:
    heading = [item.headline, ""] if item.headline else []
    lines = [*heading, *_row_lines([*item.rows, *action_rows(item, link)])]
    if item.comments:
        lines += ["", "Customer comments:", "", *(f'    "{comment}"' for comment in item.comments)]
    for caption, query in item.queries:
        lines += ["", f"{caption}:", "", *("    " + line for line in query.splitlines())]
    return lines


def _row_lines(rows: Iterable[BodyRow]) -> list[str]:
    lines = []
    for label, text in rows:
        wrapped = textwrap.wrap(text, _WIDTH - _LABEL_WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
        lines.append(f"  {label:<{_LABEL_WIDTH}}{wrapped[0]}".rstrip())
        lines += [f"  {'':<{_LABEL_WIDTH}}{more}" for more in wrapped[1:]]
    return lines
