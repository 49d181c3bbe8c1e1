"""The fingerprint of a KPI: the same in every process, another where the number would be another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jkpi.journeys.definition import definition_fingerprint
from tests.journeys.small_map import SMALL, journey, write_calendar

LINES = {
    "csat": "{kpi: csat, survey: s}",
    "csat_mean": "{kpi: csat_mean, survey: s}",
    "nps": "{kpi: nps, survey: s}",
    "ces": "{kpi: ces, survey: s, polarity: low_is_easy}",
    "response_rate": "{kpi: response_rate, survey: s, window: 7d}",
    "emotion": "{kpi: emotion, name: angry}",
    "drop_off": "{kpi: drop_off, window: 2d}",
    "conversion": "{kpi: conversion, window: 2d}",
    "time_to_resolve": "{kpi: time_to_resolve, from: reported, to: arrived, tolerance: 4h}",
    "promises_kept": "{kpi: promises_kept, from: reported, to: arrived}",
    "time_in_stage": "{kpi: time_in_stage, tolerance: 4h}",
    "repeat_contact": "{kpi: repeat_contact, touchpoint: transferred}",
    "occurrence": "{kpi: occurrence, touchpoint: transferred}",
    "first_contact": "{kpi: first_contact}",
    "self_service": "{kpi: self_service}",
    "volume": "{kpi: volume}",
}


def fingerprint(workspace: Path, line: str, *changes: tuple[str, str], level: str = "report") -> str:
    """Of the one KPI that this line asks for, in the small map with these changes."""
    kpis = SMALL[SMALL.index("    kpis:\n") : SMALL.index("  - stage: fix")]
    text = SMALL.replace(kpis, f"    kpis: [{line}]\n" if level == "report" else "")
    text = text.replace("  - {kpi: conversion}\n", f"  - {line if level == 'journey' else '{kpi: conversion}'}\n")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    write_calendar(workspace)
    drawn = journey(workspace, text)
    return next(
        definition_fingerprint(drawn, kpi) for kpi_id, kpi, _, _ in drawn.all_kpis() if kpi_id.startswith(f"{level}.")
    )


def with_keys(line: str, keys: str) -> str:
    return line.replace("}", f", {keys}}}")


def test_fingerprints_are_stable(tmp_path: Path) -> None:
    """A fingerprint that a release changes by accident would cut every series of every user in two."""
    found = {kind: fingerprint(tmp_path, line) for kind, line in LINES.items()}
    found["peak_end"] = fingerprint(tmp_path, "{kpi: peak_end}", level="journey")
    assert found == KNOWN
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("csat", "name: other, title: Another, target: 0.5"),
        ("csat", "scale: [1, 5], box: 2, direction: higher"),
        ("ces", "box: 3"),
        ("drop_off", "direction: higher"),
        ("occurrence", "at_least: 1, target: 0.2"),
        ("emotion", "title: How angry, direction: lower"),
    ],
)
def test_labels_and_defaults_change_no_fingerprint(kind: str, keys: str, tmp_path: Path) -> None:
    assert fingerprint(tmp_path, with_keys(LINES[kind], keys)) == fingerprint(tmp_path, LINES[kind])


def test_a_length_is_the_same_however_it_is_spelled(tmp_path: Path) -> None:
    spelled = LINES["drop_off"].replace("2d", "48h")
    assert fingerprint(tmp_path, spelled) == fingerprint(tmp_path, LINES["drop_off"])


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("csat", "survey: s", "survey: other"),
        ("csat", "}", ", question: q}"),
        ("csat", "}", ", scale: [1, 7]}"),
        ("csat", "}", ", box: 1}"),
        ("csat", "}", ", touchpoint: arrived}"),
        ("csat_mean", "}", ", scale: [1, 7]}"),
        ("ces", "low_is_easy", "high_is_easy"),
        ("response_rate", "7d", "8d"),
        ("emotion", "angry", "relieved"),
        ("emotion", "}", ", survey: s}"),
        ("drop_off", "2d", "3d"),
        ("conversion", "2d", "3d"),
        ("time_to_resolve", "from: reported", "from: transferred"),
        ("time_to_resolve", "to: arrived", "to: running"),
        ("time_to_resolve", "4h", "5h"),
        ("time_to_resolve", ", tolerance: 4h", ""),
        ("promises_kept", "from: reported", "from: transferred"),
        ("promises_kept", "to: arrived", "to: running"),
        ("promises_kept", "}", ", within: 1d}"),
        ("time_to_resolve", "}", ", calendar: opening_hours}"),
        ("time_in_stage", ", tolerance: 4h", ""),
        ("time_in_stage", "}", ", calendar: opening_hours}"),
        ("repeat_contact", "transferred", "arrived"),
        ("repeat_contact", "}", ", at_least: 3}"),
        ("first_contact", "}", ", touchpoint: arrived}"),
        ("volume", "}", ", touchpoint: arrived}"),
    ],
)
def test_every_key_that_changes_the_number_changes_it(kind: str, old: str, new: str, tmp_path: Path) -> None:
    assert LINES[kind].count(old) == 1
    assert fingerprint(tmp_path, LINES[kind].replace(old, new)) != fingerprint(tmp_path, LINES[kind])


WINDOW = ("window: 30d", "window: 31d")
TAKES_THE_JOURNEYS_WINDOW = (
    "time_to_resolve",
    "promises_kept",
    "time_in_stage",
    "repeat_contact",
    "occurrence",
    "first_contact",
    "self_service",
)


@pytest.mark.parametrize("kind", LINES)
def test_the_journeys_window_counts_where_it_decides(kind: str, tmp_path: Path) -> None:
    changed = fingerprint(tmp_path, LINES[kind], WINDOW) != fingerprint(tmp_path, LINES[kind])
    assert changed == (kind in TAKES_THE_JOURNEYS_WINDOW)


@pytest.mark.parametrize("line", ["{kpi: peak_end}", "{kpi: conversion}"])
def test_the_journeys_window_counts_for_the_journey(line: str, tmp_path: Path) -> None:
    assert fingerprint(tmp_path, line, WINDOW, level="journey") != fingerprint(tmp_path, line, level="journey")


def test_staffing_changes_the_fingerprint_of_contact_kpis(tmp_path: Path) -> None:
    more = ("{touchpoint: confirmed, channel: email}", "{touchpoint: confirmed, channel: email, staffed: true}")
    less = ("{touchpoint: running, channel: field}", "{touchpoint: running, channel: web}")
    for kind in ("first_contact", "self_service"):
        assert fingerprint(tmp_path, LINES[kind], more, less) != fingerprint(tmp_path, LINES[kind])
    of_one = with_keys(LINES["first_contact"], "touchpoint: arrived")
    assert fingerprint(tmp_path, of_one, more) == fingerprint(tmp_path, of_one)


def test_the_polarity_of_a_survey_changes_the_fingerprint_of_peak_and_end(tmp_path: Path) -> None:
    turned = ("{kpi: nps, survey: after_repair}", "{kpi: ces, survey: after_repair, polarity: low_is_easy}")
    before = fingerprint(tmp_path, "{kpi: peak_end}", level="journey")
    assert fingerprint(tmp_path, "{kpi: peak_end}", turned, level="journey") != before
    assert fingerprint(tmp_path, "{kpi: peak_end, window: 8d}", level="journey") != before


def test_it_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Python's own hashes differ from run to run; what is kept in a warehouse must not."""
    (tmp_path / "map.py").write_text(f"MAP = {SMALL!r}")
    script = (
        "import yaml; from map import MAP; from jkpi.journeys.model import Journey; "
        "from jkpi.journeys.definition import definition_fingerprint; "
        "drawn = Journey.model_validate(yaml.safe_load(MAP)); "
        "print([definition_fingerprint(drawn, kpi) for _, kpi, _, _ in drawn.all_kpis()])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


KNOWN = {
    "csat": "80ca9619ab99",
    "csat_mean": "8ac61b79d13e",
    "nps": "5004730f63e0",
    "ces": "39279ab6ddba",
    "response_rate": "c31b059a893c",
    "emotion": "14c717796aa8",
    "drop_off": "9aa923c1f338",
    "conversion": "a1a66d5d81ad",
    "time_to_resolve": "0969cb72c7c7",
    "promises_kept": "979755e80af2",
    "time_in_stage": "4f37541d956e",
    "repeat_contact": "ba35aa25e7bf",
    "occurrence": "b772264ba676",
    "first_contact": "70040bf804ca",
    "self_service": "14c269bbf0d4",
    "volume": "ccc784bb0f97",
    "peak_end": "4e0f30fd8c05",
}
