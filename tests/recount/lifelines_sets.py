"""Data sets of lifelines, their quantiles by lifelines, and worlds in which they are spells of a journey."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.recount.survival import LEFT, SLACK
from tests.recount.worlds import AS_OF, BASE, World

COLUMNS = {
    "waltons": ("T", "E"),
    "rossi": ("week", "arrest"),
    "gbsg2": ("time", "cens"),
    "lung": ("time", "status"),
    "larynx": ("time", "death"),
    "leukemia": ("t", "status"),
    "kidney_transplant": ("time", "death"),
}
"""Data set -> its columns: duration, and whether it ended then."""
UNIT = 10
"""Seconds per time unit of a data set, so that everything is within one day."""


def spells_of(name: str) -> tuple[pd.Series, pd.Series]:
    """Durations of a data set of lifelines, and whether they ended."""
    import lifelines.datasets

    load: Callable[[], pd.DataFrame] = getattr(lifelines.datasets, f"load_{name}")
    frame = load()
    time, ended = COLUMNS[name]
    return frame[time], frame[ended].astype(bool)


def lifelines_quantiles(duration: pd.Series, closed: pd.Series) -> dict[str, dict[str, float]]:
    """Quantiles and their bounds read from the curves of lifelines; bounds where 0 < S < 1."""
    from lifelines import KaplanMeierFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit(duration, closed)
    survival = fitter.survival_function_.iloc[:, 0]
    bounds = fitter.confidence_interval_.where((survival > 1e-15) & (survival < 1 - 1e-15), np.nan)
    lines = {"value": survival, "ci_low": bounds.iloc[:, 0], "ci_high": bounds.iloc[:, 1]}

    def first(line: pd.Series, left: float) -> float:
        reached = line.index[line <= left + SLACK]
        return float(reached.min()) if len(reached) else np.nan

    return {name: {at: first(line, left) for at, line in lines.items()} for name, left in LEFT.items()}


def world_of(name: str) -> World:
    """The data set as a journey: ended spells ended at AS_OF, the others are open, each with its duration."""
    duration, closed = spells_of(name)
    touchpoints = {part: f"lifelines_{name}_{part}" for part in ("begun", "ended")}
    starts = AS_OF - pd.to_timedelta((duration * UNIT).round(6), unit="s")
    begun = pd.DataFrame({"occurred_at": starts, "touchpoint": touchpoints["begun"]})
    ended = begun[closed].assign(occurred_at=AS_OF, touchpoint=touchpoints["ended"])
    events = pd.concat([begun, ended]).rename_axis("case").reset_index()
    events["case_id"] = events["customer_id"] = [f"{name}_{case}" for case in events["case"]]
    events["event_id"] = [f"{name}:{number}" for number in range(len(events))]
    events = events.drop(columns="case").assign(segments="{}", source=f"lifelines_{name}")
    events["occurred_at"] = events["occurred_at"].astype("datetime64[us]")
    kpi = {"kpi": "time_to_resolve", "from": touchpoints["begun"], "to": touchpoints["ended"], "tolerance": "1h"}
    document = {
        **{"journey": f"lifelines_{name}", "title": name, **BASE},
        "scope": {**BASE["scope"], "starts_with": [touchpoints["begun"]], "ends_with": [touchpoints["ended"]]},
        "stages": [
            {
                "stage": "wait",
                "touchpoints": [{"touchpoint": one, "channel": "web"} for one in touchpoints.values()],
                "kpis": [kpi],
            }
        ],
    }
    return World(f"lifelines_{name}", (document,), {}, {"touchpoint_events": events}, {f"lifelines_{name}": "0d"}, ())
