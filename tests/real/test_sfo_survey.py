"""Seven yearly surveys of an airport whose columns change each year, described by YAML only, against the files.

The files are read here without jkpi; only which column holds which question is taken from the workspace, as that is the
user's knowledge. Blank (0) and never used (6) are no answers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

pytestmark = [pytest.mark.real, pytest.mark.slow]

YEARS = range(2010, 2017)
NUMBERS = ["numerator", "denominator", "sample_size", "open_count", "value", "ci_low", "ci_high"]
TOP_BOX = """
    select
        year(period_start) as year, split_part(kpi, '.', 2) as question, numerator, denominator, sample_size,
        open_count, value, ci_low, ci_high, period_start::date::varchar as month, status
    from marts.fct_kpi_readings
    where statistic = '{statistic}' and segment = 'all' and period = 'month'
"""


@pytest.fixture(scope="module")
def sfo(bring: Callable[[str], Any]) -> Any:
    return bring("sfo_survey")


@pytest.fixture(scope="module")
def first_run(sfo: Any) -> Any:
    return sfo.jkpi("run")


@pytest.fixture(scope="module")
def scores(sfo: Any) -> pd.DataFrame:
    """One row a form and question of its year: year, question, score; what is no answer is NaN."""
    found = []
    for year in YEARS:
        asked = yaml.safe_load((sfo.folder / "sources" / f"answers_{year}.yml").read_text())["questions"]
        forms = pd.read_csv(sfo.data / f"{year}_SFO_Customer_Survey.csv.gz", dtype=str)
        forms = forms[list(asked.values())].set_axis(list(asked), axis=1).apply(pd.to_numeric)
        found.append(
            forms.where(forms.isin([1, 2, 3, 4, 5])).melt(var_name="question", value_name="score").assign(year=year)
        )
    return pd.concat(found, ignore_index=True)


def test_every_form_is_read_and_every_response_counted(
    first_run: Any, accounts: Callable[[Any], Any], sfo: Any, scores: pd.DataFrame
) -> None:
    """A score of 0 or 6 is no response; a form without any response is skipped."""
    ours = accounts(first_run)
    assert len(ours) == len(YEARS)
    forms = 0
    for year in YEARS:
        of = scores[scores["year"] == year]
        count = len(of) // of["question"].nunique()
        answered = of["score"].notna()
        silent = count - int(answered.to_numpy().reshape(-1, count).any(axis=0).sum())
        answers = int(answered.sum())
        wanted = {"read": answers + silent, "loaded": answers, "rejected": 0, "duplicates": 0, "skipped": silent}
        assert ours[f"answers_{year}"] == wanted
        forms += count
    assert forms == 23_025


def test_top_two_box_shares_equal_those_of_the_files(sfo: Any, first_run: Any, scores: pd.DataFrame) -> None:
    by = (
        scores.dropna(subset="score").assign(top=lambda frame: frame["score"] >= 4).groupby(["year", "question"])["top"]
    )
    theirs = pd.DataFrame(by.agg(numerator="sum", denominator="size")).astype(float)
    theirs["sample_size"], theirs["open_count"] = theirs["denominator"], 0.0
    theirs["value"] = theirs["numerator"] / theirs["denominator"]
    theirs["ci_low"], theirs["ci_high"] = proportion_confint(
        theirs["numerator"], theirs["denominator"], method="wilson"
    )
    ours = sfo.frame(TOP_BOX.format(statistic="top_box")).set_index(["year", "question"]).sort_index()
    assert len(ours) == 23 + 23 + 24 + 3 * 25 + 25
    assert set(ours["status"]) == {"final"}
    assert set(ours["month"]) == {f"{year}-05-01" for year in YEARS}
    pd.testing.assert_frame_equal(
        ours[NUMBERS], theirs[NUMBERS], check_dtype=False, check_index_type=False, rtol=0, atol=1e-9
    )


def test_score_counts_of_two_columns(sfo: Any, first_run: Any) -> None:
    """How often each score occurs in the columns Q6N of 2010 and Q7ALL of 2016."""
    found = sfo.frame(TOP_BOX.format(statistic="top_box")).set_index(["question", "year"])
    first, last = found.loc[("overall", 2010)], found.loc[("overall", 2016)]
    assert (first["numerator"], first["denominator"]) == (1744 + 589, 5 + 50 + 705 + 1744 + 589)
    assert (last["numerator"], last["denominator"]) == (1633 + 731, 7 + 51 + 497 + 1633 + 731)
    # Asked from 2013 on, and not before; asked until 2012, and not after.
    assert list(found.loc["wifi"].index.sort_values()) == [2013, 2014, 2015, 2016]
    assert list(found.loc["clean_parking"].index.sort_values()) == [2010, 2011, 2012]


def test_mean_scores_have_the_interval_of_student(sfo: Any, first_run: Any, scores: pd.DataFrame) -> None:
    by = scores[scores["question"] == "overall"].groupby("year")["score"]
    count, mean = by.count(), by.mean()
    reach = stats.t.ppf(0.975, count - 1) * by.std(ddof=1) / np.sqrt(count)
    ours = (
        sfo.frame(TOP_BOX.format(statistic="mean")).query("question == 'mean_overall'").set_index("year").sort_index()
    )
    for name, wanted in {"sample_size": count, "value": mean, "ci_low": mean - reach, "ci_high": mean + reach}.items():
        assert np.abs(ours[name].to_numpy() - wanted.to_numpy()).max() <= 1e-9, name


def test_each_year_is_one_wave(sfo: Any, first_run: Any, scores: pd.DataFrame) -> None:
    by = scores.dropna(subset="score").assign(top=lambda frame: frame["score"] >= 4)
    theirs = pd.DataFrame(by.groupby(["year", "question"])["top"].agg(numerator="sum", denominator="size"))
    sql = TOP_BOX.format(statistic="top_box").replace("period = 'month'", "period = 'wave'")
    ours = sfo.frame(sql.replace("status", "status, wave")).set_index(["year", "question"]).sort_index()
    assert set(ours["status"]) == {"final"}
    assert (ours["wave"].astype(int) == ours.index.get_level_values("year")).all()
    pd.testing.assert_frame_equal(
        ours[["numerator", "denominator"]], theirs, check_dtype=False, check_index_type=False, check_exact=True
    )


def test_the_differences_of_the_waves_are_those_of_statsmodels(sfo: Any, first_run: Any, scores: pd.DataFrame) -> None:
    """Security: hard in 2012 and easy again in 2013, hard in 2016. Finding the way: hard in 2013, until 2015."""
    past = {result["watched"]["moment"]: result["alerts"] for result in sfo.jkpi("backtest")["moments"]}
    found = {
        moment: [(alert["fired_on"][:4], alert["closed_on"] and alert["closed_on"][:4]) for alert in alerts]
        for moment, alerts in past.items()
    }
    assert found == {
        "airport": [],
        "security": [("2012", "2013"), ("2016", None)],
        "finding_the_way": [("2013", "2015")],
    }
    counts = scores.dropna(subset="score").assign(top=lambda frame: frame["score"] >= 4)
    by = counts[counts["question"] == "security"].groupby("year")["top"].agg(["sum", "size"])
    now, before = by.loc[2016], by.loc[2015]
    low, high = confint_proportions_2indep(now["sum"], now["size"], before["sum"], before["size"], method="newcomb")
    with closing(sqlite3.connect(sfo.folder / "state.db")) as state:
        (payload,) = state.execute("select payload from alert_transitions where transition_type = 'opened'").fetchone()
    figures = json.loads(payload)["figures"]
    assert (figures["waves"], figures["reference_waves"]) == (["2016"], ["2015"])
    expected = now["sum"] / now["size"] - before["sum"] / before["size"]
    assert [figures[name] for name in ("difference", "difference_low", "difference_high")] == pytest.approx(
        [expected, low, high], abs=1e-9
    )


def test_the_last_drop_is_notified(sfo: Any, first_run: Any) -> None:
    (alert,) = sfo.alerts()
    assert (alert["moment"], alert["onset"]) == ("security", "2016-05-06")
    assert "Security is easy: dropped from 82 % to 77 %, wave 2016 against wave 2015" in sfo.messages()
