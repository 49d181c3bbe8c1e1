"""The ladder, as a table of state x input."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from jkpi.alerts.judge import Rule
from jkpi.alerts.lifecycle import Evidence, Ladder, State, step

RULE = Rule(promise=0.9, falls_off_by=0.05)
FIRST = date(2026, 3, 2)

# One letter a day: o clear, w low and far beyond the line, m low but not beyond it, c collapsed,
# h held, l low n, n no data, g learning, e error, b a clear day too few to show it.
FIGURES = {"o": (0.5, 180.0, 200.0), "w": (0.01, 150.0, 200.0), "m": (0.05, 173.0, 200.0), "c": (1e-7, 60.0, 200.0),
           "b": (0.5, 9.0, 10.0)}  # fmt: skip
KINDS = {"h": State.HELD, "l": State.LOW_N, "n": State.NO_DATA, "g": State.LEARNING, "e": State.ERROR}


def climb(days: str, rule: Rule = RULE, gap: int = 1) -> list[Ladder]:
    ladders, ladder = [], Ladder()
    for offset, letter in enumerate(days):
        day = FIRST + timedelta(days=offset * gap)
        if letter in KINDS:
            evidence = Evidence(day, KINDS[letter])
        else:
            tail, good, n = FIGURES[letter]
            evidence = Evidence(day, State.OK, tail, good, n, 0.9, 0.85)
        ladder = step(ladder, evidence, rule)
        ladders.append(ladder)
    return ladders


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ("o", State.OK),
        ("w", State.WATCH),
        ("ww", State.PATTERN),
        ("www", State.FIRING),
        ("wwo", State.OK),
        ("wow", State.WATCH),
        ("wwow", State.WATCH),
        ("mmm", State.PATTERN),
        ("mmmmm", State.PATTERN),
        ("c", State.FIRING),
        ("oc", State.FIRING),
        ("g", State.LEARNING),
        ("wg", State.LEARNING),
        # what cannot be judged holds the counters
        ("wlw", State.PATTERN),
        ("wwlw", State.FIRING),
        ("wwh", State.HELD),
        ("wwhhw", State.FIRING),
        ("wwnw", State.FIRING),
        ("wwe", State.ERROR),
        ("wwew", State.FIRING),
        ("wwll", State.LOW_N),
        # an open alert stays in sight
        ("wwwh", State.FIRING),
        ("wwwn", State.FIRING),
        ("wwwe", State.FIRING),
        ("wwwoh", State.RECOVERING),
        ("wwwo", State.RECOVERING),
        ("wwwoo", State.RECOVERING),
        ("wwwooo", State.OK),
        ("wwwolololo", State.OK),
        ("wwwow", State.FIRING),
        ("wwwoow", State.FIRING),
        ("wwwoowooo", State.OK),
        # small days: three do not show it, a low one amid them is a coincidence, two are not
        ("wwwbbb", State.RECOVERING),
        ("wwwbbbm", State.RECOVERING),
        ("wwwbbbmm", State.FIRING),
        ("wwwbbbmb", State.RECOVERING),
        ("www" + "b" * 13, State.RECOVERING),
        ("www" + "b" * 14, State.OK),
        ("wwwooow", State.WATCH),
        ("wwwooowww", State.FIRING),
    ],
)
def test_state_after(days: str, state: State) -> None:
    assert climb(days)[-1].state is state


def test_a_long_silence_forgets_a_run_but_never_an_alert() -> None:
    assert climb("ww" + "h" * 13 + "w")[-1].state is State.FIRING
    assert climb("ww" + "h" * 14 + "w")[-1].state is State.WATCH
    assert climb("www" + "h" * 60)[-1].state is State.FIRING


def test_a_collapse_needs_enough_cases_and_distance() -> None:
    def after(good: float, n: float, line: float = 0.85, tail: float = 1e-6) -> State:
        return step(Ladder(), Evidence(FIRST, State.OK, tail, good, n, 0.9, line), RULE).state

    assert after(10, 30) is State.FIRING
    assert after(10, 29) is State.WATCH
    assert after(2600, 3000) is State.WATCH
    assert after(10, 30, tail=2e-4) is State.WATCH


def test_a_family_shares_its_budget() -> None:
    """Days that fire alone are not enough for one of forty segments; more of them are."""
    alone = [Evidence(FIRST + timedelta(days=i), State.OK, 0.05, 8.0, 12.0, 0.9, 0.85) for i in range(8)]

    def first_firing(family: int) -> int:
        ladder = Ladder()
        for number, evidence in enumerate(alone, start=1):
            ladder = step(ladder, evidence, Rule(0.9, 0.05, family=family))
            if ladder.is_open:
                return number
        return 99

    assert first_firing(1) == 3
    assert 3 < first_firing(40) < 8


def test_three_days_that_together_prove_little_are_no_trend() -> None:
    weak = [Evidence(FIRST + timedelta(days=i), State.OK, 0.09, 4.0, 6.0, 0.85, 0.80) for i in range(3)]
    ladder = Ladder()
    for evidence in weak:
        ladder = step(ladder, evidence, RULE)
    assert ladder.run is not None and ladder.run.tail > 0.001
    assert ladder.state is State.PATTERN


def test_an_alert_knows_its_days() -> None:
    ladders = climb("oowwwooo")
    fired = ladders[4]
    assert (fired.run.first, fired.fired_on, fired.reason) == (  # type: ignore[union-attr]
        FIRST + timedelta(days=2),
        FIRST + timedelta(days=4),
        "trend",
    )
    closed = ladders[-1]
    assert closed.closed and closed.clear is not None and closed.clear.days == 3
    assert closed.fell is not None and closed.fell.days == 6


def test_a_fold_can_stop_anywhere_and_go_on(days: Sequence[str] = ("wwlwwoobbbmwwooo", "owwhwwoobbmo")) -> None:
    for text in days:
        whole = climb(text)
        ladder = whole[5]
        for offset, letter in list(enumerate(text))[6:]:
            tail, good, n = FIGURES.get(letter, (1.0, 0.0, 0.0))
            day = FIRST + timedelta(days=offset)
            kind = KINDS.get(letter, State.OK)
            evidence = Evidence(day, kind) if letter in KINDS else Evidence(day, kind, tail, good, n, 0.9, 0.85)
            ladder = step(ladder, evidence, RULE)
        assert ladder == whole[-1]
