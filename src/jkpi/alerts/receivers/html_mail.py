"""A letter as the HTML part of a mail: tables and inline styles, for that is what mail clients agree on. Pure.

Nothing is fetched from anywhere, and all text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from jkpi.alerts.notifications.model import Entry, Letter, Row
from jkpi.alerts.receivers import html_chart
from jkpi.alerts.receivers.plain_text import SYNTHETIC, Link, no_link, signature, ways_out
from jkpi.formatting.numbers import count

_CHARTS = 5
"""Mails beyond some 100 KB are cut by their readers: so many alerts have a chart."""
_FONT = "font:15px/22px Arial,sans-serif;color:#1f2429;"
_COLOURS = {"failure": "#b3261e", "warning": "#b5892e", "success": "#2e7d4f", "info": "#4a6fa5"}


def render(letter: Letter, link: Link) -> str:
    """The whole document."""
    parts = [_banner()] if letter.synthetic else []
    if letter.text:
        parts.append(f'<pre style="{_FONT}white-space:pre-wrap;margin:0 0 16px">{escape(letter.text)}</pre>')
    parts += [_list(heading, lines) for heading, lines in letter.sections]
    for number, entry in enumerate(letter.entries):
        parts.append(_entry(entry, link, number < _CHARTS))
    if letter.brief:
        lines = [headline for _, headline in letter.brief]
        if letter.more:
            lines.append(f"and {count(letter.more)} more: see jkpi alerts")
        parts.append(_list("And in short", lines))
    if letter.digest:
        parts.append(_list("Early signs, nothing to do yet", letter.digest))
    foot = f'<p style="font:12px/18px Arial,sans-serif;color:#5c6670;margin:24px 0 0">{escape(signature(letter))}</p>'
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(letter.title)}</title></head>"
        '<body style="margin:0;padding:0;background:#f3f4f6">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f4f6"><tr>'
        '<td align="center" style="padding:16px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff"'
        ' style="max-width:680px;background:#ffffff"><tr><td style="padding:24px;text-align:left">'
        f"{''.join(parts)}{foot}</td></tr></table></td></tr></table></body></html>"
    )


def _entry(entry: Entry, link: Link, has_chart: bool) -> str:
    chart = html_chart.render(entry.chart) if has_chart and entry.chart else ""
    rows = _rows([*entry.rows, *ways_out(entry, no_link)])  # the link is a button
    where = None if entry.over else link(entry.alert_id)
    queries = "".join(
        f'<p style="font:12px/18px Arial,sans-serif;color:#5c6670;margin:12px 0 4px">{escape(caption)}</p>'
        '<pre style="font:12px/18px Consolas,Menlo,monospace;color:#1f2429;background:#f3f4f6;padding:8px 12px;'
        f'margin:0;white-space:pre-wrap">{escape(query)}</pre>'
        for caption, query in entry.queries
    )
    said = _list("In customers' own words", [f"“{comment}”" for comment in entry.comments]) if entry.comments else ""
    colour = _COLOURS[entry.mood]
    return (
        f'<div style="border-top:4px solid {colour};padding:12px 0 24px">'
        f'<h2 style="font:bold 19px/26px Arial,sans-serif;color:#1f2429;margin:0 0 8px">{escape(entry.headline)}</h2>'
        f"{chart}{rows}{_button(where) if where else ''}{said}{queries}</div>"
    )


def _rows(rows: Iterable[Row]) -> str:
    cells = "".join(
        f'<tr><th align="left" valign="top" scope="row" style="font:13px/20px Arial,sans-serif;color:#5c6670;'
        f'padding:2px 16px 2px 0;white-space:nowrap">{escape(label)}</th>'
        f'<td valign="top" style="{_FONT}padding:2px 0">{_text(label, text)}</td></tr>'
        for label, text in rows
    )
    return f'<table cellpadding="0" cellspacing="0" border="0">{cells}</table>'


def _text(label: str, text: str) -> str:
    if text.startswith("jkpi "):
        return f'<code style="font:13px/20px Consolas,Menlo,monospace">{escape(text)}</code>'
    return f"<strong>{escape(text)}</strong>" if label == "Now" else escape(text)


def _button(where: str) -> str:
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:12px 0"><tr>'
        '<td bgcolor="#1f4e8c" style="background:#1f4e8c;border-radius:4px">'
        f'<a href="{escape(where)}" style="display:inline-block;padding:10px 20px;font:bold 15px/20px Arial,sans-serif;'
        'color:#ffffff;text-decoration:none">Acknowledge</a></td></tr></table>'
    )


def _list(caption: str, lines: Iterable[str]) -> str:
    items = "".join(f'<li style="margin:2px 0">{escape(line)}</li>' for line in lines)
    return (
        f'<p style="font:bold 15px/22px Arial,sans-serif;color:#1f2429;margin:16px 0 4px">{escape(caption)}</p>'
        f'<ul style="{_FONT}margin:0;padding-left:20px">{items}</ul>'
    )


def _banner() -> str:
    look = "font:bold 13px/20px Arial,sans-serif;color:#5f4300;background:#fff3d6;padding:8px 12px;margin:0 0 16px"
    return f'<p style="{look}">{escape(SYNTHETIC)}</p>'
