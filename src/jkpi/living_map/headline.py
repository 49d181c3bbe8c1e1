"""The headline of the page: the most urgent state, with its figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jkpi.formatting.numbers import join_names
from jkpi.living_map.alert_views import alert_sentence, segments_sentence
from jkpi.living_map.views import AlertView, Headline, MomentView

_NUMBER_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def page_headline(moments: Sequence[MomentView], measured: bool) -> Headline:
    """One sentence about the most urgent state, and one with its figures and the other moments."""
    if not measured:
        return Headline(
            "empty", "Nothing has been measured yet.", "The map below has no numbers yet; they appear with the data."
        )
    if not moments:
        return Headline(
            "empty",
            "No moment of truth is declared.",
            "Declare one in the map, with an owner and a promise, to be notified when it drops.",
        )
    for state, sentence_for in (
        ("firing", _firing_sentence),
        ("segment", _partly_firing_sentence),
        ("error", _error_sentence),
        ("suspended", _suspended_sentence),
        ("no_data", _no_data_sentence),
        ("pattern", _pattern_sentence),
        ("early", _early_warning_sentence),
        ("watch", _watch_sentence),
        ("recovering", _recovering_sentence),
    ):
        concerned = [moment for moment in moments if _is_concerned(moment, state)]
        if concerned:
            key = {"segment": "firing", "early": "watch"}.get(state, state)
            detail = _details(moments, concerned, is_by_segment=state == "segment", is_early_warning=state == "early")
            return Headline(key, sentence_for(concerned), detail, _segment_headlines(moments))
    fewer = [moment for moment in moments if moment.volume_drop]
    if fewer:
        details = "; ".join(f"{moment.title}: {moment.volume_drop}" for moment in fewer)
        return Headline("watch", f"No rate has dropped, but fewer cases come: {_joined_titles(fewer)}.", f"{details}.")
    evaluated = [moment for moment in moments if moment.state.key == "ok"]
    if not evaluated:
        return Headline(
            "learning",
            "Too early to say.",
            f"{_moment_count_text(len(moments))} declared, none evaluated so far.{_broken_promises(moments)}",
        )
    return Headline(
        "ok",
        "All ok: no open alert.",
        f"{_moment_count_text(len(evaluated))} evaluated, all at their baseline.{_broken_promises(moments)}",
    )


def _broken_promises(moments: Sequence[MomentView]) -> str:
    """Moments below their promise; a moment at its baseline may be one."""
    titles = [moment.title for moment in moments if moment.goal_status is not None and moment.goal_status.key == "bad"]
    return f" Promise not kept: {join_names(titles)}." if titles else ""


def _firing_sentence(moments: Sequence[MomentView]) -> str:
    if len(moments) > 1:
        number_word = (
            _NUMBER_WORDS[len(moments)].capitalize() if len(moments) < len(_NUMBER_WORDS) else str(len(moments))
        )
        return f"{number_word} moments of truth are firing."
    return f"Firing: {moments[0].title}."


def _is_concerned(moment: MomentView, state: str) -> bool:
    """Whether a moment belongs to a headline; a firing segment and an early warning are not states of the total."""
    if state == "early":
        return bool(moment.early_warning)
    return bool(moment.firing_segments) if state == "segment" else moment.state.key == state


def _partly_firing_sentence(moments: Sequence[MomentView]) -> str:
    return f"Firing in a segment: {join_names([f'{moment.title} ({moment.firing_segments})' for moment in moments])}."


def _error_sentence(moments: Sequence[MomentView]) -> str:
    return f"Could not be evaluated: {_joined_titles(moments)}."


def _suspended_sentence(moments: Sequence[MomentView]) -> str:
    return f"Evaluation suspended: {_joined_titles(moments)}."


def _no_data_sentence(moments: Sequence[MomentView]) -> str:
    return f"No data for: {_joined_titles(moments)}."


def _pattern_sentence(moments: Sequence[MomentView]) -> str:
    return f"A pattern, not yet a trend: {_joined_titles(moments)}."


def _early_warning_sentence(moments: Sequence[MomentView]) -> str:
    return f"No open alert, but an early warning: {_joined_titles(moments)}."


def _watch_sentence(moments: Sequence[MomentView]) -> str:
    return f"One low day, maybe a coincidence: {_joined_titles(moments)}."


def _recovering_sentence(moments: Sequence[MomentView]) -> str:
    return f"Recovering: {_joined_titles(moments)}."


def _joined_titles(moments: Sequence[MomentView]) -> str:
    return join_names([moment.title for moment in moments])


def _segment_headlines(moments: Sequence[MomentView]) -> tuple[tuple[str, Headline], ...]:
    """A headline for each segment with an open alert, shown when the page is switched to that segment."""
    alerts_by_segment: dict[str, list[tuple[MomentView, AlertView]]] = {}
    for moment in moments:
        for alert in moment.segment_alerts:
            alerts_by_segment.setdefault(alert.key, []).append((moment, alert))
    headlines = []
    for key, pairs in alerts_by_segment.items():
        most_urgent = max((alert.state for _, alert in pairs), key=lambda state: state.urgency)
        titles = join_names([moment.title for moment, _ in pairs])
        verb = "Recovering" if most_urgent.key == "recovering" else "Firing"
        figures = [
            f"{moment.title}: {alert_sentence(alert)}" if len(pairs) > 1 else alert_sentence(alert)
            for moment, alert in pairs
        ]
        detail = ". ".join(f"{text[:1].upper()}{text[1:]}" for text in figures) + "."
        headlines.append((key, Headline(most_urgent.key, f"{verb} for {pairs[0][1].segment_label}: {titles}.", detail)))
    return tuple(headlines)


def _details(
    moments: Sequence[MomentView],
    concerned: Sequence[MomentView],
    *,
    is_by_segment: bool,
    is_early_warning: bool = False,
) -> str:
    """The figures of the concerned moments, and the states of the others. `is_by_segment`: of segments, not the total;
    `is_early_warning`: of early warnings."""
    with_title = len(concerned) > 1
    parts = (
        []
        if is_early_warning
        else [_alert_detail(moment, with_title=with_title, is_by_segment=is_by_segment) for moment in concerned]
    )
    parts += [
        _early_warning_clause(moment, with_title=with_title or not is_early_warning)
        for moment in concerned
        if moment.early_warning
    ]
    others = [moment for moment in moments if moment not in concerned]
    if others:
        others_ok = [moment for moment in others if moment.displayed_state.key == "ok" and not moment.early_warning]
        if len(others_ok) == len(others):
            parts.append("The other one is ok." if len(others_ok) == 1 else "The others are ok.")
        else:
            other_states = [
                f"{moment.title} ({_moment_state_text(moment)})" for moment in others if moment not in others_ok
            ]
            parts.append(f"Other moments: {join_names(other_states)}.")
    if is_early_warning:
        parts.append(_broken_promises(moments).strip())
    return " ".join(part for part in parts if part)


def _early_warning_clause(moment: MomentView, *, with_title: bool) -> str:
    """The early warning as a sentence."""
    if with_title:
        return f"Early warning at {moment.title}: {moment.early_warning}; not mature yet."
    return f"{moment.early_warning[:1].upper()}{moment.early_warning[1:]}; not mature yet."


def _alert_detail(moment: MomentView, *, with_title: bool, is_by_segment: bool) -> str:
    """The figures of the open alert, else of the latest final week, with promise and start of the state."""
    week = f"{moment.value} {moment.caption} in the {moment.week}" if moment.value and moment.week else ""
    parts: list[str | None]
    if is_by_segment and moment.segment_alerts:
        parts = [segments_sentence(moment.segment_alerts), moment.promise, f"all customers: {week}" if week else ""]
        text = "; ".join(part for part in parts if part)
    elif moment.total_alert and not is_by_segment:
        parts = [alert_sentence(moment.total_alert), moment.promise]
        text = "; ".join(part for part in parts if part)
    else:
        parts = [week, moment.promise, "" if is_by_segment else moment.since]
        text = ", ".join(part for part in parts if part)
    if not text:
        return ""
    return f"{moment.title}: {text}." if with_title else f"{text[:1].upper()}{text[1:]}."


def _moment_state_text(moment: MomentView) -> str:
    state_text = f"firing in {moment.firing_segments}" if moment.firing_segments else moment.state.label
    early_warning = f"early warning: {moment.early_warning}" if moment.early_warning else ""
    return (
        early_warning
        if early_warning and state_text == "ok"
        else "; ".join(part for part in (state_text, early_warning) if part)
    )


def _moment_count_text(count: int) -> str:
    return "One moment of truth" if count == 1 else f"{count} moments of truth"
