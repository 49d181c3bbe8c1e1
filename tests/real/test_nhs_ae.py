"""Accident and emergency in England by organisation and month: period counts, against the file itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

pytestmark = [pytest.mark.real, pytest.mark.slow]

SEGMENTS = {
    "all": [],
    "organisation": ["org_code"],
    "department": ["type"],
    "organisation+department": ["org_code", "type"],
}
RATES = {"wait.waited_too_long": "breaches", "leave.admitted": "admissions"}
NUMBERS = ["numerator", "denominator", "sample_size", "open_count", "value", "ci_low", "ci_high"]


@pytest.fixture(scope="module")
def nhs(bring: Callable[[str], Any]) -> Any:
    return bring("nhs_ae")


@pytest.fixture(scope="module")
def first_run(nhs: Any) -> Any:
    return nhs.jkpi("run")


@pytest.fixture(scope="module")
def totals(nhs: Any) -> pd.DataFrame:
    return pd.read_csv(nhs.data / "ae_attendances.csv", dtype={"org_code": str, "type": str})


def wanted(totals: pd.DataFrame, count: str, keys: list[str]) -> pd.DataFrame:
    """Numbers of each month and key, reckoned from the totals; Wilson's limits are statsmodels'."""
    possible = totals[totals[count] <= totals["attendances"]]
    found = possible.groupby(["period", *keys])[[count, "attendances"]].sum().astype(float)
    found.columns = ["numerator", "denominator"]
    found["sample_size"], found["open_count"] = found["denominator"], 0.0
    found["value"] = (found["numerator"] / found["denominator"]).where(found["denominator"] > 0)
    low, high = proportion_confint(
        found["numerator"], found["denominator"].where(found["denominator"] > 0), method="wilson"
    )
    found["ci_low"], found["ci_high"] = low, high
    key = found.index.to_frame()[keys].agg("+".join, axis=1) if keys else pd.Series("all", index=found.index)
    return found.assign(key=key).reset_index()[["period", "key", *NUMBERS]].sort_values(["period", "key"])


def test_every_total_is_loaded_and_an_impossible_one_is_rejected(
    first_run: Any, accounts: Callable[[Any], Any], nhs: Any, totals: pd.DataFrame
) -> None:
    """A row has two measures. In one row more people were admitted than had arrived: it is not counted."""
    assert len(totals) == 12_765 and (totals["breaches"] <= totals["attendances"]).all()
    impossible = totals[totals["admissions"] > totals["attendances"]]
    assert len(impossible) == 1
    assert accounts(first_run) == {
        "attendances": {
            "read": 2 * len(totals),
            "loaded": 2 * len(totals) - 1,
            "rejected": 1,
            "duplicates": 0,
            "skipped": 0,
        }
    }
    rejected = nhs.frame("select reason, original ->> 'org_code' as org_code from raw.rejected_rows")
    assert rejected.to_dict("records") == [
        {"reason": "numerator above denominator", "org_code": impossible["org_code"].iloc[0]}
    ]


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("kpi", RATES)
def test_rates_equal_those_of_the_file(nhs: Any, first_run: Any, totals: pd.DataFrame, kpi: str, segment: str) -> None:
    ours = nhs.frame(
        f"select period_start::date::varchar as period, segment_value as key, {', '.join(NUMBERS)}"
        f" from marts.fct_kpi_readings where kpi = '{kpi}' and statistic = 'rate' and segment = '{segment}'"
        " and period = 'month'"
    ).sort_values(["period", "key"], ignore_index=True)
    theirs = wanted(totals, RATES[kpi], SEGMENTS[segment]).reset_index(drop=True)
    assert len(ours) > 0
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=0, atol=1e-9)


def test_a_monthly_total_has_monthly_readings_only_and_they_are_final(nhs: Any, first_run: Any) -> None:
    found = nhs.frame("select distinct period, status, unit, is_suppressed from marts.fct_kpi_readings")
    assert found.to_dict("records") == [{"period": "month", "status": "final", "unit": "share", "is_suppressed": False}]


def test_the_target_was_missed_in_every_month_of_the_last_year(nhs: Any, first_run: Any, totals: pd.DataFrame) -> None:
    """All in all 8.3 of 72.0 million waited too long: one in nine, where one in twenty was promised."""
    assert (int(totals["breaches"].sum()), int(totals["attendances"].sum())) == (8_295_237, 72_019_402)
    found = nhs.frame(
        "select min(value) as best, count(*) as months from marts.fct_kpi_readings where kpi = 'wait.waited_too_long'"
        " and segment = 'all' and period_start >= '2018-04-01'"
    ).iloc[0]
    assert int(found["months"]) == 12 and found["best"] > 0.05
    assert nhs.alerts() == [] and nhs.messages() == ""
