"""The states of a moment of truth in words: never told by colour alone."""

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
    StateLabel(
        "firing", "firing", "A trend: the fall is real, and larger than the smallest one worth waking someone.", 9
    ),
    StateLabel("error", "error", "It could not be judged. The default receiver was told; this is not an all-clear.", 8),
    StateLabel(
        "suspended",
        "suspended",
        "A quality check failed, so no judgement is made until the data can be trusted again.",
        7,
    ),
    StateLabel("no_data", "no data", "Readings have stopped arriving.", 6),
    StateLabel("pattern", "pattern", "Two bad days in a row: no coincidence any more, not yet a trend.", 5),
    StateLabel("watch", "watch", "One bad day: it may be a coincidence.", 4),
    StateLabel("recovering", "recovering", "It fell, and is clear again; enough clear days close it.", 3),
    StateLabel("low_n", "low n", "Too few cases to judge: one customer more or less would turn the verdict.", 2),
    StateLabel("learning", "learning", "Fewer than 28 usable days: what is usual is still being learned.", 1),
    StateLabel("ok", "ok", "Nothing unusual against its own past and its promise.", 0),
)
_LABEL_BY_STATE = {words.key: words for words in _STATE_LABELS} | {"resolved": _STATE_LABELS[-1]}
PARTLY_FIRING = StateLabel("firing", "falling in a part", "As a whole it stands; a segment of it has an open alert.", 9)
NOT_EVALUATED = StateLabel("unjudged", "not judged yet", "No judgement has been made so far.", 1)
OPEN_STATES = frozenset({"firing", "recovering"})
"""States in which an alert is open, so that the charts mark where it began."""


def state_label(state: str | None) -> StateLabel:
    """The words of a state; one this page does not know is shown by its own name, as urgent as an error."""
    if state is None:
        return NOT_EVALUATED
    if state in _LABEL_BY_STATE:
        return _LABEL_BY_STATE[state]
    return StateLabel("error", state.replace("_", " "), "A state this page does not know.", 8)


def displayed_state(label: StateLabel, *, is_partly_firing: bool) -> StateLabel:
    """What a single sign of a moment shows: that a part of it falls, where the whole does not fire itself."""
    return PARTLY_FIRING if is_partly_firing and label.key != "firing" else label


def state_legend() -> tuple[StateLabel, ...]:
    return tuple(sorted(_STATE_LABELS, key=lambda words: words.urgency))
