"""The colours of the style sheet against WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (marks)."""

import re
from importlib.resources import files

import pytest

CSS = (files("jkpi.living_map") / "templates" / "page.css").read_text(encoding="utf-8")
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("ground", "sheet", "sunk")),
    *((state, "sheet") for state in ("ok", "watch", "pattern", "firing", "recovering", "suspended", "quiet")),
    *((state, f"{state}-ground") for state in ("ok", "watch", "pattern", "firing", "recovering", "suspended", "quiet")),
    *(("ink", f"{state}-ground") for state in ("ok", "watch", "pattern", "firing", "recovering", "suspended", "quiet")),
    ("sheet", "accent"),
]
MARKS = [("line", "sheet"), ("line", "band"), ("firing", "sheet"), ("soft", "band"), ("accent", "ground")]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    read = {name: dict(re.findall(r"--([\w-]+): (#\w+)", text)) for name, text in (("light", light), ("dark", dark))}
    return {"light": read["light"], "dark": {**read["light"], **read["dark"]}}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_formula_agrees_with_the_standard() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(scheme: str, ink: str, ground: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_have_enough_contrast(scheme: str, mark: str, ground: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette[mark], palette[ground]) >= 3.0
