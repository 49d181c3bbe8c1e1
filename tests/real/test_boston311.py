"""City of Boston, 311 service requests, summer of 2011: the promise of each request against the city's own result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow]

AS_OF = pd.Timestamp("2011-08-15")
MEMBERS = """
    select i.case_id, m.outcome as kept
    from intermediate.int_kpi_members as m
    join intermediate.int_named_instances as i on m.subject_id = i.actor_key || '|' || i.passage
    where m.kpi = 'done.promises_kept' and m.statistic = 'promises_kept'
"""


@pytest.fixture(scope="module")
def boston(bring: Callable[[str], Any]) -> Any:
    return bring("boston311")


@pytest.fixture(scope="module")
def first_run(boston: Any) -> Any:
    return boston.jkpi("run")


@pytest.fixture(scope="module")
def requests(boston: Any) -> pd.DataFrame:
    """The file as published: blank is unknown, times are local."""
    (file,) = boston.data.glob("*.csv.gz")
    frame = pd.read_csv(file, dtype=str)
    for column in ("open_dt", "closed_dt", "target_dt"):
        frame[column] = pd.to_datetime(frame[column])
    frame["neighborhood"] = frame["neighborhood"].str.strip().replace("", None).fillna("(none)")
    return frame.rename(columns={"case_enquiry_id": "case_id"})


@pytest.fixture(scope="module")
def compared(boston: Any, first_run: Any, requests: pd.DataFrame) -> pd.DataFrame:
    """Each request with our result: 1 promise kept, 0 broken, missing while its day is not over or nothing is due."""
    both = requests.merge(boston.frame(MEMBERS), on="case_id", how="outer", validate="one_to_one", indicator=True)
    assert not (both["_merge"] == "right_only").any()
    return both


def test_every_request_and_its_closing_is_loaded(
    first_run: Any, accounts: Callable[[Any], Any], requests: pd.DataFrame
) -> None:
    assert len(requests) == 14_206
    events = len(requests) + int(requests["closed_dt"].notna().sum())
    assert accounts(first_run) == {
        "requests": {"read": events, "loaded": events, "rejected": 0, "duplicates": 0, "skipped": 0}
    }


def test_every_promise_due_has_the_result_of_the_city(compared: pd.DataFrame) -> None:
    due = compared[(compared["target_dt"] >= compared["open_dt"]) & (compared["target_dt"] < AS_OF)]
    assert due["kept"].notna().all()
    assert compared["kept"].notna().sum() == len(due)
    closed = due[due["closed_dt"].notna() & due["ontime"].notna()]
    assert (closed["kept"] == (closed["ontime"] == "ONTIME")).all()
    # What is open past its date is broken, and so is what was closed after it and has no result of the city.
    others = due[due["closed_dt"].isna() | due["ontime"].isna()]
    assert int(due["closed_dt"].isna().sum()) == 780
    assert (others["kept"] == 0).all()


def test_requests_without_a_date_are_counted_apart(boston: Any, compared: pd.DataFrame) -> None:
    undated = ~(compared["target_dt"] >= compared["open_dt"])
    wanted = undated.groupby(compared["open_dt"].dt.to_period("W-SUN").dt.start_time).sum()
    ours = boston.frame(
        "select period_start::timestamp as week, value from marts.fct_kpi_readings where kpi = 'done.promises_kept'"
        " and statistic = 'without_promise' and period = 'week' and segment = 'all' order by week"
    )
    assert ours["value"].tolist() == wanted[wanted > 0].tolist()


@pytest.mark.parametrize("segment", ["all", "neighborhood", "source", "reason"])
def test_weekly_readings_equal_a_count_over_the_file(boston: Any, compared: pd.DataFrame, segment: str) -> None:
    due = compared[(compared["target_dt"] >= compared["open_dt"]) & (compared["target_dt"] < AS_OF)]
    week = due["target_dt"].dt.to_period("W-SUN").dt.start_time
    key = due[segment] if segment != "all" else pd.Series("all", index=due.index)
    kept = due["closed_dt"] <= due["target_dt"]
    wanted = (
        pd.DataFrame({"week": week, "key": key, "numerator": kept, "denominator": True})
        .groupby(["week", "key"])
        .sum()
        .astype(float)
        .reset_index()
    )
    ours = boston.frame(
        "select period_start::timestamp as week, segment_value as key, numerator, denominator"
        " from marts.fct_kpi_readings where kpi = 'done.promises_kept' and statistic = 'promises_kept'"
        f" and period = 'week' and segment = '{segment}' order by week, key"
    )
    wanted["week"] = wanted["week"].astype(ours["week"].dtype)
    pd.testing.assert_frame_equal(ours, wanted.sort_values(["week", "key"], ignore_index=True), check_dtype=False)


def test_each_day_that_is_over_is_final_and_no_other_has_a_reading(boston: Any, first_run: Any) -> None:
    days = boston.frame(
        "select period_start::timestamp as day, status, open_count from marts.fct_kpi_readings"
        " where kpi = 'done.promises_kept' and statistic = 'promises_kept' and period = 'day' and segment = 'all'"
    )
    assert set(days["status"]) == {"final"} and days["open_count"].sum() == 0
    assert days["day"].max() < AS_OF


def test_no_reading_with_open_cases_is_final(boston: Any, first_run: Any) -> None:
    shares = boston.frame(
        "select * from marts.fct_kpi_readings where kind = 'time_to_resolve' and statistic = 'share_within'"
    )
    assert (shares.loc[shares["status"] == "final", "open_count"] == 0).all()
    whole = shares[shares["segment"] == "all"]
    newest = whole[(whole["period"] == "day") & (whole["period_start"] >= pd.Timestamp("2011-08-12"))]
    assert len(newest) == 3 and (newest["status"] == "provisional").all()


def test_open_promises_are_counted_by_age(boston: Any, requests: pd.DataFrame) -> None:
    ours = boston.frame("select * from marts.rpt_open_promises where segment = 'all' order by age_from_days")
    open_now = requests[requests["closed_dt"].isna() & (requests["target_dt"] >= requests["open_dt"])]
    assert ours["count_overdue"].sum() == int((open_now["target_dt"] < AS_OF).sum())
    age_days = (AS_OF - open_now["open_dt"]).dt.total_seconds() / 86400
    wanted = pd.cut(age_days, [-1, 1, 7, 28, 90, 1e6], right=False).value_counts(sort=False)
    assert (ours["count_not_due"] + ours["count_overdue"]).tolist() == wanted[wanted > 0].tolist()


def test_the_only_alert_is_of_a_promise_that_is_broken_and_a_second_run_adds_nothing(
    boston: Any, first_run: Any, accounts: Callable[[Any], Any], compared: pd.DataFrame
) -> None:
    """The city keeps 82 % of its dates in these weeks, where 85 % are promised; and many cases are still open."""
    (alert,) = boston.alerts()
    assert (alert["kind"], alert["moment"]) == ("drop", "date_kept")
    assert round(compared["kept"].mean(), 2) == 0.82
    before, said = boston.contents(), boston.messages()
    second = boston.jkpi("run")
    assert accounts(second)["requests"] == dict.fromkeys(("read", "loaded", "rejected", "duplicates", "skipped"), 0)
    assert boston.contents() == before
    assert boston.alerts() == [alert]
    assert boston.messages() == said


def test_a_rejected_row_keeps_all_its_columns(bring: Callable[[str], Any], requests: pd.DataFrame) -> None:
    """Some columns of the city have names of ours, `reason` and `source`; a rejected row keeps them too."""
    copy = bring("boston311")
    (copy.folder / "data").unlink()
    (copy.folder / "data").mkdir()
    some = requests[requests["closed_dt"].notna()].head(20)[["case_id", "open_dt", "closed_dt", "target_dt", "reason"]]
    some = some.assign(source="Self Service", neighborhood="Roxbury", ontime="", open_dt="31/07/2011")
    file = copy.folder / "data" / "service_requests_spoilt.csv.gz"
    some.rename(columns={"case_id": "case_enquiry_id"}).to_csv(file, index=False)
    (loaded,) = copy.jkpi("load")
    assert sum(batch["rejected"] for batch in loaded["batches"]) == 20
    originals = copy.frame("select original ->> 'reason' as reason from raw.rejected_rows order by row_number")
    assert list(originals["reason"]) == list(some["reason"])
