"""The product's readings beside those of the recount, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from jkpi.warehouse.open import open_warehouse
from tests.recount.facts import TIMES
from tests.recount.readings import KEY


def read_readings(url: str, journey: str) -> pd.DataFrame:
    """The product's readings of a journey."""
    with open_warehouse(url) as warehouse:
        sql = "select * from marts.fct_kpi_readings where journey = :journey"
        names = [
            row["column_name"]
            for row in warehouse.rows(
                "select column_name from information_schema.columns"
                " where table_schema = 'marts' and table_name = 'fct_kpi_readings'"
            )
        ]
        frame = pd.DataFrame(warehouse.rows(sql, {"journey": journey}), columns=names)
    return frame.astype({"period_start": TIMES, "matures_at": TIMES})


def side_by_side(readings: pd.DataFrame, product: pd.DataFrame, key: Sequence[str] = KEY) -> pd.DataFrame:
    """Outer join of both by `key`; the product's columns have the suffix `_product`."""
    words: dict[str, Any] = {name: object for name in key if name not in ("period_start", "cohort_date", "age_seconds")}
    times = {name: TIMES for name in key if name in ("period_start", "cohort_date")}
    readings, product = (one.astype(words | times) for one in (readings, product))
    sides = readings.merge(product, on=list(key), how="outer", suffixes=("", "_product"), indicator=True)
    return sides.set_index(list(key), drop=False)


def unmatched(sides: pd.DataFrame) -> pd.DataFrame:
    """Readings that only one side has."""
    return sides.loc[sides["_merge"] != "both", ["_merge"]]


def number_differences(sides: pd.DataFrame, column: str) -> pd.DataFrame:
    """Readings whose numbers differ by more than 1e-9 (relative above 1), or are NULL on one side only."""
    both = sides[sides["_merge"] == "both"]
    mine, theirs = both[column].astype(float), both[f"{column}_product"].astype(float)
    apart = (mine - theirs).abs() / mine.abs().clip(lower=1) > 1e-9
    return both.loc[apart | (mine.isna() != theirs.isna()), [column, f"{column}_product"]]


def label_differences(sides: pd.DataFrame, column: str) -> pd.DataFrame:
    """Readings whose label or timestamp differs."""
    both = sides[sides["_merge"] == "both"]
    mine, theirs = both[column], both[f"{column}_product"]
    return both.loc[(mine != theirs) & ~(mine.isna() & theirs.isna()), [column, f"{column}_product"]]
