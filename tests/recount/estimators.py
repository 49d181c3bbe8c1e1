"""The statistic of each cohort with its 95 % interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

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
    """By keys: value, numerator, denominator, sample_size, ci_low, ci_high over the decided members."""
    cohort = members.groupby(keys)
    found = pd.DataFrame(index=cohort.size().index)
    if kind == "quantile":
        found = found.join(quantiles(members, keys, statistic))
        found["sample_size"] = found["denominator"] = cohort.size().astype(float)
        return found.assign(numerator=np.nan)
    if kind == "rate":
        found["numerator"], found["sample_size"] = cohort["numerator"].sum(), cohort["denominator"].sum()
        return _proportion(found.assign(denominator=found["sample_size"]))
    decided = members[~members["is_open"] & members["outcome"].notna()].groupby(keys)["outcome"]
    found["sample_size"] = decided.size().reindex(found.index, fill_value=0).astype(float)
    found["denominator"] = found["sample_size"]
    found["numerator"] = decided.sum().reindex(found.index)
    if kind == "count":
        return found.assign(value=found["numerator"], denominator=np.nan, ci_low=np.nan, ci_high=np.nan)
    if kind == "mean":
        return _mean(found, decided.std().reindex(found.index))
    if kind == "nps":
        sizes = [members[members["outcome"] == side].groupby(keys).size() for side in (1, -1)]
        return _nps(found, *(size.reindex(found.index, fill_value=0) for size in sizes))
    return _proportion(found)


def _proportion(found: pd.DataFrame) -> pd.DataFrame:
    """Add the value and Wilson's interval."""
    some = found["denominator"] > 0
    found["value"] = found["numerator"] / found["denominator"].where(some)
    found["ci_low"] = found["ci_high"] = np.nan
    if some.any():
        low, high = proportion_confint(found.loc[some, "numerator"], found.loc[some, "denominator"], method="wilson")
        found.loc[some, "ci_low"], found.loc[some, "ci_high"] = low, high
    return found


def _mean(found: pd.DataFrame, deviation: pd.Series) -> pd.DataFrame:
    """Add the mean and Student's interval; a single member has no interval."""
    n = found["denominator"]
    found["value"] = found["numerator"] / n.where(n > 0)
    several = n.where(n > 1)
    reach = pd.Series(stats.t.ppf(0.975, several - 1), index=n.index) * deviation / np.sqrt(several)
    return found.assign(ci_low=found["value"] - reach, ci_high=found["value"] + reach)


def _nps(found: pd.DataFrame, promoters: pd.Series, detractors: pd.Series) -> pd.DataFrame:
    """NPS: promoters minus detractors. A passive counts half in the numerator, which is n * (value + 100) / 200."""
    n = found["denominator"].where(found["denominator"] > 0)
    value = 100 * (promoters - detractors) / n
    several = n.where(n > 1) + 3
    up, down = (promoters + 0.75) / several, (detractors + 0.75) / several
    center = 100 * (up - down)
    reach = 100 * NORMAL * np.sqrt((up + down - (up - down) ** 2) / several)
    return found.assign(
        value=value,
        numerator=(promoters + (found["denominator"] - promoters - detractors) / 2),
        ci_low=(center - reach).clip(lower=-100),
        ci_high=(center + reach).clip(upper=100),
    )
