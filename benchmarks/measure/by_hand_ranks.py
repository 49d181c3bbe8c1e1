"""What SQL lacks: quantiles of Student's t, and ranks of Kaplan-Meier quantiles and bounds without censoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import stats

if TYPE_CHECKING:
    import duckdb

Numbers = npt.NDArray[np.float64]

Z = float(stats.norm.ppf(0.975))
QUANTILES = {"median": 0.5, "p90": 0.1}
"""Statistic -> share of cases still open at it."""
_SLACK = 1e-12


def bound(n: Numbers, i: Numbers, sign: int) -> Numbers:
    """Log-log 95 % bound of S after the i-th of n events, 0 < i < n. sign: 1 for the lower bound.

    Exponential Greenwood: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, section 1.4.
    """
    log_s = np.log1p(-i / n)
    spread = np.sqrt(i / (n * (n - i))) / -log_s
    return np.exp(-np.exp(np.log(-log_s) + sign * Z * spread))


def first_at_most(n: Numbers, share: float, sign: int) -> Numbers:
    """Smallest i in 1..n-1 whose bound is at most share, else n + 1. By bisection, since the bound decreases with i."""
    low, high = np.zeros_like(n), n.copy()
    while (high - low > 1).any():
        middle = np.clip(np.floor((low + high) / 2), 1, np.maximum(n - 1, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            is_reached = bound(n, middle, sign) <= share + _SLACK
        wide = high - low > 1
        high, low = np.where(wide & is_reached, middle, high), np.where(wide & ~is_reached, middle, low)
    return np.where(high < n, high, n + 1)


def ranks(connection: duckdb.DuckDBPyConnection) -> None:
    """Table ranks: for each cell size and statistic, the positions of value and bounds among the sorted durations."""
    import pyarrow as pa

    n = np.array([float(size) for (size,) in connection.execute("select distinct n from lists").fetchall()])
    tables = []
    for statistic, share in QUANTILES.items():
        columns = {
            "n": n,
            "middle": np.maximum(np.ceil(n * (1 - share) - n * _SLACK), 1),
            "low": first_at_most(n, share, 1),
            "high": first_at_most(n, share, -1),
        }
        table = pa.table({name: pa.array(values.astype(np.int64)) for name, values in columns.items()})
        tables.append(table.append_column("statistic", pa.array([statistic] * len(n))))
    connection.register("ranks_in", pa.concat_tables(tables))
    connection.execute("create temp table ranks as select * from ranks_in")


def t_quantiles(connection: duckdb.DuckDBPyConnection) -> None:
    """Table `t_quantiles`: n -> 97.5 % quantile of t with n - 1 degrees of freedom."""
    import pyarrow as pa

    cell_sizes = connection.execute(
        "select distinct decided from tallies where total is not null and decided > 1"
    ).fetchall()
    sizes = np.array([size for (size,) in cell_sizes], dtype=np.int64)
    table = pa.table({"n": pa.array(sizes), "t": pa.array(stats.t.ppf(0.975, sizes - 1))})
    connection.register("t_in", table)
    connection.execute("create temp table t_quantiles as select * from t_in")
