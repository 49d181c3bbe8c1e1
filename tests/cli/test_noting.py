"""What lint notes of maps that can be measured and would surprise."""

from __future__ import annotations

from pathlib import Path

import pytest

from jkpi.cli.lint_warnings import lint_warnings
from jkpi.journeys.reader import read_journeys
from jkpi.loading.workspace import read_sources

MAP = """
journey: buy
title: Buying
version: 1
owner: shop
timezone: Europe/Paris
viewpoint: {persona: buyer}
scope: {starts_with: [visit], ends_with: [delivery], window: 10d, session_gap: 5d}
stages:
  - stage: order
    touchpoints: [{touchpoint: visit, channel: web}, {touchpoint: delivery, channel: parcel}]
    kpis:
      - {kpi: time_to_resolve, from: visit, to: delivery, tolerance: 3d}
      - {kpi: nps, survey: after, question: recommend}
  - stage: after
    touchpoints: [{touchpoint: complaint, channel: phone}]
    kpis:
      - {kpi: occurrence, touchpoint: delivery}
moments_of_truth:
  - {moment: liked, kpi: order.nps, promise: 40, min_drop: 15, owner: cx, notify: [lead]}
"""
SOURCE = """
source: answers
kind: responses
owner: cx
from: {files: data/*.csv}
columns: {response_id: id, customer_id: who, score: score, responded_at: at}
constants: {survey: after, question: recommend, touchpoint: delivery}
scale: [0, 10]
"""


def noted(folder: Path, old: str = "", new: str = "") -> list[str]:
    for name, text in (("journeys", MAP), ("sources", SOURCE)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "one.yml").write_text(text.replace(old, new) if old else text)
    return lint_warnings(read_journeys(folder), read_sources(folder))


def test_nothing_is_noted_of_a_map_that_fits(tmp_path: Path) -> None:
    assert noted(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "occurrence, touchpoint: delivery",
            "occurrence, touchpoint: complaint",
            "'complaint' comes after the end",
        ),
        (
            "from: visit, to: delivery",
            "from: delivery, to: visit",
            "'delivery' to 'visit', which stands before",
        ),
        ("[visit], ends_with: [delivery]", "[complaint], ends_with: [delivery]", "buy: scope: what it starts with"),
        ("{survey: after, question: recommend, t", "{survey: aftr, question: recommend, t", "the survey 'after'"),
        ("{survey: after, question: recommend, t", "{survey: after, question: recommnd, t", "the question 'recommend'"),
        ("scale: [0, 10]", "scale: [1, 10]", "on the scale 0 to 10, and its answers come on 1 to 10"),
        (
            "promise: 40",
            "promise: 0.4",
            "0.4 points of a score from -100 to 100: is 40 meant?",
        ),
        (
            "owner: cx\nfrom:",
            "from:",
            "answers: it has no owner, who would be told when it goes silent (write owner: NAME)",
        ),
        ("min_drop: 15", "min_drop: 0.15", "liked: min_drop of 0.15 is 0.15 points"),
    ],
)
def test_what_would_surprise_is_noted(tmp_path: Path, old: str, new: str, told: str) -> None:
    (note,) = noted(tmp_path, old, new)
    assert told in note


def test_a_survey_that_rows_name_themselves_may_be_any(tmp_path: Path) -> None:
    assert noted(tmp_path, "score: score, responded_at: at}\nconstants: {survey: after, ",
                 "score: score, responded_at: at, survey: which}\nconstants: {") == []  # fmt: skip
