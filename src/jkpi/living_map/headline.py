"""The sentence of the morning: what a reader must know if they read nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from jkpi.living_map import words
from jkpi.living_map.views import Headline, MomentView

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def headline(moments: Sequence[MomentView], measured: bool) -> Headline:
    """One sentence, and a second with the number behind it or what else deserves a look."""
    if not measured:
        return Headline(
            "empty", "Nothing has been measured yet.", "The map below is as it was drawn; numbers appear with the data."
        )
    if not moments:
        return Headline(
            "empty",
            "No moment of truth is declared.",
            "Name one in the map, with an owner and a promise, to be told when it falls off.",
        )
    for state, told in (
        ("firing", _falling),
        ("segment", _falling_in_part),
        ("error", _error),
        ("held", _blind),
        ("no_data", _silent),
        ("pattern", _pattern),
        ("watch", _watch),
        ("recovering", _recovering),
    ):
        concerned = [moment for moment in moments if _concerns(moment, state)]
        if concerned:
            return Headline("firing" if state == "segment" else state, told(concerned), _rest(moments, concerned))
    settled = [moment for moment in moments if moment.state.key == "ok"]
    if not settled:
        return Headline(
            "learning",
            "Too early to say.",
            f"{_many(len(moments))} declared, none judged so far.{_broken(moments)}",
        )
    return Headline(
        "ok",
        "All quiet: nothing falls off.",
        f"{_many(len(settled))} judged, all as usual.{_broken(moments)}",
    )


def _broken(moments: Sequence[MomentView]) -> str:
    """Quiet against its own past does not mean that the promise is kept."""
    titles = [m.title for m in moments if m.standing is not None and m.standing.key == "bad"]
    return f" The promise is not kept at: {words.listed(titles)}." if titles else ""


def _falling(moments: Sequence[MomentView]) -> str:
    if len(moments) > 1:
        many = _NUMBERS[len(moments)].capitalize() if len(moments) < len(_NUMBERS) else str(len(moments))
        return f"{many} moments of truth are falling off."
    return f"Falling off: {moments[0].title}."


def _concerns(moment: MomentView, state: str) -> bool:
    """A moment that stands as a whole may still fall in a part: no state of its own, but worth the sentence."""
    return bool(moment.falling_in) if state == "segment" else moment.state.key == state


def _falling_in_part(moments: Sequence[MomentView]) -> str:
    return f"Falling off in a part: {words.listed([f'{m.title} ({m.falling_in})' for m in moments])}."


def _error(moments: Sequence[MomentView]) -> str:
    return f"Could not be judged: {_titles(moments)}."


def _blind(moments: Sequence[MomentView]) -> str:
    return f"We are blind at: {_titles(moments)}."


def _silent(moments: Sequence[MomentView]) -> str:
    return f"No data any more from: {_titles(moments)}."


def _pattern(moments: Sequence[MomentView]) -> str:
    return f"A pattern, not yet a trend: {_titles(moments)}."


def _watch(moments: Sequence[MomentView]) -> str:
    return f"One bad day, maybe a coincidence: {_titles(moments)}."


def _recovering(moments: Sequence[MomentView]) -> str:
    return f"Recovering: {_titles(moments)}."


def _titles(moments: Sequence[MomentView]) -> str:
    return words.listed([moment.title for moment in moments])


def _rest(moments: Sequence[MomentView], concerned: Sequence[MomentView]) -> str:
    """The number behind the sentence, and what the others do."""
    parts = [_evidence(moment, named=len(concerned) > 1) for moment in concerned]
    others = [moment for moment in moments if moment not in concerned]
    if others:
        calm = [moment for moment in others if moment.state.key == "ok"]
        if len(calm) == len(others):
            parts.append("The other one is as usual." if len(calm) == 1 else "The others are as usual.")
        else:
            told = [f"{moment.title} ({moment.state.word})" for moment in others if moment not in calm]
            parts.append(f"Elsewhere: {words.listed(told)}.")
    return " ".join(part for part in parts if part)


def _evidence(moment: MomentView, *, named: bool) -> str:
    said = [f"{moment.value} {moment.caption}" if moment.value else "", moment.promise or "", moment.since or ""]
    text = ", ".join(part for part in said if part)
    if not text:
        return ""
    return f"{moment.title}: {text}." if named else f"{text[:1].upper()}{text[1:]}."


def _many(count: int) -> str:
    return "One moment of truth" if count == 1 else f"{count} moments of truth"
