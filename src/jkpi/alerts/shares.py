"""How the lines and series of a moment share its false-alarm budget. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jkpi.alerts.detection.replay import Tried
from jkpi.alerts.panel import Panel
from jkpi.alerts.series import Watched


def shared(watched: Watched, panel: Panel, number: int, lines: int = 1) -> list[Tried]:
    """The moment's budget is for all of its series: one half is the whole's, the segments share the other.

    Where durations have a line of their own beside that of their share within tolerance, each of both `lines` has half.
    """
    parts = len(panel.keys) - 1
    share = (0.5 if parts else 1.0) / lines
    whole = Tried(watched.rule(share=share), 2 * number)
    return [whole, *[Tried(watched.rule(parts, share), 2 * number + 1)] * parts]


def of_signs(tried: Sequence[Tried]) -> list[Tried]:
    """The same budget and the same fall, in points of the share done within the usual median; nothing is promised."""
    return [replace(one, rule=replace(one.rule, promise=None)) for one in tried]
