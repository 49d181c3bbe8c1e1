"""`jkpi digest`: the letters of this week, into the outbox as text and beside the pages as HTML, each once a week."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from jkpi.living_map.digest.letters import CHANCE, SECTIONS, Letter, letters
from jkpi.living_map.files import write_whole
from jkpi.living_map.page_model import file_name
from jkpi.living_map.render import render_letter
from jkpi.settings import Settings
from jkpi.state import MomentState, migrate, outbox, state_engine, writing
from jkpi.warehouse import Warehouse

CONSOLE = "console"


@dataclass(frozen=True)
class DigestReport:
    """Letters by owner, messages that are new in the outbox, owners told earlier in the same week, HTML files."""

    owners: tuple[str, ...]
    written: int
    told_before: int
    files: tuple[Path, ...]


def post_digests(settings: Settings, w: Warehouse, states: Sequence[MomentState]) -> DigestReport:
    """Write each owner's letter; sending is the outbox's. A second call in the same ISO week writes no message again.

    Raises:
        SystemFailure: the state database is away, or a file cannot be written.
    """
    moments = _moments(w)
    made = letters(_health(w), _coverage(w), moments, states, settings.now)
    files = []
    for letter in made:
        path = settings.output / "digests" / file_name(letter.owner)
        write_whole(path, render_letter(letter, SECTIONS, settings.name, settings.now, settings.synthetic))
        files.append(path)
    addresses = [(letter, receiver) for letter in made for receiver in _receivers(letter.owner, moments, settings)]
    written = _into_outbox(settings, addresses)
    return DigestReport(tuple(letter.owner for letter in made), written, len(addresses) - written, tuple(files))


def _receivers(owner: str, moments: Sequence[dict[str, Any]], settings: Settings) -> list[str]:
    """Where the owner's moments are told; the default receiver where they have none."""
    named = [name for moment in moments if moment["owner"] == owner for name in json.loads(moment["notify"] or "[]")]
    return list(dict.fromkeys(named)) or [settings.default_receiver or CONSOLE]


def _into_outbox(settings: Settings, addresses: Sequence[tuple[Letter, str]]) -> int:
    year, week, _ = settings.now.isocalendar()
    engine = state_engine(settings.state_url)
    written = 0
    try:
        migrate(engine)
        with writing(engine) as connection:
            for letter, receiver in addresses:
                said = f"digest|{settings.name}|{letter.owner}|{receiver}|{year}-{week}"
                notification = hashlib.sha256(said.encode()).hexdigest()[:16]
                known = select(outbox.c.notification_id).where(outbox.c.notification_id == notification)
                if connection.execute(known).first() is not None:
                    continue
                connection.execute(
                    insert(outbox).values(
                        notification_id=notification,
                        receiver=receiver,
                        title=f"{'[synthetic data] ' if settings.synthetic else ''}{letter.owner}: {letter.title}",
                        body=plain(letter, settings.name, settings.now, settings.synthetic),
                        mood="info",
                        transitions=[],
                        status="waiting",
                        attempts=0,
                        created_at=settings.now,
                    )
                )
                written += 1
    finally:
        engine.dispose()
    return written


def plain(letter: Letter, workspace: str, now: datetime, synthetic: bool) -> str:
    """The letter as text."""
    parts = ["SYNTHETIC DATA: these customers and numbers are made up.\n"] if synthetic else []
    for key, heading in SECTIONS:
        if letter.lines[key]:
            parts.append("\n".join([heading, *(f"  - {line}" for line in letter.lines[key])]) + "\n")
    if letter.is_empty:
        parts.append("Nothing fires, nothing changed beyond chance, and everything drawn was seen.\n")
    if letter.lines["changed"] or letter.lines["improved"]:
        parts.append(f"{CHANCE}\n")
    parts.append(f"jkpi, workspace {workspace}, as of {now:%Y-%m-%d %H:%M} UTC.")
    return "\n".join(parts)


def _health(w: Warehouse) -> list[dict[str, Any]]:
    if not w.table_exists("marts", "rpt_journey_health"):
        return []
    return w.rows(
        "select health.*, coalesce(stages.owner, journeys.owner) as owner,"
        " coalesce(stages.title, journeys.title) as place from marts.rpt_journey_health as health"
        " inner join raw.map_journeys as journeys on health.journey = journeys.journey and journeys.is_current"
        " left join raw.map_stages as stages"
        " on health.journey = stages.journey and health.stage = stages.stage and stages.is_current"
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
        "select moments.journey, moments.moment, moments.kpi, moments.owner, moments.notify, journeys.content"
        " from raw.map_moments as moments inner join raw.map_journeys as journeys"
        " on moments.journey = journeys.journey and journeys.is_current"
        " where moments.is_current order by moments.journey, moments.moment"
    )
    for row in rows:
        drawn = json.loads(row.pop("content") or "{}").get("moments_of_truth") or ()
        titles = {moment.get("moment"): moment.get("title") for moment in drawn}
        row["shown"] = titles.get(row["moment"]) or row["moment"]
    return rows
