"""A letter as Slack's blocks and as an adaptive card for Teams. Pure: both are JSON with limits of their own."""

from __future__ import annotations

import json
from typing import Any

from jkpi.alerts.notifications.model import Entry, Letter, Row
from jkpi.alerts.receivers.plain_text import SYNTHETIC, Link, signature, ways_out
from jkpi.formatting.numbers import count

_IN_A_CARD = 6
"""Slack takes 50 blocks and Teams 28 KB a message: so many alerts go in whole, the others by their headline."""
_SECTION = 2900
_HEADER = 150
_MARKS = {"failure": "🔴", "warning": "🟠", "success": "🟢", "info": "🔵"}
_COLOURS = {"failure": "attention", "warning": "warning", "success": "good", "info": "accent"}


def slack(letter: Letter, link: Link) -> bytes:
    """The body for an incoming webhook; `text` is what a notification shows."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(_marked(letter), _HEADER)}]
    if letter.synthetic:
        blocks.append({"type": "context", "elements": [_mrkdwn(SYNTHETIC)]})
    if letter.text:
        blocks.append({"type": "section", "text": _plain(letter.text, _SECTION)})
    for entry in letter.entries[:_IN_A_CARD]:
        rows = _joined([*entry.rows, *_commands(entry, link)])
        told = "\n".join(f"*{label}*  {escaped(text)}" for label, text in rows)
        blocks += [
            {"type": "section", "text": _mrkdwn(f"*{escaped(entry.headline)}*")},
            {"type": "section", "text": _mrkdwn(told)},
        ]
        if entry.comments:
            quoted = "\n".join(f"> {escaped(comment)}" for comment in entry.comments)
            blocks.append({"type": "section", "text": _mrkdwn(f"In customers' own words:\n{quoted}")})
        where = None if entry.over else link(entry.alert_id)
        if where:
            button = {"type": "button", "text": _plain("Acknowledge", 75), "url": where, "value": entry.alert_id}
            blocks.append({"type": "actions", "elements": [button]})
        blocks.append({"type": "divider"})
    for caption, lines in _short(letter):
        text = "\n".join([f"*{caption}*", *(f"• {escaped(line)}" for line in lines)])
        blocks.append({"type": "section", "text": _mrkdwn(text)})
    blocks.append({"type": "context", "elements": [_mrkdwn(escaped(signature(letter)))]})
    return json.dumps({"text": escaped(letter.title), "blocks": blocks}, ensure_ascii=False).encode()


def teams(letter: Letter, link: Link) -> bytes:
    """The body for a workflow that posts adaptive cards (version 1.4, which all of Teams shows)."""
    body: list[dict[str, Any]] = [_text(letter.title, size="large", weight="bolder", color=_COLOURS[letter.mood])]
    if letter.synthetic:
        body.append(_text(SYNTHETIC, isSubtle=True))
    if letter.text:
        body.append(_text(letter.text))
    actions: list[dict[str, Any]] = []
    for entry in letter.entries[:_IN_A_CARD]:
        rows = _joined([*entry.rows, *_commands(entry, link)])
        facts = [{"title": label, "value": _unmarked(text)} for label, text in rows]
        body += [_text(entry.headline, weight="bolder", separator=True), {"type": "FactSet", "facts": facts}]
        body += [_text(f"“{comment}”", isSubtle=True) for comment in entry.comments]
        where = None if entry.over else link(entry.alert_id)
        if where:
            name = "Acknowledge" if len(letter.entries) == 1 else f"Acknowledge {entry.alert_id}"
            actions.append({"type": "Action.OpenUrl", "title": name, "url": where})
    for caption, lines in _short(letter):
        body.append(_text(caption, weight="bolder", separator=True))
        body += [_text(f"• {line}", spacing="none") for line in lines]
    body.append(_text(signature(letter), isSubtle=True, size="small", separator=True))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body, "actions": actions, "msteams": {"width": "Full"},
    }  # fmt: skip
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()


def escaped(text: str) -> str:
    """Slack's three signs; nothing else in its markup can ping somebody or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(letter: Letter) -> list[tuple[str, list[str]]]:
    """What is told in a line each, cut to what a card can hold."""
    lines = [*(entry.headline for entry in letter.entries[_IN_A_CARD:]), *(text for _, text in letter.brief)]
    shown = lines[:20]
    more = len(lines) - len(shown) + letter.more
    if more:
        shown.append(f"and {count(more)} more: see jkpi alerts")
    found = [(heading, list(told[:20])) for heading, told in letter.sections]
    found += [("And in short", shown)] if shown else []
    return [*found, *([("Early signs, nothing to do yet", list(letter.digest[:20]))] if letter.digest else [])]


def _commands(entry: Entry, link: Link) -> list[Row]:
    """Without the link: that is the button."""
    return [(label or "Acknowledge", text) for label, text in ways_out(entry, link) if not text.startswith("http")]


def _joined(rows: list[Row]) -> list[Row]:
    """Rows without a label go on with the one above."""
    found: list[Row] = []
    for label, text in rows:
        if label or not found:
            found.append((label, text))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
    return found


def _marked(letter: Letter) -> str:
    return f"{_MARKS[letter.mood]} {letter.title}"


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, longest), "emoji": True}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _cut(text, _SECTION), "verbatim": True}


def _text(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _unmarked(text), "wrap": True, **look}


def _unmarked(text: str) -> str:
    """Adaptive cards read Markdown: links, emphasis and lists of somebody else's making are told as text."""
    return "".join(f"\\{sign}" if sign in "\\[]*_`#" else sign for sign in text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
