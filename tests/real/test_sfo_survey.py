"""Seven yearly surveys of an airport whose columns change each year, described by YAML only, against the files.

The files are read here without jkpi; only which column holds which question is taken from the workspace, as that is the
user's knowledge. Blank (0) and never used (6) are no answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

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


def test_nobody_is_notified_about_a_survey_that_ended(sfo: Any, first_run: Any) -> None:
    assert sfo.alerts() == [] and sfo.messages() == ""
