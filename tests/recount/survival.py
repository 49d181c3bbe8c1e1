"""Kaplan-Meier for many groups at once; held against lifelines in test_survival.py.

Source: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53 (1958); bounds are
Greenwood's on the scale log(-log S), J. D. Kalbfleisch and R. L. Prentice, "The Statistical Analysis of Failure Time
Data" (1980).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

NORMAL = float(stats.norm.ppf(0.975))
SLACK = 1e-12
LEFT = {"median": 0.5, "p90": 0.1}
"""Quantile -> the share that is still open at it."""


def curves(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Survival of each group: keys, time, survival, low, high (95 %, NaN at 1 and 0), one row a time.

    Args:
        frame: keys, duration (seconds), closed (whether it ended then, else it was only seen so far).
    """
    known = frame[[*keys, "duration", "closed"]].assign(closed=frame["closed"].astype(float))
    steps = known.groupby([*keys, "duration"], sort=True)["closed"].agg(["sum", "size"]).reset_index()
    group = steps.groupby(keys, sort=False)
    at_risk = group["size"].transform("sum") - (group["size"].cumsum() - steps["size"])
    ended = steps["sum"]
    survival = (1 - ended / at_risk).groupby([steps[key] for key in keys], sort=False).cumprod()
    last = ended == at_risk
    terms = (ended / (at_risk * (at_risk - ended).where(~last))).fillna(0.0)
    variance = terms.groupby([steps[key] for key in keys], sort=False).cumsum()
    inside = (survival > 0) & (survival < 1)
    log = np.log(survival.where(inside))
    reach = NORMAL * np.sqrt(variance) / log.abs()
    return steps[keys].assign(
        time=steps["duration"],
        survival=survival,
        low=np.exp(-np.exp(np.log(-log) + reach)),
        high=np.exp(-np.exp(np.log(-log) - reach)),
    )


def quantiles(frame: pd.DataFrame, keys: list[str], statistic: str) -> pd.DataFrame:
    """By keys: value, ci_low, ci_high of `median` or `p90`; NaN where the curve or bound does not reach it."""
    steps = curves(frame, keys)
    left = LEFT[statistic]
    found = pd.DataFrame(index=steps.groupby(keys).size().index)
    for name, column in (("value", "survival"), ("ci_low", "low"), ("ci_high", "high")):
        reached = steps[steps[column] <= left + SLACK]
        found[name] = reached.groupby(keys)["time"].min()
    return found
