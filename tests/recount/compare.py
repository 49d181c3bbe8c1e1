"""Both counts side by side: what the product says of a journey, and where it says something else."""

from __future__ import annotations

import pandas as pd
from facts import TIMES
from readings import KEY

from jkpi.warehouse import open_warehouse


def read_readings(url: str, journey: str) -> pd.DataFrame:
    """What the product says of a journey; `sample_size` and the like as numbers."""
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


def side_by_side(readings: pd.DataFrame, product: pd.DataFrame) -> pd.DataFrame:
    """Every reading that either has; the product's columns with the suffix `_product`."""
    readings = readings.astype(dict.fromkeys(KEY[:-1], object) | {"period_start": TIMES})
    product = product.astype(dict.fromkeys(KEY[:-1], object))
    return readings.merge(product, on=KEY, how="outer", suffixes=("", "_product"), indicator=True)


def alone(sides: pd.DataFrame) -> pd.DataFrame:
    """Readings that only one has."""
    return sides.loc[sides["_merge"] != "both", [*KEY, "_merge"]]


def differing(sides: pd.DataFrame, column: str) -> pd.DataFrame:
    """Readings whose numbers are further apart than 1e-9 of the larger of 1 and the number, or NULL in one only."""
    both = sides[sides["_merge"] == "both"]
    mine, theirs = both[column].astype(float), both[f"{column}_product"].astype(float)
    apart = (mine - theirs).abs() / mine.abs().clip(lower=1) > 1e-9
    return both.loc[apart | (mine.isna() != theirs.isna()), [*KEY, column, f"{column}_product"]]


def other(sides: pd.DataFrame, column: str) -> pd.DataFrame:
    """Readings of which both say another word, or moment."""
    both = sides[sides["_merge"] == "both"]
    mine, theirs = both[column], both[f"{column}_product"]
    return both.loc[(mine != theirs) & ~(mine.isna() & theirs.isna()), [*KEY, column, f"{column}_product"]]
