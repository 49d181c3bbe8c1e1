"""How the series of a moment share its false-alarm budget. Pure."""

from __future__ import annotations

from jkpi.alerts.panel import Panel
from jkpi.alerts.replay import Tried
from jkpi.alerts.series import Watched


def shared(watched: Watched, panel: Panel, number: int) -> list[Tried]:
    """The moment's budget is for all of its series: one half is the whole's, the segments share the other."""
    parts = len(panel.keys) - 1
    if not parts:
        return [Tried(watched.rule(), 2 * number)]
    return [Tried(watched.rule(share=0.5), 2 * number), *[Tried(watched.rule(parts, 0.5), 2 * number + 1)] * parts]
