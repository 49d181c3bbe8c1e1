"""A notification as Slack blocks and as an adaptive card for Teams. Pure. Both are JSON with limits of their own."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

from jkpi.alerts.notifications.model import AlertItem, BodyRow, Notification, TextTable
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.alerts.receivers.plain_text import SYNTHETIC_NOTICE, action_rows, footer
from jkpi.formatting.numbers import format_count

_MAX_ITEMS = 6
"""Alerts shown in full; the others by headline. Slack allows 50 blocks a message, Teams 28 KB."""
_MAX_SECTION_CHARS = 2900
_MAX_HEADER_CHARS = 150
_MAX_LINES, _MAX_LIST_CHARS = 20, 2600
"""Of a list of alerts, so that its last line, which counts the others, is never cut off."""
_SYMBOLS = {"failure": "🔴", "warning": "🟠", "success": "🟢", "info": "🔵"}
_COLOURS = {"failure": "attention", "warning": "warning", "success": "good", "info": "accent"}


def slack_payload(notification: Notification, link: AcknowledgeLink) -> bytes:
    """The body for an incoming webhook. Its `text` is what a desktop notification shows."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain_block(_title_with_symbol(notification), _MAX_HEADER_CHARS)}
    ]
    if notification.is_synthetic:
        blocks.append({"type": "context", "elements": [_mrkdwn_block(SYNTHETIC_NOTICE)]})
    if notification.text:
        blocks.append({"type": "section", "text": _plain_block(notification.text, _MAX_SECTION_CHARS)})
    for item in notification.items[:_MAX_ITEMS]:
        rows = _merge_continued_rows([*item.rows, *_action_rows(item, link)])
        body = "\n".join(f"*{label}*  {escape_slack(text)}" for label, text in rows)
        blocks += [
            {"type": "section", "text": _mrkdwn_block(f"*{escape_slack(item.headline)}*")},
            {"type": "section", "text": _mrkdwn_block(body)},
        ]
        if item.comments:
            quoted = "\n".join(f"> {escape_slack(comment)}" for comment in item.comments)
            blocks.append({"type": "section", "text": _mrkdwn_block(f"Customer comments:\n{quoted}")})
        url = None if item.is_closed else link(item.alert_id)
        if url:
            button = {"type": "button", "text": _plain_block("Acknowledge", 75), "url": url, "value": item.alert_id}
            blocks.append({"type": "actions", "elements": [button]})
        blocks.append({"type": "divider"})
    for caption, lines in _lists(notification):
        text = "\n".join([f"*{caption}*", *(f"• {escape_slack(line)}" for line in lines)])
        blocks.append({"type": "section", "text": _mrkdwn_block(text)})
    blocks.append({"type": "context", "elements": [_mrkdwn_block(escape_slack(footer(notification)))]})
    return json.dumps({"text": escape_slack(notification.title), "blocks": blocks}, ensure_ascii=False).encode()


def teams_payload(notification: Notification, link: AcknowledgeLink) -> bytes:
    """The body for a workflow that posts adaptive cards (version 1.4, which all Teams clients show)."""
    body: list[dict[str, Any]] = [
        _text_block(notification.title, size="large", weight="bolder", color=_COLOURS[notification.severity])
    ]
    if notification.is_synthetic:
        body.append(_text_block(SYNTHETIC_NOTICE, isSubtle=True))
    if notification.text:
        body.append(_text_block(notification.text))
    actions: list[dict[str, Any]] = []
    for item in notification.items[:_MAX_ITEMS]:
        rows = _merge_continued_rows([*item.rows, *_action_rows(item, link)])
        facts = [{"title": label, "value": _escape_markdown(text)} for label, text in rows]
        body += [_text_block(item.headline, weight="bolder", separator=True), {"type": "FactSet", "facts": facts}]
        body += [_text_block(f"“{comment}”", isSubtle=True) for comment in item.comments]
        url = None if item.is_closed else link(item.alert_id)
        if url:
            label_text = "Acknowledge" if len(notification.items) == 1 else f"Acknowledge {item.alert_id}"
            actions.append({"type": "Action.OpenUrl", "title": label_text, "url": url})
    for caption, lines in _lists(notification):
        body.append(_text_block(caption, weight="bolder", separator=True))
        body += [_text_block(f"• {line}", spacing="none") for line in lines]
    body.append(_text_block(footer(notification), isSubtle=True, size="small", separator=True))
    adaptive_card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body, "actions": actions, "msteams": {"width": "Full"},
    }  # fmt: skip
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": adaptive_card,
    }
    return json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()


def escape_slack(text: str) -> str:
    """Escape the three characters of Slack markup that can mention a person or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _lists(notification: Notification) -> list[tuple[str, list[str]]]:
    """Sections, more alerts and watch list, shortened to the limits of a card."""
    lines = [
        *(item.headline for item in notification.items[_MAX_ITEMS:]),
        *(text for _, text in notification.summaries),
    ]
    lengths = accumulate(len(escape_slack(line)) + 3 for line in lines)
    shown = [line for line, length in zip(lines[:_MAX_LINES], lengths, strict=False) if length <= _MAX_LIST_CHARS]
    omitted_count = len(lines) - len(shown) + notification.omitted_count
    if omitted_count:
        shown.append(f"and {format_count(omitted_count)} more: see jkpi alerts")
    lists = [(table.title, _table_rows(table)) for table in notification.tables]
    lists += [(heading, list(section_lines[:_MAX_LINES])) for heading, section_lines in notification.sections]
    lists += [("More alerts", shown)] if shown else []
    return [
        *lists,
        *(
            [("Watch list, nothing to do yet", list(notification.watch_list[:_MAX_LINES]))]
            if notification.watch_list
            else []
        ),
    ]


def _table_rows(table: TextTable) -> list[str]:
    """Each row as one line, shortened to the limits of a card: a card is too narrow for columns."""
    lines = [
        ", ".join([row[0], *(f"{name} {text}" for name, text in zip(table.columns[1:], row[1:], strict=True))])
        for row in table.rows[:20]
    ]
    omitted_count = len(table.rows) - len(lines)
    return [*lines, f"and {format_count(omitted_count)} more: see jkpi status"] if omitted_count else lines


def _action_rows(item: AlertItem, link: AcknowledgeLink) -> list[BodyRow]:
    """The rows of actions without the link, which is a button."""
    return [(label or "Acknowledge", text) for label, text in action_rows(item, link) if not text.startswith("http")]


def _merge_continued_rows(rows: list[BodyRow]) -> list[BodyRow]:
    """Join rows without a label to the one above."""
    merged: list[BodyRow] = []
    for label, text in rows:
        if label or not merged:
            merged.append((label, text))
        else:
            merged[-1] = (merged[-1][0], f"{merged[-1][1]} {text}")
    return merged


def _title_with_symbol(notification: Notification) -> str:
    return f"{_SYMBOLS[notification.severity]} {notification.title}"


def _plain_block(text: str, max_length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _truncate(text, max_length), "emoji": True}


def _mrkdwn_block(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _truncate(text, _MAX_SECTION_CHARS), "verbatim": True}


def _text_block(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _escape_markdown(text), "wrap": True, **style}


def _escape_markdown(text: str) -> str:
    """Adaptive cards read Markdown; text from data must not become links, emphasis or lists."""
    return "".join(f"\\{character}" if character in "\\[]*_`#" else character for character in text)


def _truncate(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
