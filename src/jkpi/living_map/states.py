"""The states of a moment of truth in words: never told by colour alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StateWords:
    """`key` is also the id of the icon and the class of the colour; `urgency` sorts, most urgent highest."""

    key: str
    word: str
    meaning: str
    urgency: int


_ALL = (
    StateWords(
        "firing", "firing", "A trend: the fall is real, and larger than the smallest one worth waking someone.", 9
    ),
    StateWords("error", "error", "It could not be judged. The default receiver was told; this is not an all-clear.", 8),
    StateWords(
        "held", "held", "A quality check failed, so no judgement is made until the data can be trusted again.", 7
    ),
    StateWords("no_data", "no data", "Readings have stopped arriving.", 6),
    StateWords("pattern", "pattern", "Two bad days in a row: no coincidence any more, not yet a trend.", 5),
    StateWords("watch", "watch", "One bad day: it may be a coincidence.", 4),
    StateWords("recovering", "recovering", "It fell, and is clear again; enough clear days close it.", 3),
    StateWords("low_n", "low n", "Too few cases to judge: one customer more or less would turn the verdict.", 2),
    StateWords("learning", "learning", "Fewer than 28 usable days: what is usual is still being learned.", 1),
    StateWords("ok", "ok", "Nothing unusual against its own past and its promise.", 0),
)
_BY_KEY = {words.key: words for words in _ALL} | {"resolved": _ALL[-1]}
IN_PART = StateWords("firing", "falling in a part", "As a whole it stands; a segment of it has an open alert.", 9)
UNJUDGED = StateWords("unjudged", "not judged yet", "No judgement has been made so far.", 1)
OPEN = frozenset({"firing", "recovering"})
"""States in which an alert is open, so that the charts mark where it began."""


def state_words(state: str | None) -> StateWords:
    """The words of a state; one this page does not know is shown by its own name, as urgent as an error."""
    if state is None:
        return UNJUDGED
    if state in _BY_KEY:
        return _BY_KEY[state]
    return StateWords("error", state.replace("_", " "), "A state this page does not know.", 8)


def seen(words: StateWords, *, in_part: bool) -> StateWords:
    """What a single sign of a moment shows: that a part of it falls, where the whole does not fire itself."""
    return IN_PART if in_part and words.key != "firing" else words


def legend() -> tuple[StateWords, ...]:
    return tuple(sorted(_ALL, key=lambda words: words.urgency))
