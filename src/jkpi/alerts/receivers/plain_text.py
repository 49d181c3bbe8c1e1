"""A letter as plain text: for the terminal, files, Apprise, and the text part of mails. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace

from jkpi.alerts.notifications.model import MARK, Entry, Letter, Row
from jkpi.formatting.numbers import count

Link = Callable[[str], str | None]
"""Alert id -> where it can be acknowledged by a click; None where there is no such place."""
SYNTHETIC = "SYNTHETIC DATA: these customers and numbers are made up."
_LABEL, _WIDTH, _RULE = 12, 108, "-" * 72


def no_link(_alert_id: str) -> None:
    """No links."""


def ways_out(entry: Entry, link: Link) -> list[Row]:
    """How to acknowledge or silence; nothing for what is over, or for those who hear only of an end."""
    if entry.over:
        return []
    where = link(entry.alert_id)
    ways = [("Acknowledge", where)] if where else []
    return [
        *ways,
        ("" if ways else "Acknowledge", f"jkpi alerts ack {entry.alert_id}"),
        ("Silence", f'jkpi alerts silence {entry.alert_id} --for 7d --reason "..."'),
    ]


def titled(letter: Letter, link: Link = no_link) -> str:
    """The whole message below its title, which is not said again where it is the headline of the only alert."""
    is_headline = [one.headline for one in letter.entries] == [letter.title.removeprefix(f"{MARK} ")]
    entries = tuple(replace(one, headline="") for one in letter.entries) if is_headline else letter.entries
    return f"{letter.title}\n\n{render(replace(letter, entries=entries), link)}"


def render(letter: Letter, link: Link = no_link) -> str:
    """The whole message, for where its title stands elsewhere."""
    lines: list[str] = [SYNTHETIC, ""] if letter.synthetic else []
    if letter.text:
        lines += [letter.text, ""]
    for heading, told in letter.sections:
        lines += [heading, *(f"  - {line}" for line in told), ""]
    for entry in letter.entries:
        lines += [*_block(entry, link), "", _RULE, ""]
    if letter.brief:
        lines += ["And in short:", *(f"- {headline}" for _, headline in letter.brief)]
        if letter.more:
            lines.append(f"- and {count(letter.more)} more: see jkpi alerts")
        lines.append("")
    if letter.digest:
        lines += ["Early signs, nothing to do yet:", *(f"- {line}" for line in letter.digest), ""]
    lines.append(signature(letter))
    return "\n".join(lines)


def signature(letter: Letter) -> str:
    """The last line, by which a message that comes twice is known."""
    return f"jkpi, workspace {letter.workspace}, as of {letter.as_of} UTC. Message {letter.message_id}."


def _block(entry: Entry, link: Link) -> list[str]:
    heading = [entry.headline, ""] if entry.headline else []
    lines = [*heading, *_rows([*entry.rows, *ways_out(entry, link)])]
    if entry.comments:
        lines += ["", "In customers' own words:", "", *(f'    "{comment}"' for comment in entry.comments)]
    for caption, query in entry.queries:
        lines += ["", f"{caption}:", "", *("    " + line for line in query.splitlines())]
    return lines


def _rows(rows: Iterable[Row]) -> list[str]:
    lines = []
    for label, text in rows:
        wrapped = textwrap.wrap(text, _WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False) or [""]
        lines.append(f"  {label:<{_LABEL}}{wrapped[0]}".rstrip())
        lines += [f"  {'':<{_LABEL}}{more}" for more in wrapped[1:]]
    return lines
