"""The letters of this week, beside the pages as HTML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jkpi.config.settings import Settings
from jkpi.living_map.digest.content import SECTIONS, Letter, Row, letters
from jkpi.living_map.page_model import file_name
from jkpi.living_map.publish import write_whole
from jkpi.living_map.render import render_letter
from jkpi.state.engine import MomentState
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class Written:
    """An owner's letter, the receivers of the owner's moments, and where it lies as HTML."""

    letter: Letter
    receivers: tuple[str, ...]
    path: Path


def write_digests(
    settings: Settings, w: Warehouse, states: Sequence[MomentState], alerts: Sequence[Row]
) -> list[Written]:
    """Write each owner's letter beside the pages. `alerts` are all that were ever announced, as `letters` wants them.

    Raises:
        SystemFailure: a file cannot be written.
    """
    moments = _moments(w)
    found = []
    for letter in letters(_health(w), _coverage(w), moments, states, alerts, settings.now):
        path = settings.output / "digests" / file_name(letter.owner)
        write_whole(path, render_letter(letter, SECTIONS, settings.name, settings.now, settings.synthetic))
        found.append(Written(letter, _receivers(letter.owner, moments), path))
    return found


def _receivers(owner: str, moments: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Where the owner's moments are told."""
    named = [name for moment in moments if moment["owner"] == owner for name in json.loads(moment["notify"] or "[]")]
    return tuple(dict.fromkeys(named))


def _health(w: Warehouse) -> list[dict[str, Any]]:
    if not w.table_exists("marts", "rpt_journey_health"):
        return []
    return w.rows(
        "select health.*, kpis.calendar, journeys.valid_from, coalesce(stages.owner, journeys.owner) as owner,"
        " case"
        "   when stages.title is null then journeys.title"
        "   when (select count(*) from raw.map_journeys where is_current) = 1 then stages.title"
        "   else stages.title || ', ' || journeys.title"
        " end as place from marts.rpt_journey_health as health"
        " inner join raw.map_journeys as journeys on health.journey = journeys.journey and journeys.is_current"
        " left join raw.map_stages as stages"
        " on health.journey = stages.journey and health.stage = stages.stage and stages.is_current"
        " left join raw.map_kpis as kpis"
        " on health.journey = kpis.journey and health.kpi = kpis.kpi and kpis.is_current"
        " order by health.journey, stages.position, health.kpi"
    )


def _coverage(w: Warehouse) -> list[dict[str, Any]]:
    if not w.table_exists("marts", "rpt_map_coverage"):
        return []
    return w.rows(
        "select coverage.name, coverage.last_evidence_at, stages.owner, stages.title as place"
        " from marts.rpt_map_coverage as coverage inner join raw.map_stages as stages"
        " on coverage.journey = stages.journey and coverage.stage = stages.stage and stages.is_current"
        " where coverage.element = 'touchpoint' order by coverage.journey, stages.position, coverage.name"
    )


def _moments(w: Warehouse) -> list[dict[str, Any]]:
    rows = w.rows(
        "select moments.journey, moments.moment, moments.kpi, moments.owner, moments.notify, journeys.content,"
        " journeys.title"
        " from raw.map_moments as moments inner join raw.map_journeys as journeys"
        " on moments.journey = journeys.journey and journeys.is_current"
        " where moments.is_current order by moments.journey, moments.moment"
    )
    for row in rows:
        drawn = json.loads(row.pop("content") or "{}").get("moments_of_truth") or ()
        titles = {moment.get("moment"): moment.get("title") for moment in drawn}
        row["shown"] = titles.get(row["moment"]) or row["moment"]
    shown = Counter(row["shown"] for row in rows)
    # Two maps may call a moment the same: one of all customers, one of some.
    for row in [row for row in rows if shown[row["shown"]] > 1]:
        row["shown"] = f"{row['shown']} ({row['title']})"
    return rows
