"""From members to readings: counts, intervals, and what may be said of them yet."""

from __future__ import annotations

import numpy as np
import pandas as pd
from facts import Facts
from members import Members, all_members
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

KEY = ["kpi", "statistic", "segment", "segment_value", "period", "period_start"]
NUMBERS = ["value", "numerator", "denominator", "sample_size", "open_count", "ci_low", "ci_high"]
FIRST_DAYS = {"day": "D", "week": "W-SUN", "month": "M"}
NORMAL = float(stats.norm.ppf(0.975))


def all_readings(facts: Facts) -> pd.DataFrame:
    """Every reading of the map by definition: KEY, kind, NUMBERS, matures_at, status."""
    frames = [
        _numbers(group, statistic, members).assign(
            kpi=members.kpi, kind=members.kind, statistic=statistic, segment=segment, period=period
        )
        for members in all_members(facts)
        for segment in ["all", *facts.segments]
        for period in FIRST_DAYS
        for group in [_cohorts(facts, members, segment, period)]
        for statistic in members.statistics
    ]
    found = pd.concat(frames, ignore_index=True)
    return found[[*KEY, "kind", *NUMBERS, "matures_at", "status"]]


def _cohorts(facts: Facts, members: Members, segment: str, period: str) -> pd.DataFrame:
    """Members with their period_start and segment_value, and their cohort's matures_at and status."""
    frame = members.frame.copy()
    local = frame["at"].dt.tz_localize("UTC").dt.tz_convert(facts.zone).dt.tz_localize(None)
    calendar = local.dt.to_period(FIRST_DAYS[period])
    frame["period_start"] = calendar.dt.start_time.astype("datetime64[us]")
    following = (calendar + 1).dt.start_time.astype("datetime64[us]")
    frame["starts_at"] = _instants(frame["period_start"], facts.zone)
    frame["over_at"] = _instants(following, facts.zone)
    frame["segment_value"] = "all" if segment == "all" else frame[segment]
    cohort = frame.groupby(["segment_value", "period_start"])
    late = max(facts.late[source] for source in members.sources)
    decided = cohort["decided_at"].transform("max")
    settled = pd.concat([decided, frame["over_at"]], axis=1).max(axis=1)
    frame["matures_at"] = settled + late
    blind = pd.Series(False, index=frame.index)
    for spot in facts.blind[facts.blind["source"].isin(members.sources)].itertuples():
        blind |= (spot.starts_at < settled) & (spot.ends_at > frame["starts_at"])
    waiting = frame["matures_at"] > facts.as_of
    return frame.assign(status=np.where(blind, "withheld", np.where(waiting, "provisional", "final")))


def _numbers(frame: pd.DataFrame, statistic: str, members: Members) -> pd.DataFrame:
    """One row a cohort: the statistic of those that are decided."""
    keys = ["segment_value", "period_start"]
    whole = frame.groupby(keys)
    found = whole[["matures_at", "status"]].first()
    found["open_count"] = whole["is_open"].sum()
    decided = frame[~frame["is_open"]]
    found["sample_size"] = decided.groupby(keys).size()
    found["sample_size"] = found["sample_size"].fillna(0)
    found["denominator"] = found["sample_size"].astype(float)
    found["numerator"] = found["ci_low"] = found["ci_high"] = np.nan
    if statistic in ("median_closed", "p90_closed"):
        groups = decided.groupby(keys)["outcome"]
        found["value"] = groups.quantile(0.5 if statistic == "median_closed" else 0.9)
    elif statistic == "mean":
        found = _mean(found, decided.groupby(keys)["score"])
    elif statistic == "nps":
        found = _nps(found, decided.assign(up=decided["score"] >= 9, down=decided["score"] <= 6).groupby(keys))
    elif statistic == "volume":
        found["value"] = found["numerator"] = found["denominator"]
        found["denominator"] = np.nan
    else:
        found = _share(found, _ones(decided, statistic).groupby([decided[key] for key in keys]).sum())
    return found.reset_index()


def _ones(decided: pd.DataFrame, statistic: str) -> pd.Series:
    """1 for a member that counts in the numerator of the share, else 0."""
    if statistic == "promoters":
        return (decided["score"] >= 9).astype(float)
    if statistic == "passives":
        return decided["score"].between(7, 8).astype(float)
    if statistic == "detractors":
        return (decided["score"] <= 6).astype(float)
    return decided["outcome"].astype(float)


def _share(found: pd.DataFrame, ones: pd.Series) -> pd.DataFrame:
    found["numerator"] = ones
    some = found["denominator"] > 0
    found["value"] = found["numerator"] / found["denominator"].where(some)
    low, high = proportion_confint(found.loc[some, "numerator"], found.loc[some, "denominator"], method="wilson")
    found.loc[some, "ci_low"], found.loc[some, "ci_high"] = low, high
    return found


def _mean(found: pd.DataFrame, scores: pd.core.groupby.SeriesGroupBy) -> pd.DataFrame:
    found["numerator"] = scores.sum()
    found["value"] = scores.mean()
    several = found["denominator"] > 1
    n = found.loc[several, "denominator"]
    reach = stats.t.ppf(0.975, n - 1) * scores.std()[several] / np.sqrt(n)
    found.loc[several, "ci_low"] = found.loc[several, "value"] - reach
    found.loc[several, "ci_high"] = found.loc[several, "value"] + reach
    return found


def _nps(found: pd.DataFrame, answers: pd.core.groupby.DataFrameGroupBy) -> pd.DataFrame:
    """Promoters minus detractors; for its numerator a passive counts half, so that it is (value + 100) / 200 of n."""
    n = found["denominator"]
    up, down = answers["up"].sum() / n, answers["down"].sum() / n
    found["value"] = 100 * (up - down)
    found["numerator"] = n * (1 + up - down) / 2
    reach = 100 * NORMAL * np.sqrt((up + down - (up - down) ** 2).clip(lower=0) / n)
    several = n > 1
    found["ci_low"] = (found["value"] - reach).clip(lower=-100).where(several)
    found["ci_high"] = (found["value"] + reach).clip(upper=100).where(several)
    return found


def _instants(local: pd.Series, zone: str) -> pd.Series:
    """Local midnights as UTC without offset."""
    return local.dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]")
