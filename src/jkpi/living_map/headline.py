"""The sentence of the morning: what a reader must know if they read nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from jkpi.formatting import page_text
from jkpi.living_map.alert_views import parts_said, said
from jkpi.living_map.views import FallView, Headline, MomentView

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
        ("early", _early),
        ("watch", _watch),
        ("recovering", _recovering),
    ):
        concerned = [moment for moment in moments if _concerns(moment, state)]
        if concerned:
            key = {"segment": "firing", "early": "watch"}.get(state, state)
            detail = _rest(moments, concerned, in_part=state == "segment", of_sign=state == "early")
            return Headline(key, told(concerned), detail, _by_segment(moments))
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
    return f" The promise is not kept at: {page_text.listed(titles)}." if titles else ""


def _falling(moments: Sequence[MomentView]) -> str:
    if len(moments) > 1:
        many = _NUMBERS[len(moments)].capitalize() if len(moments) < len(_NUMBERS) else str(len(moments))
        return f"{many} moments of truth are falling off."
    return f"Falling off: {moments[0].title}."


def _concerns(moment: MomentView, state: str) -> bool:
    """A moment that stands as a whole may still fall in a part, or its newest cohorts lie behind: no state of its own,
    but worth the sentence."""
    if state == "early":
        return bool(moment.early)
    return bool(moment.falling_in) if state == "segment" else moment.state.key == state


def _falling_in_part(moments: Sequence[MomentView]) -> str:
    return f"Falling off in a part: {page_text.listed([f'{m.title} ({m.falling_in})' for m in moments])}."


def _error(moments: Sequence[MomentView]) -> str:
    return f"Could not be judged: {_titles(moments)}."


def _blind(moments: Sequence[MomentView]) -> str:
    return f"We are blind at: {_titles(moments)}."


def _silent(moments: Sequence[MomentView]) -> str:
    return f"No data any more from: {_titles(moments)}."


def _pattern(moments: Sequence[MomentView]) -> str:
    return f"A pattern, not yet a trend: {_titles(moments)}."


def _early(moments: Sequence[MomentView]) -> str:
    return f"Nothing falls off yet, but there is an early sign: {_titles(moments)}."


def _watch(moments: Sequence[MomentView]) -> str:
    return f"One bad day, maybe a coincidence: {_titles(moments)}."


def _recovering(moments: Sequence[MomentView]) -> str:
    return f"Recovering: {_titles(moments)}."


def _titles(moments: Sequence[MomentView]) -> str:
    return page_text.listed([moment.title for moment in moments])


def _by_segment(moments: Sequence[MomentView]) -> tuple[tuple[str, Headline], ...]:
    """For each segment with an open alert, what it is: the customers of one segment are not everybody."""
    found: dict[str, list[tuple[MomentView, FallView]]] = {}
    for moment in moments:
        for fall in moment.parts:
            found.setdefault(fall.key, []).append((moment, fall))
    made = []
    for key, pairs in found.items():
        urgent = max((fall.state for _, fall in pairs), key=lambda state: state.urgency)
        titles = page_text.listed([moment.title for moment, _ in pairs])
        verb = "Recovering" if urgent.key == "recovering" else "Falling off"
        figures = [f"{moment.title}: {said(fall)}" if len(pairs) > 1 else said(fall) for moment, fall in pairs]
        detail = ". ".join(f"{text[:1].upper()}{text[1:]}" for text in figures) + "."
        made.append((key, Headline(urgent.key, f"{verb} for {pairs[0][1].where}: {titles}.", detail)))
    return tuple(made)


def _rest(
    moments: Sequence[MomentView], concerned: Sequence[MomentView], *, in_part: bool, of_sign: bool = False
) -> str:
    """The number behind the sentence, and what the others do. `in_part`: it is of segments, and not of everybody;
    `of_sign`: it is of early signs."""
    named = len(concerned) > 1
    parts = [] if of_sign else [_evidence(moment, named=named, in_part=in_part) for moment in concerned]
    parts += [_sign(moment, named=named or not of_sign) for moment in concerned if moment.early]
    others = [moment for moment in moments if moment not in concerned]
    if others:
        calm = [moment for moment in others if moment.seen.key == "ok" and not moment.early]
        if len(calm) == len(others):
            parts.append("The other one is as usual." if len(calm) == 1 else "The others are as usual.")
        else:
            told = [f"{moment.title} ({_state(moment)})" for moment in others if moment not in calm]
            parts.append(f"Elsewhere: {page_text.listed(told)}.")
    if of_sign:
        parts.append(_broken(moments).strip())
    return " ".join(part for part in parts if part)


def _sign(moment: MomentView, *, named: bool) -> str:
    """What its early sign says, a sentence."""
    if named:
        return f"Early sign at {moment.title}: {moment.early}; not decided yet."
    return f"{moment.early[:1].upper()}{moment.early[1:]}; not decided yet."


def _evidence(moment: MomentView, *, named: bool, in_part: bool) -> str:
    """What the alert says where one is open; else the newest final week, as such, and since when it is so."""
    week = f"{moment.value} {moment.caption} in the {moment.week}" if moment.value and moment.week else ""
    told: list[str | None]
    if in_part and moment.parts:
        told = [parts_said(moment.parts), moment.promise, f"everybody: {week}" if week else ""]
        text = "; ".join(part for part in told if part)
    elif moment.whole and not in_part:
        told = [said(moment.whole), moment.promise]
        text = "; ".join(part for part in told if part)
    else:
        told = [week, moment.promise, "" if in_part else moment.since]
        text = ", ".join(part for part in told if part)
    if not text:
        return ""
    return f"{moment.title}: {text}." if named else f"{text[:1].upper()}{text[1:]}."


def _state(moment: MomentView) -> str:
    word = f"falling in {moment.falling_in}" if moment.falling_in else moment.state.word
    sign = f"early sign: {moment.early}" if moment.early else ""
    return sign if sign and word == "ok" else "; ".join(part for part in (word, sign) if part)


def _many(count: int) -> str:
    return "One moment of truth" if count == 1 else f"{count} moments of truth"
