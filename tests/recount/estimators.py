"""The statistic of each cohort with its 95 % interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from tests.recount.survival import quantiles

NORMAL = float(stats.norm.ppf(0.975))
ESTIMATORS = {
    **{"mean": "mean", "peak_end": "mean", "nps": "nps", "volume": "count", "unknown": "count"},
    **{"without_promise": "count", "median": "quantile", "p90": "quantile", "rate": "rate"},
}
"""Statistic -> its estimator; `proportion` for all others."""
UNITS = {
    **{"mean": "points", "nps": "points", "peak_end": "score", "volume": "count", "unknown": "count"},
    **{"without_promise": "count", "median": "seconds", "p90": "seconds"},
}


def estimate(kind: str, members: pd.DataFrame, keys: list[str], statistic: str) -> pd.DataFrame:
    """By keys: value, numerator, denominator, sample_size, effective_sample_size, ci_low, ci_high over the decided
    members."""
    cohort = members.groupby(keys)
    found = pd.DataFrame(index=cohort.size().index).assign(effective_sample_size=np.nan)
    if kind == "quantile":
        found = found.join(quantiles(members, keys, statistic))
        found["sample_size"] = found["denominator"] = cohort.size().astype(float)
        return found.assign(numerator=np.nan)
    if kind == "rate":
        found["numerator"], found["sample_size"] = cohort["numerator"].sum(), cohort["denominator"].sum()
        return _proportion(found.assign(denominator=found["sample_size"], effective_sample_size=found["sample_size"]))
    decided = members[~members["is_open"] & members["outcome"].notna()]
    weights = decided["weight"] if "weight" in decided else pd.Series(1.0, index=decided.index)
    decided = decided.assign(weight=weights, weighted=weights * decided["outcome"], squared=weights**2)
    grouped = decided.groupby(keys)
    found["sample_size"] = grouped.size().reindex(found.index, fill_value=0).astype(float)
    found["denominator"] = grouped["weight"].sum().reindex(found.index, fill_value=0.0)
    found["numerator"] = grouped["weighted"].sum().reindex(found.index)
    if kind == "count":
        return found.assign(value=found["numerator"], denominator=np.nan, ci_low=np.nan, ci_high=np.nan)
    # Kish: the sample size divided by the design effect n * sum(w^2) / sum(w)^2.
    effect = found["sample_size"] * grouped["squared"].sum().reindex(found.index) / found["denominator"] ** 2
    found["effective_sample_size"] = (found["sample_size"] / effect).fillna(0.0)
    if kind == "mean":
        return _mean(found, grouped)
    if kind == "nps":
        sums = [decided[decided["outcome"] == side].groupby(keys)["weight"].sum() for side in (1, -1)]
        return _nps(found, *(total.reindex(found.index, fill_value=0.0) for total in sums))
    return _proportion(found)


def _proportion(found: pd.DataFrame) -> pd.DataFrame:
    """Add the value and Wilson's interval."""
    some = found["denominator"] > 0
    found["value"] = found["numerator"] / found["denominator"].where(some)
    found["ci_low"] = found["ci_high"] = np.nan
    if some.any():
        n = found.loc[some, "effective_sample_size"]
        low, high = proportion_confint(found.loc[some, "value"] * n, n, method="wilson")
        found.loc[some, "ci_low"], found.loc[some, "ci_high"] = low, high
    return found


def _mean(found: pd.DataFrame, grouped: Any) -> pd.DataFrame:
    """Add the mean and Student's interval; a single member has no interval. Weights are scaled to the effective sample
    size; the degrees of freedom are those of so many members, rounded down."""
    n = found["effective_sample_size"]
    found["value"] = found["numerator"] / found["denominator"].where(n > 0)
    reach = pd.Series(np.nan, index=found.index)
    for key, group in grouped:
        size = n.loc[key]
        if size >= 2 - 1e-9:
            scaled = DescrStatsW(group["outcome"], group["weight"] * size / group["weight"].sum(), ddof=1)
            reach.loc[key] = stats.t.ppf(0.975, np.floor(size - 1 + 1e-9)) * scaled.std / np.sqrt(size)
    return found.assign(ci_low=found["value"] - reach, ci_high=found["value"] + reach)


def _nps(found: pd.DataFrame, promoters: pd.Series, detractors: pd.Series) -> pd.DataFrame:
    """NPS: promoters minus detractors. A passive counts half in the numerator, which is n * (value + 100) / 200."""
    weights = found["denominator"].where(found["denominator"] > 0)
    value = 100 * (promoters - detractors) / weights
    n = found["effective_sample_size"].where(found["effective_sample_size"] >= 2 - 1e-9)
    several = n + 3
    up, down = (promoters / weights * n + 0.75) / several, (detractors / weights * n + 0.75) / several
    center = 100 * (up - down)
    reach = 100 * NORMAL * np.sqrt((up + down - (up - down) ** 2) / several)
    return found.assign(
        value=value,
        numerator=(promoters + (found["denominator"] - promoters - detractors) / 2),
        ci_low=(center - reach).clip(lower=-100),
        ci_high=(center + reach).clip(upper=100),
    )
