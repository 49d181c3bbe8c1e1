"""Write the weekly digests as HTML files next to the pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jkpi.config.settings import Settings
from jkpi.living_map.digest.content import SECTIONS, DigestRow, OwnerDigest, build_digests
from jkpi.living_map.files import write_atomically
from jkpi.living_map.page_model import file_name
from jkpi.living_map.render import render_digest_mail
from jkpi.state.alert_records import MomentState
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class WrittenDigest:
    """The digest of an owner and its HTML file."""

    digest: OwnerDigest
    path: Path


def write_digests(
    settings: Settings, warehouse: Warehouse, states: Sequence[MomentState], alerts: Sequence[DigestRow]
) -> list[WrittenDigest]:
    """Write the digest of each owner. `alerts`: all that were ever announced, as `build_digests` needs them.

    Raises:
        SystemFailure: a file cannot be written.
    """
    moments = _read_digest_moments(warehouse)
    # Between two survey waves there is nothing new, and a week of a wave says little: its alerts are the news.
    by_wave = {(moment["journey"], moment["kpi"]) for moment in moments if moment["period"] == "wave"}
    health = [
        row
        for row in _read_health(warehouse)
        if row["status"] == "no_data" or (row["journey"], row["kpi"]) not in by_wave
    ]
    written = []
    for digest in build_digests(health, _read_touchpoint_coverage(warehouse), moments, states, alerts, settings.now):
        path = settings.site_dir / "digests" / file_name(digest.owner)
        write_atomically(path, render_digest_mail(digest, SECTIONS, settings.name, settings.now, settings.synthetic))
        written.append(WrittenDigest(digest, path))
    return written


def _read_health(warehouse: Warehouse) -> list[dict[str, Any]]:
    if not warehouse.table_exists("marts", "rpt_journey_health"):
        return []
    return warehouse.rows(
        "select health.*, kpis.calendar, journeys.valid_from, coalesce(stages.owner, journeys.owner) as owner,"
        " case"
        "   when stages.title is null then journeys.title"
        "   when (select count(*) from raw.map_journeys where is_current) = 1 then stages.title"
        "   else stages.title || ', ' || journeys.title"
        " end as location from marts.rpt_journey_health as health"
        " inner join raw.map_journeys as journeys on health.journey = journeys.journey and journeys.is_current"
        " left join raw.map_stages as stages"
        " on health.journey = stages.journey and health.stage = stages.stage and stages.is_current"
        " left join raw.map_kpis as kpis"
        " on health.journey = kpis.journey and health.kpi = kpis.kpi and kpis.is_current"
        " order by health.journey, stages.position, health.kpi"
    )


def _read_touchpoint_coverage(warehouse: Warehouse) -> list[dict[str, Any]]:
    if not warehouse.table_exists("marts", "rpt_map_coverage"):
        return []
    return warehouse.rows(
        "select coverage.name, coverage.last_evidence_at, stages.owner, stages.title as location"
        " from marts.rpt_map_coverage as coverage inner join raw.map_stages as stages"
        " on coverage.journey = stages.journey and coverage.stage = stages.stage and stages.is_current"
        " where coverage.element = 'touchpoint' order by coverage.journey, stages.position, coverage.name"
    )


def _read_digest_moments(warehouse: Warehouse) -> list[dict[str, Any]]:
    rows = warehouse.rows(
        "select moments.journey, moments.moment, moments.kpi, moments.statistic, kpis.direction, moments.owner,"
        " moments.notify, journeys.content, journeys.title"
        " from raw.map_moments as moments inner join raw.map_journeys as journeys"
        " on moments.journey = journeys.journey and journeys.is_current"
        " left join raw.map_kpis as kpis"
        " on moments.journey = kpis.journey and moments.kpi = kpis.kpi and kpis.is_current"
        " where moments.is_current order by moments.journey, moments.moment"
    )
    for row in rows:
        map_moments = json.loads(row.pop("content") or "{}").get("moments_of_truth") or ()
        by_name = {moment.get("moment"): moment for moment in map_moments}
        on_map = by_name.get(row["moment"], {})
        row["shown"], row["period"] = on_map.get("title") or row["moment"], on_map.get("period", "day")
    title_counts = Counter(row["shown"] for row in rows)
    # Two maps may have a moment of the same title, for example one of all customers and one of some.
    for row in [row for row in rows if title_counts[row["shown"]] > 1]:
        row["shown"] = f"{row['shown']} ({row['title']})"
    return rows
