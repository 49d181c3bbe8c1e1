"""From a story to a folder of files, and the truth about them beside them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jkpi.errors import InputError
from jkpi.synthetic.clock import Clock, clock
from jkpi.synthetic.deliveries import Tally, deliver
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLES, FIRST_DAY, PLANTED
from jkpi.synthetic.random_streams import Chance
from jkpi.synthetic.scenario import Cohorts, Story

EXPECTED = "EXPECTED.json"


def generate(example: str, directory: Path, seed: int = 7) -> None:
    """Write the data files of `example` into `directory`/data. The same seed writes the same bytes.

    `data/EXPECTED.json` holds the ground truth: counted by the generator, never by the code under test. Files of the
    same names are replaced, others are left alone.

    Raises:
        InputError: there is no example of that name.
    """
    if example not in EXAMPLES:
        near = difflib.get_close_matches(example, EXAMPLES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(EXAMPLES)}"
        raise InputError(f"there is no example {example!r}", hint=hint)
    here = clock(PLANTED[example].timezone, FIRST_DAY, AS_OF)
    chance = Chance(example, seed)
    told = build_story(example, chance, here)
    folder = directory / "data"
    folder.mkdir(parents=True, exist_ok=True)
    tallies: dict[str, Tally] = {}
    for rows, plan in told.deliveries:
        place = folder / plan.source
        place.mkdir(exist_ok=True)
        tallies |= deliver(chance(f"deliver {plan.source}"), here, rows, plan, place)
    truth = expected(example, seed, here, told, tallies)
    (folder / EXPECTED).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


def build_story(example: str, chance: Chance, here: Clock) -> Story:
    """What happens in the example, not yet in files."""
    from jkpi.synthetic import equipment_files, spare_parts_files

    stories: Mapping[str, Callable[[Chance, Clock], Story]] = {
        "equipment_repair": equipment_files.story,
        "spare_parts": spare_parts_files.story,
    }
    return stories[example](chance, here)


def expected(example: str, seed: int, here: Clock, told: Story, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """The truth as the generator counts it, for EXPECTED.json."""
    fall = told.fall
    falling = told.moments[fall.moment]
    answer_sources = {source for _, plan in told.deliveries for source in plan.views}
    answers = [tallies[source] for source in answer_sources]
    events = [tally for source, tally in tallies.items() if source not in answer_sources]
    return {
        "synthetic": True,
        "example": example,
        "seed": seed,
        "timezone": here.zone,
        "first_day": FIRST_DAY.isoformat(),
        "as_of": AS_OF.isoformat(),
        "planted_fall": {
            "journey": fall.journey,
            "moment": fall.moment,
            "kpi": fall.kpi,
            "starts_on": fall.starts_on.isoformat(),
            **_before_and_since(here, falling, fall.starts_on.toordinal() - FIRST_DAY.toordinal()),
            "carried_by": {"segment": fall.segment, "value": fall.carried_by},
        },
        "lost_day": {"source": fall.lost_source, "date": fall.lost_on.isoformat(), "events": told.lost},
        "events": sum(tally.loaded for tally in events),
        "answers": sum(tally.loaded for tally in answers),
        "sources": {source: _told(tally) for source, tally in tallies.items()},
        "moments": {
            moment: {here.date(day).isoformat(): list(counts) for day, counts in cohorts.by_day(here).items()}
            for moment, cohorts in told.moments.items()
        },
    }


def _before_and_since(here: Clock, cohorts: Cohorts, start: int) -> dict[str, Any]:
    def share(counts: list[tuple[int, int]]) -> float:
        hits, cases = np.sum(counts, axis=0)
        return round(float(hits / cases), 4)

    days = cohorts.by_day(here)
    return {
        "from": share([counts for day, counts in days.items() if day < start]),
        "to": share([counts for day, counts in days.items() if day >= start]),
    }


def _told(tally: Tally) -> dict[str, Any]:
    return {
        "files": list(tally.files),
        "rows": tally.rows,
        "read": tally.read,
        "loaded": tally.loaded,
        "duplicates": tally.duplicates,
        "rejected": dict(tally.rejected),
        "unwanted": tally.unwanted,
        "late": tally.late,
    }
