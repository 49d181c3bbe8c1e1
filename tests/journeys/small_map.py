"""A small valid map, and ways to break it: a « before a word marks the position of the expected problem."""

from __future__ import annotations

from pathlib import Path

from jkpi.errors import Problem, WorkspaceError
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys

MARK = "«"

SMALL = """\
journey: repair
title: Getting it repaired
version: 1
owner: head-of-service
timezone: Europe/Paris
viewpoint: {persona: maintenance manager, segment: {tier: [gold]}}
scope: {starts_with: [reported], ends_with: [confirmed], window: 30d, session_gap: 7d}
segments: [tier, region]
stages:
  - stage: report
    feelings: [worried]
    touchpoints:
      - {touchpoint: reported, channel: phone}
      - {touchpoint: transferred, channel: phone}
    kpis:
      - {kpi: repeat_contact, touchpoint: transferred}
      - {kpi: drop_off, window: 2d}
      - {kpi: ces, survey: after_call, polarity: low_is_easy}
  - stage: fix
    touchpoints:
      - {touchpoint: arrived, channel: field}
      - {touchpoint: running, channel: field}
      - {touchpoint: confirmed, channel: email}
    kpis:
      - {kpi: time_to_resolve, from: reported, to: arrived, tolerance: 4h}
      - {kpi: time_in_stage}
      - {kpi: csat, survey: after_repair, target: 0.9}
      - {kpi: nps, survey: after_repair}
      - {kpi: volume}
kpis:
  - {kpi: conversion}
moments_of_truth:
  - moment: on_site
    kpi: fix.time_to_resolve
    promise: 0.85
    min_drop: 0.05
    owner: field-service
    notify: [lead]
    segments: [region]
    escalate: {after: 1d, to: [boss]}
"""


OPENING_HOURS = """\
calendar: opening_hours
timezone: Europe/Paris
versions:
  - hours: {mon-fri: ["09:00-12:30", "13:30-18:00"], sat: ["10:00-14:00"]}
  - from: 2026-04-01
    hours: {mon-fri: ["08:00-18:00"]}
holidays: [2026-01-01, 2026-05-01]
changes: {2026-12-24: ["09:00-12:00"]}
"""


def spoiled(*changes: tuple[str, str], of: str = SMALL) -> tuple[str, list[tuple[int, int]]]:
    """A text with each change made once, and line and column of each mark, which is taken out."""
    text = of
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is in the map {text.count(old)} times"
        text = text.replace(old, new)
    places = []
    while MARK in text:
        before = text[: text.index(MARK)]
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n")))
        text = text.replace(MARK, "", 1)
    return text, places


def write(workspace: Path, **texts: str) -> None:
    """Each text as a map of the workspace, under its name."""
    (workspace / "journeys").mkdir(exist_ok=True)
    for name, text in texts.items():
        (workspace / "journeys" / f"{name}.yml").write_text(text, encoding="utf-8")


def write_calendar(workspace: Path, text: str = OPENING_HOURS, name: str = "opening_hours") -> None:
    """A text as a calendar of the workspace."""
    (workspace / "calendars").mkdir(exist_ok=True)
    (workspace / "calendars" / f"{name}.yml").write_text(text, encoding="utf-8")


def journey(workspace: Path, text: str = SMALL) -> Journey:
    """The one journey of a text that is right."""
    write(workspace, map=text)
    (read,) = read_journeys(workspace)
    return read


def problems(
    workspace: Path, *, receivers: tuple[str, ...] | None = ("lead", "boss"), default: str | None = None
) -> tuple[Problem, ...]:
    """What is wrong in the workspace's maps; none where they are right."""
    try:
        read_journeys(workspace, receivers, default)
    except WorkspaceError as error:
        return error.problems
    return ()
