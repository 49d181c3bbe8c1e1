"""A quarterly survey: 400 answers a wave over three weeks, one file a wave, with a known share of content customers."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from jkpi.config.settings import load_settings
from jkpi.warehouse.open import open_warehouse

ANSWERS, FIELD_DAYS = 400, 20
QUARTERS = (date(2024, 1, 8), date(2024, 4, 8), date(2024, 7, 8), date(2024, 10, 7), date(2025, 1, 6))
COMMAND = [sys.executable, "-c", "from jkpi.cli.app import main; main()"]

JOURNEY = """
journey: stay
title: Stay with us
version: 1
owner: cx
timezone: Europe/Berlin
viewpoint: {persona: guest}
scope: {starts_with: [booked], ends_with: [left], window: 30d, session_gap: 7d}
segments: [region]
stages:
  - stage: visit
    title: Visit
    touchpoints:
      - {touchpoint: booked, channel: web}
      - {touchpoint: left, channel: site}
    kpis:
      - {kpi: csat, survey: quarterly, question: overall, title: Content guests}
      - {kpi: nps, survey: quarterly, question: recommend, title: Would recommend}
moments_of_truth:
  - {moment: content, title: Guests are content, kpi: visit.csat, promise: 0.6, min_drop: 0.03, period: PERIOD,
     owner: cx, notify: [lead], segments: [region]}
  - {moment: recommends, title: Guests recommend us, kpi: visit.nps, promise: -20, min_drop: 5, period: PERIOD,
     owner: cx, notify: [lead]}
"""
SOURCE = """
source: quarterly
kind: responses
owner: research
from: {files: "data/*.csv"}
columns: {response_id: number, responded_at: answered, segments: [region], question: question, score: score}
constants: {survey: quarterly}
scale: SCALE
WAVE
"""
SETTINGS = """
workspace: waves
warehouse: WAREHOUSE
state: sqlite:///state.db
default_receiver: lead
receivers:
  lead: {kind: file, path: alerts/lead.jsonl}
"""


@dataclass(frozen=True)
class Wave:
    """One round. content: share that scores 4 or 5. promoters, detractors: shares of the recommendation question.
    arrived: only so many of the answers are there yet."""

    first: date
    content: float
    promoters: float = 0.40
    detractors: float = 0.25
    answers: int = ANSWERS
    field_days: int = FIELD_DAYS
    arrived: int | None = None

    @property
    def name(self) -> str:
        return f"{self.first.year}-q{(self.first.month - 1) // 3 + 1}"


@dataclass(frozen=True)
class SurveyWorld:
    """A workspace in folder. by_wave: `period: wave`, else the same moments by week."""

    folder: Path
    by_wave: bool = True
    warehouse: str = "duckdb:///warehouse.duckdb"

    def write(self, waves: Sequence[Wave]) -> None:
        """Write maps, sources and a file a wave."""
        for folder in ("journeys", "sources", "data"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "jkpi.yml").write_text(SETTINGS.replace("WAREHOUSE", self.warehouse))
        (self.folder / "journeys" / "stay.yml").write_text(
            JOURNEY.replace("PERIOD", "wave" if self.by_wave else "week")
        )
        for question, scale in (("overall", [1, 5]), ("recommend", [0, 10])):
            source = SOURCE.replace("SCALE", str(scale)).replace("WAVE", "wave: file" if self.by_wave else "")
            source = source.replace("source: quarterly", f"source: {question}").replace("data/*", f"data/{question}/*")
            (self.folder / "sources" / f"{question}.yml").write_text(source)
            (self.folder / "data" / question).mkdir(exist_ok=True)
        for wave in waves:
            self._write_wave(wave)

    def _write_wave(self, wave: Wave) -> None:
        """Answers are spread evenly over the days in the field; the shares are met exactly, the order is drawn."""
        rng = np.random.default_rng(wave.first.toordinal())
        content = round(wave.answers * wave.content)
        promoters, detractors = (round(wave.answers * share) for share in (wave.promoters, wave.detractors))
        scores = {
            "overall": [5] * content + [2] * (wave.answers - content),
            "recommend": [10] * promoters + [3] * detractors + [7] * (wave.answers - promoters - detractors),
        }
        for question, values in scores.items():
            with (self.folder / "data" / question / f"{wave.name}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["number", "answered", "region", "question", "score"])
                for number, score in enumerate(rng.permutation(values)[: wave.arrived]):
                    day = wave.first + timedelta(days=number * wave.field_days // wave.answers)
                    region = "north" if number % 2 else "south"
                    identity = number if self.by_wave else f"{wave.name}-{number}"
                    writer.writerow([identity, f"{day}T12:00:00", region, question, int(score)])

    def jkpi(self, verb: str, now: date | datetime, *arguments: str) -> Any:
        """Result of a verb with `--json`, as of noon UTC of that day; it must succeed."""
        done = subprocess.run(
            [*COMMAND, verb, "-w", str(self.folder), "--now", f"{now}T12:00:00Z", "--json", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    def states(self, now: date) -> dict[str, str]:
        """Moment -> state, as of that day, after a run."""
        report = self.jkpi("run", now)
        (step,) = (step for step in report["steps"] if step["name"] == "evaluate")
        return {state["moment"]: state["state"] for state in step["result"]["evaluated"]["states"]}

    def readings(self, kpi: str = "visit.csat") -> list[dict[str, Any]]:
        """Readings by wave, of all statistics and segments, in order."""
        with open_warehouse(load_settings(self.folder, None)) as warehouse:
            return warehouse.rows(
                "select statistic, segment, segment_value, period_start, wave, numerator, denominator, value, ci_low,"
                " ci_high, status, matures_at from marts.fct_kpi_readings where period = 'wave' and kpi = :kpi"
                " order by statistic, segment, segment_value, period_start",
                {"kpi": kpi},
            )

    def messages(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("alerts/*")))
