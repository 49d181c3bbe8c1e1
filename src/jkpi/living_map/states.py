"""Labels of the states of a moment of truth: a state is never shown by colour alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StateLabel:
    """`key` is also the id of the icon and the class of the colour; `urgency` sorts, most urgent highest."""

    key: str
    label: str
    meaning: str
    urgency: int


_STATE_LABELS = (
    StateLabel("firing", "firing", "A drop of at least the minimum drop is confirmed.", 9),
    StateLabel(
        "error", "error", "Evaluation failed. The default receiver was notified; the moment may still be bad.", 8
    ),
    StateLabel(
        "suspended",
        "suspended",
        "A quality check failed; the moment is not evaluated until the data can be trusted again.",
        7,
    ),
    StateLabel("no_data", "no data", "No readings arrive any more.", 6),
    StateLabel("pattern", "pattern", "Two low days in a row: a pattern, not yet a trend.", 5),
    StateLabel("watch", "watch", "One low day: it may be a coincidence.", 4),
    StateLabel(
        "recovering",
        "recovering",
        "Dropped earlier, now back above the threshold. It resolves after enough clear days.",
        3,
    ),
    StateLabel("low_n", "low n", "Too few cases to evaluate.", 2),
    StateLabel("learning", "learning", "Fewer than 28 usable days: the baseline is still being learned.", 1),
    StateLabel("ok", "ok", "Nothing unusual compared with baseline and promise.", 0),
)
_LABEL_BY_STATE = {label.key: label for label in _STATE_LABELS} | {
    "resolved": _STATE_LABELS[-1],
    "below_promise": StateLabel("watch", "below promise", "Below its promise, without a drop from its baseline.", 4),
}
PARTLY_FIRING = StateLabel(
    "firing", "firing in a segment", "The total is not firing; at least one segment has an open alert.", 9
)
NOT_EVALUATED = StateLabel("not_evaluated", "not evaluated yet", "Not evaluated so far.", 1)
OPEN_STATES = frozenset({"firing", "recovering"})
"""States with an open alert, whose onset the charts mark."""


def state_label(state: str | None) -> StateLabel:
    """The label of a state; an unknown state has its own name and the urgency of an error."""
    if state is None:
        return NOT_EVALUATED
    if state in _LABEL_BY_STATE:
        return _LABEL_BY_STATE[state]
    return StateLabel("error", state.replace("_", " "), "A state unknown to this page.", 8)


def displayed_state(label: StateLabel, *, is_partly_firing: bool) -> StateLabel:
    """The label of a moment: a firing segment is shown unless the total fires."""
    return PARTLY_FIRING if is_partly_firing and label.key != "firing" else label


def state_legend() -> tuple[StateLabel, ...]:
    return tuple(sorted(_STATE_LABELS, key=lambda label: label.urgency))
