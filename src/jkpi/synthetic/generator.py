"""Generate the data files of an example and EXPECTED.json with the ground truth."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jkpi.errors import InputError
from jkpi.synthetic.clock import ZoneClock, make_clock
from jkpi.synthetic.deliveries import SourceTally, write_delivery
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLE_DROPS, EXAMPLES, FIRST_DAY
from jkpi.synthetic.random_streams import RandomStreams
from jkpi.synthetic.scenario import Cohorts, Scenario

EXPECTED_FILE = "EXPECTED.json"


def generate(example: str, directory: Path, seed: int = 7) -> None:
    """Write the data files of `example` into `directory`/data. The same seed writes the same bytes.

    `data/EXPECTED.json` has the ground truth, counted by the generator and never by the code under test. Files of the
    same name are replaced, other files are kept.

    Raises:
        InputError: there is no example of that name.
    """
    if example not in EXAMPLES:
        matches = difflib.get_close_matches(example, EXAMPLES, 1)
        hint = f"did you mean {matches[0]!r}?" if matches else f"known: {', '.join(EXAMPLES)}"
        raise InputError(f"there is no example {example!r}", hint=hint)
    clock = make_clock(EXAMPLE_DROPS[example].timezone, FIRST_DAY, AS_OF)
    streams = RandomStreams(example, seed)
    scenario = build_scenario(example, streams, clock)
    folder = directory / "data"
    folder.mkdir(parents=True, exist_ok=True)
    tallies: dict[str, SourceTally] = {}
    for rows, plan in scenario.deliveries:
        source_dir = folder / plan.source
        source_dir.mkdir(exist_ok=True)
        tallies |= write_delivery(streams(f"deliver {plan.source}"), clock, rows, plan, source_dir)
    truth = expected_content(example, seed, clock, scenario, tallies)
    (folder / EXPECTED_FILE).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


def build_scenario(example: str, streams: RandomStreams, clock: ZoneClock) -> Scenario:
    """The scenario of the example."""
    from jkpi.synthetic import equipment_files, spare_parts_files

    builders: Mapping[str, Callable[[RandomStreams, ZoneClock], Scenario]] = {
        "equipment_repair": equipment_files.equipment_scenario,
        "spare_parts": spare_parts_files.spare_parts_scenario,
    }
    return builders[example](streams, clock)


def expected_content(
    example: str, seed: int, clock: ZoneClock, scenario: Scenario, tallies: Mapping[str, SourceTally]
) -> dict[str, Any]:
    """The content of EXPECTED.json."""
    drop = scenario.drop
    dropping_cohorts = scenario.cohorts_by_moment[drop.moment]
    response_sources = {source for _, plan in scenario.deliveries for source in plan.views}
    responses = [tallies[source] for source in response_sources]
    events = [tally for source, tally in tallies.items() if source not in response_sources]
    return {
        "synthetic": True,
        "example": example,
        "seed": seed,
        "timezone": clock.zone,
        "first_day": FIRST_DAY.isoformat(),
        "as_of": AS_OF.isoformat(),
        "injected_drop": {
            "journey": drop.journey,
            "moment": drop.moment,
            "kpi": drop.kpi,
            "starts_on": drop.starts_on.isoformat(),
            **_rates_before_and_after(clock, dropping_cohorts, drop.starts_on.toordinal() - FIRST_DAY.toordinal()),
            "driven_by": {"segment": drop.segment, "value": drop.driven_by},
        },
        "lost_day": {
            "source": drop.lost_source,
            "date": drop.lost_on.isoformat(),
            "events": scenario.count_lost_events,
        },
        "events": sum(tally.loaded for tally in events),
        "responses": sum(tally.loaded for tally in responses),
        "sources": {source: _tally_content(tally) for source, tally in tallies.items()},
        "moments": {
            moment: {clock.date(day).isoformat(): list(counts) for day, counts in cohorts.by_day(clock).items()}
            for moment, cohorts in scenario.cohorts_by_moment.items()
        },
    }


def _rates_before_and_after(clock: ZoneClock, cohorts: Cohorts, start: int) -> dict[str, Any]:
    def proportion(counts: list[tuple[int, int]]) -> float:
        hits, cases = np.sum(counts, axis=0)
        return round(float(hits / cases), 4)

    days = cohorts.by_day(clock)
    return {
        "from": proportion([counts for day, counts in days.items() if day < start]),
        "to": proportion([counts for day, counts in days.items() if day >= start]),
    }


def _tally_content(tally: SourceTally) -> dict[str, Any]:
    return {
        "files": list(tally.files),
        "rows": tally.rows,
        "read": tally.read,
        "loaded": tally.loaded,
        "duplicates": tally.duplicates,
        "rejected": dict(tally.rejected),
        "ignored": tally.ignored,
        "late": tally.late,
    }
