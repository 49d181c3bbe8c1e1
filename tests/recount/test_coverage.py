"""How often the interval of a net promoter score holds the true score: exact, from the SQL of dbt."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from scipy.stats import multinomial

from tests.conftest import ROOT

MIXES = [(0.70, 0.20, 0.10), (0.85, 0.10, 0.05), (0.95, 0.03, 0.02)]
"""Shares of promoters, passives and detractors."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def bounds(connection: duckdb.DuckDBPyConnection, promoters: np.ndarray, passives: np.ndarray, n: int) -> np.ndarray:
    """(2, N): lower and upper bounds in points."""
    macros = jinja2.Environment(autoescape=False).from_string(
        (ROOT / "dbt_project" / "macros" / "intervals.sql").read_text(encoding="utf-8")
    )
    adjusted_wald = getattr(macros.module, "adjusted_wald")  # noqa: B009 (mypy does not know the macros)
    low, high = (adjusted_wald("total", "squares", "n", sign) for sign in ("-", "+"))
    samples = pd.DataFrame({"total": promoters + 0.5 * passives, "squares": promoters + 0.25 * passives, "n": float(n)})
    connection.register("samples", samples.reset_index())
    return np.array(connection.execute(f"select {low}, {high} from samples order by index").fetchall()).T


def coverage(connection: duckdb.DuckDBPyConnection, mix: tuple[float, float, float], n: int) -> float:
    promoters, passives = (counts.ravel() for counts in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    possible = promoters + passives <= n
    promoters, passives = promoters[possible], passives[possible]
    chance = multinomial.pmf(np.stack([promoters, passives, n - promoters - passives], axis=1), n, mix)
    low, high = bounds(connection, promoters, passives, n)
    truth = 100 * (mix[0] - mix[2])
    return float(chance[(low <= truth + 1e-9) & (truth - 1e-9 <= high)].sum())


@pytest.mark.parametrize("n", [10, 20, 100])
@pytest.mark.parametrize("mix", MIXES)
def test_the_interval_holds_the_true_score_in_95_of_100_samples(
    connection: duckdb.DuckDBPyConnection, mix: tuple[float, float, float], n: int
) -> None:
    assert 0.94 <= round(coverage(connection, mix, n), 2) <= 0.98


@pytest.mark.parametrize("n", [2, 3, 10, 100, 5000])
def test_an_interval_of_promoters_alone_reaches_below_100(connection: duckdb.DuckDBPyConnection, n: int) -> None:
    ((low,), (high,)) = bounds(connection, np.array([n]), np.array([0]), n)
    assert low < 100
    assert high == 100
