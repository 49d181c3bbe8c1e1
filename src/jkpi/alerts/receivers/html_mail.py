"""A notification as the HTML part of a mail. Pure.

Tables and inline styles, because all mail clients show them. The mail loads nothing, and all text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from jkpi.alerts.notifications.model import AlertItem, BodyRow, Notification, TextTable
from jkpi.alerts.receivers import html_chart
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.alerts.receivers.plain_text import SYNTHETIC_NOTICE, action_rows, footer, no_link
from jkpi.formatting.numbers import format_count

_MAX_CHARTS = 5
"""Largest number of alerts with a chart. Mail clients truncate mails beyond about 100 KB."""
_FONT = "font:15px/22px Arial,sans-serif;color:#1f2429;"
_COLOURS = {"failure": "#b3261e", "warning": "#b5892e", "success": "#2e7d4f", "info": "#4a6fa5"}


def render_html(notification: Notification, link: AcknowledgeLink) -> str:
    """The whole document."""
    blocks = [_banner()] if notification.is_synthetic else []
    if notification.text:
        blocks.append(f'<pre style="{_FONT}white-space:pre-wrap;margin:0 0 16px">{escape(notification.text)}</pre>')
    blocks += [_table(table) for table in notification.tables]
    blocks += [_list(heading, lines) for heading, lines in notification.sections]
    for number, item in enumerate(notification.items):
        blocks.append(_item_block(item, link, number < _MAX_CHARTS))
    if notification.summaries:
        lines = [headline for _, headline in notification.summaries]
        if notification.omitted_count:
            lines.append(f"and {format_count(notification.omitted_count)} more: see jkpi alerts")
        blocks.append(_list("More alerts", lines))
    if notification.watch_list:
        blocks.append(_list("Watch list, nothing to do yet", notification.watch_list))
    foot = (
        f'<p style="font:12px/18px Arial,sans-serif;color:#5c6670;margin:24px 0 0">{escape(footer(notification))}</p>'
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(notification.title)}</title></head>"
        '<body style="margin:0;padding:0;background:#f3f4f6">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f4f6"><tr>'
        '<td align="center" style="padding:16px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff"'
        ' style="max-width:680px;background:#ffffff"><tr><td style="padding:24px;text-align:left">'
        f"{''.join(blocks)}{foot}</td></tr></table></td></tr></table></body></html>"
    )


def _item_block(item: AlertItem, link: AcknowledgeLink, has_chart: bool) -> str:
    chart = html_chart.render_chart(item.chart) if has_chart and item.chart else ""
    rows = _rows([*item.rows, *action_rows(item, no_link)])  # the link is a button
    url = None if item.is_closed else link(item.alert_id)
    queries = "".join(
        f'<p style="font:12px/18px Arial,sans-serif;color:#5c6670;margin:12px 0 4px">{escape(caption)}</p>'
        '<pre style="font:12px/18px Consolas,Menlo,monospace;color:#1f2429;background:#f3f4f6;padding:8px 12px;'
        f'margin:0;white-space:pre-wrap">{escape(query)}</pre>'
        for caption, query in item.queries
    )
    comments = _list("Customer comments", [f"“{comment}”" for comment in item.comments]) if item.comments else ""
    colour = _COLOURS[item.severity]
    return (
        f'<div style="border-top:4px solid {colour};padding:12px 0 24px">'
        f'<h2 style="font:bold 19px/26px Arial,sans-serif;color:#1f2429;margin:0 0 8px">{escape(item.headline)}</h2>'
        f"{chart}{rows}{_button(url) if url else ''}{comments}{queries}</div>"
    )


def _rows(rows: Iterable[BodyRow]) -> str:
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


def _button(url: str) -> str:
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:12px 0"><tr>'
        '<td bgcolor="#1f4e8c" style="background:#1f4e8c;border-radius:4px">'
        f'<a href="{escape(url)}" style="display:inline-block;padding:10px 20px;font:bold 15px/20px Arial,sans-serif;'
        'color:#ffffff;text-decoration:none">Acknowledge</a></td></tr></table>'
    )


def _list(caption: str, lines: Iterable[str]) -> str:
    items = "".join(f'<li style="margin:2px 0">{escape(line)}</li>' for line in lines)
    return (
        f'<p style="font:bold 15px/22px Arial,sans-serif;color:#1f2429;margin:16px 0 4px">{escape(caption)}</p>'
        f'<ul style="{_FONT}margin:0;padding-left:20px">{items}</ul>'
    )


def _table(table: TextTable) -> str:
    cell = "font:14px/20px Arial,sans-serif;padding:3px 16px 3px 0;border-bottom:1px solid #e3e6e9"
    head = "".join(
        f'<th align="left" scope="col" style="{cell};color:#5c6670">{escape(name)}</th>' for name in table.columns
    )
    rows = "".join(
        "<tr>" + "".join(f'<td style="{cell};color:#1f2429">{escape(text)}</td>' for text in row) + "</tr>"
        for row in table.rows
    )
    return (
        f'<p style="font:bold 15px/22px Arial,sans-serif;color:#1f2429;margin:16px 0 4px">{escape(table.title)}</p>'
        f'<table cellpadding="0" cellspacing="0" border="0"><tr>{head}</tr>{rows}</table>'
    )


def _banner() -> str:
    style = "font:bold 13px/20px Arial,sans-serif;color:#5f4300;background:#fff3d6;padding:8px 12px;margin:0 0 16px"
    return f'<p style="{style}">{escape(SYNTHETIC_NOTICE)}</p>'
