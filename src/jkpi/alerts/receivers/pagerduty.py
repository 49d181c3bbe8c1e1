"""A letter as events of PagerDuty's Events API v2: one incident an alert, opened, taken on and resolved by its key.

In a storm the alerts beyond those told in full share one incident, which is resolved when the last of them is over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jkpi.alerts.notifications.model import MARK, Entry, Letter

_SEVERITY = {"failure": "error", "warning": "warning", "success": "info", "info": "info"}
_SUMMARY = 1024


def events(letter: Letter, routing_key: str, link: Callable[[str], str | None]) -> list[bytes]:
    """The bodies to be posted, in order. Each may be sent twice without harm: PagerDuty knows it by its dedup_key."""
    made: list[dict[str, Any]] = []
    if letter.event == "alerts.acknowledged":
        made += [_event("acknowledge", letter, one.thread) for one in letter.entries]
    elif letter.event != "alerts.changed":
        made.append(_group(letter))
    else:
        made += [_trigger(letter, one, link) for one in letter.entries if not one.over]
        if letter.fresh:
            made.append(_group(letter))
        made += [_event("resolve", letter, thread) for thread in letter.over]
    return [json.dumps({"routing_key": routing_key, **event}, ensure_ascii=False).encode() for event in made]


def _event(action: str, letter: Letter, thread: str) -> dict[str, Any]:
    return {"event_action": action, "dedup_key": f"jkpi/{letter.workspace}/{thread}"}


def _trigger(letter: Letter, entry: Entry, link: Callable[[str], str | None]) -> dict[str, Any]:
    where = link(entry.alert_id)
    told: dict[str, str] = {}
    label = ""
    for name, text in entry.rows:
        label = name or label
        told[label] = f"{told[label]} {text}" if label in told else text
    return {
        **_event("trigger", letter, entry.thread),
        "payload": {
            "summary": _marked(letter, entry.headline),
            "source": letter.workspace,
            "severity": _SEVERITY[entry.mood],
            "component": entry.series_id,
            "group": entry.owner,
            "class": entry.kind,
            "custom_details": told,
        },
        "links": [{"href": where, "text": "Acknowledge in jkpi"}] if where else [],
    }


def _group(letter: Letter) -> dict[str, Any]:
    """One incident for what is told in short, or for a message without alerts."""
    summary = f"And {letter.fresh:,} more: {letter.title}" if letter.fresh else letter.title
    return {
        **_event("trigger", letter, letter.message_id),
        "payload": {
            "summary": _marked(letter, summary),
            "source": letter.workspace,
            "severity": _SEVERITY[letter.mood],
            "custom_details": dict(letter.brief) or {"text": letter.text},
        },
    }


def _marked(letter: Letter, text: str) -> str:
    mark = f"{MARK} " if letter.synthetic and not text.startswith(MARK) else ""
    return (mark + text)[:_SUMMARY]
