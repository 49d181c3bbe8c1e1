"""Numbers as text: shares, signed numbers, counts and odds. Pure.

A number is never rounded to 0 % or 100 % unless it is exactly that: "0 %" for one complaint in 5,000 hides a customer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

NARROW_NO_BREAK_SPACE = "\u202f"
NO_VALUE = "–"


@dataclass(frozen=True)
class Style:
    """Typography of a medium: the space between number and unit, the minus sign, and the text between two bounds."""

    space: str = " "
    minus: str = "-"
    between: str = " to "


PLAIN = Style()
PAGE = Style(NARROW_NO_BREAK_SPACE, "−", "–")
"""For HTML. The narrow no-break space keeps number and unit on one line (SI brochure, 9th edition, 5.4.3)."""


def format_percent(
    value: float, digits: int | None = None, *, against: float | None = None, style: Style = PLAIN
) -> str:
    """A share 0..1 in per cent: 62 %, 4.3 %, > 99.9 %.

    digits: decimals; by default one below 9.95 %, else none. against: a goal shown next to it; a value that only rounds
    to the goal gets one decimal, so that "90 %" next to a promise of 90 % never hides a miss.
    """
    return f"{percent_number(value, digits, against=against, style=style)}{style.space}%"


def percent_number(
    value: float, digits: int | None = None, *, against: float | None = None, style: Style = PLAIN
) -> str:
    """A share in per cent without the per cent sign, for intervals."""
    percent = 100.0 * value
    if _is_close(percent, 0.0) or _is_close(percent, 100.0):
        return f"{abs(percent):.0f}"
    decimals = (1 if abs(percent) < 9.95 else 0) if digits is None else digits
    only_rounds_to_goal = (
        against is not None
        and round(percent, decimals) == round(100.0 * against, decimals)
        and abs(value - against) > 1e-9
    )
    if only_rounds_to_goal or round(percent, decimals) in (0.0, 100.0):
        decimals = max(decimals, 1)
        if round(percent, decimals) == 100.0:
            return f">{style.space}99.9" if percent < 100.0 else f">{style.space}100"
        if round(percent, decimals) == 0.0:
            return f"<{style.space}0.1" if percent > 0.0 else f">{style.space}{style.minus}0.1"
    return format_fixed(percent, decimals, style)


def format_exact_percent(value: float, style: Style = PLAIN) -> str:
    """A promise or target with all its digits: 0.9 -> 90 %, 0.925 -> 92.5 %, 0.99996 -> 99.996 %."""
    return f"{f'{100.0 * value:.10g}'.replace('-', style.minus)}{style.space}%"


def shown_number(text: str) -> Decimal:
    """The number that a reader sees in a formatted value of PLAIN style: 62 for "62 %", 99.9 for "> 99.9 %".

    Differences are taken of these, so that they agree with the values beside them.
    """
    found = re.search(r"-?\d+(?:\.\d+)?", text)
    return Decimal(found.group()) if found else Decimal(0)


def shares_in_percent(shares: Sequence[float]) -> list[int]:
    """Shares that add up to 1 as whole per cents that add up to 100: the largest remainders are rounded up."""
    floors = [math.floor(100.0 * share) for share in shares]
    missing = 100 - sum(floors)
    by_remainder = sorted(range(len(shares)), key=lambda index: (floors[index] - 100.0 * shares[index], index))
    return [floor + (index in by_remainder[:missing]) for index, floor in enumerate(floors)]


def format_fixed(value: float, digits: int, style: Style = PLAIN) -> str:
    """A number with so many decimals, never "-0"."""
    text = f"{value:.{digits}f}"
    return f"{0.0:.{digits}f}" if not float(text) else text.replace("-", style.minus)


def format_signed(value: float, digits: int = 0, style: Style = PLAIN) -> str:
    """A number with its sign, for NPS and differences: +31, -4, 0."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", style.minus) if float(text) else "0"


def format_count(value: float) -> str:
    """1,234."""
    return f"{value:,.0f}"


def format_odds(probability: float) -> str:
    """A tail probability in words: one in 810."""
    if probability < 1e-6:
        return "less than one in a million"
    odds = 1.0 / probability
    rounded = round(odds, -max(0, len(str(int(odds))) - 2))
    return f"one in {rounded:,.0f}"


def pluralize(number: int, noun: str) -> str:
    """1 day; 3 weeks; 2 series."""
    return f"{number:,} {noun}" if number == 1 or noun.endswith("series") else f"{number:,} {noun}s"


def join_names(names: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def titleize(identifier: str) -> str:
    """`technician_on_site` -> `Technician on site`."""
    text = identifier.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def sanitize(text: str, max_length: int = 80) -> str:
    """Text from data made safe for a message: one line, no control characters, at most `max_length` characters."""
    one_line = "".join(character if character.isprintable() else " " for character in text).strip()
    return one_line if len(one_line) <= max_length else one_line[: max_length - 1] + "…"


def _is_close(value: float, exact: float) -> bool:
    return abs(value - exact) <= 1e-12 * 100.0
