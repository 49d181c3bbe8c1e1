"""Small random worlds whose rows arrive in random runs and order, some of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from tests.recount.random_world import random_world
from tests.recount.worlds import AS_OF

MAPS = (1, 2, 3, 4)
"""Seeds of the worlds whose maps and calendars are in the warehouse. Rows of other seeds are renamed."""
RUNS = 3
CASES_ON_A_MAP = 5
"""Cases whose rows share a map, each with its own customers, cases and ids."""
ORDERS = ("scattered", "forwards", "backwards", "by kind", "by source", "all at once")
TABLES = ("touchpoint_events", "survey_responses", "survey_invitations", "customers", "blind_spots")
LITTLE_ELSE = tuple(f"little but {table}" for table in TABLES)
"""Nearly all rows arrive in the first run, and later a few of one table."""
AT_FIRST = "at first"
"""All rows arrive in the first run; later only time passes."""
STEPS = [pd.Timedelta(0), pd.Timedelta(hours=1), pd.Timedelta(days=1), pd.Timedelta(days=6), pd.Timedelta(days=25)]
"""How much time passes from one run to the next."""
Steps = tuple[pd.Timedelta, pd.Timedelta]
Batch = dict[str, pd.DataFrame]


def clocks(steps: Steps) -> list[datetime]:
    """Time of each run; the last one is at AS_OF."""
    before = [steps[0] + steps[1], steps[1], pd.Timedelta(0)]
    return [(AS_OF - step).to_pydatetime() for step in before]


@dataclass(frozen=True)
class Case:
    """seed, instances: see `random_world`. again: the share of rows that another source sends too."""

    seed: int
    instances: int
    order: str
    again: float

    def batches(self, on: int) -> list[Batch]:
        """The rows that each run finds new, on the map of seed `on`."""
        rng = np.random.default_rng(self.seed)
        world = random_world(self.seed, self.instances)
        found: list[Batch] = [{} for _ in range(RUNS)]
        for number, (table, frame) in enumerate(world.tables.items()):
            if frame.empty:
                continue
            frame = _renamed(frame, world.name, f"random{on}")
            runs = self._runs(rng, number, table, frame)
            for run in range(RUNS):
                found[run][table] = frame[runs == run]
            if table in ("touchpoint_events", "survey_responses", "survey_invitations"):
                twice = rng.random(len(frame)) < self.again
                repeated = frame[twice].assign(source=f"random{on}_again")
                later = rng.integers(0, RUNS, len(repeated)) if self.order in ORDERS else np.zeros(len(repeated))
                for run in range(RUNS):
                    found[run][table] = pd.concat([found[run][table], repeated[later == run]], ignore_index=True)
        return found

    def _runs(self, rng: np.random.Generator, number: int, table: str, frame: pd.DataFrame) -> np.ndarray:
        """The run in which each row arrives."""
        if self.order == "scattered":
            return rng.integers(0, RUNS, len(frame))
        if self.order == "by kind":
            return np.full(len(frame), rng.permutation(RUNS)[number % RUNS])
        if self.order == "by source":
            return frame["source"].map({one: rng.integers(0, RUNS) for one in sorted(set(frame["source"]))}).to_numpy()
        if self.order == "all at once":
            return np.full(len(frame), rng.integers(0, RUNS))
        if self.order in (AT_FIRST, *LITTLE_ELSE):
            runs = np.zeros(len(frame), dtype=int)
            if self.order == f"little but {table}":
                late = rng.choice(len(frame), min(len(frame), int(rng.integers(1, 4))), replace=False)
                runs[late] = rng.integers(1, RUNS, len(late))
            return runs
        (when,) = [one for one in _TIMES if one in frame][:1]
        ranks = frame[when].rank(method="first", pct=True).to_numpy()
        runs = np.minimum((ranks * RUNS).astype(int), RUNS - 1)
        return runs if self.order == "forwards" else RUNS - 1 - runs


_TIMES = ("occurred_at", "responded_at", "invited_at", "valid_from", "starts_at")


def together(cases: Sequence[Case]) -> list[Batch]:
    """Distribute the cases over the maps; they arrive in the same runs."""
    apart = [case.batches(MAPS[number % len(MAPS)]) for number, case in enumerate(cases)]
    return [
        {
            table: pd.concat([one[table] for one in batches if table in one], ignore_index=True)
            for table in sorted({table for one in batches for table in one})
        }
        for batches in zip(*apart, strict=True)
    ]


def _renamed(frame: pd.DataFrame, name: str, ours: str) -> pd.DataFrame:
    """Put rows of another world on this map: rename touchpoints, surveys and sources, not customers and cases."""
    shared = [column for column in ("touchpoint", "survey", "source") if column in frame]
    renamed = {
        column: [text.replace(f"{name}_", f"{ours}_") if isinstance(text, str) else text for text in frame[column]]
        for column in shared
    }
    return frame.assign(**renamed)


KEYS = {
    "touchpoint_events": ["source", "event_id"],
    "survey_responses": ["source", "response_id"],
    "survey_invitations": ["source", "invitation_id"],
    "customers": ["source", "customer_id", "valid_from"],
}


def with_corrections(rows: Batch, seed: int) -> tuple[list[Batch], Batch]:
    """What arrives in each run, originals and corrections in random order, and the latest rows alone.

    Three rows of ten are corrected: another time, touchpoint, case, score or segments. One of ten is deleted, and half
    of those come again. One arrival of ten comes twice. Arrivals have a `revision`; deletions are `gone`.
    """
    rng = np.random.default_rng(seed)
    runs: list[Batch] = [{} for _ in range(RUNS)]
    latest: Batch = {}
    for table, keys in KEYS.items():
        if table not in rows:
            continue
        frame = rows[table].drop_duplicates(keys)
        corrected = _corrected(rng, frame[rng.random(len(frame)) < 0.3], keys)
        gone = frame[rng.random(len(frame)) < 0.1]
        again = gone[rng.random(len(gone)) < 0.5]
        revisions = [
            one.assign(revision=number, gone=number == 3)
            for number, one in enumerate([frame, corrected, gone, again], start=1)
        ]
        arrivals = pd.concat([one for one in revisions if len(one)], ignore_index=True)
        last = arrivals.sort_values("revision", kind="stable").drop_duplicates(keys, keep="last")
        latest[table] = last[~last["gone"]].drop(columns=["revision", "gone"])
        arrivals = pd.concat([arrivals, arrivals.sample(frac=0.1, random_state=rng)], ignore_index=True)
        arrivals = arrivals.sample(frac=1, random_state=rng)
        when = rng.integers(0, RUNS, len(arrivals))
        for run in range(RUNS):
            runs[run][table] = arrivals[when == run]
    return runs, latest


def _corrected(rng: np.random.Generator, frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """These rows with other content: moved by days, or with what another row of the same source has."""
    frame = frame.copy()
    for column in _TIMES:
        if column in frame and column not in keys:
            days = pd.to_timedelta(rng.integers(-3, 4, len(frame)), unit="D")
            frame[column] = (frame[column] + days).astype("datetime64[us]")
    for column in ("touchpoint", "case_id", "customer_id", "score", "segments"):
        if column in frame and column not in keys:
            others = frame.groupby("source")[column].transform(
                lambda values: rng.permutation(values.to_numpy()),
            )
            changed = rng.random(len(frame)) < 0.3
            frame[column] = frame[column].where(~changed, others)
    return frame
