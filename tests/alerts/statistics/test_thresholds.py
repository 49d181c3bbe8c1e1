"""False discovery rate: candidates of several moments at once."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from jkpi.alerts.statistics.thresholds import significant_e_values, significant_p_values


@pytest.mark.parametrize("seed", range(5))
def test_p_values_pass_as_in_statsmodels(seed: int) -> None:
    """If all segments are candidates, this is the procedure of Benjamini and Hochberg in each moment."""
    rng = np.random.default_rng(seed)
    group = np.repeat([4, 1, 9], [30, 5, 12])
    p_values = np.where(rng.random(47) < 0.4, rng.uniform(0, 1e-3, 47), rng.random(47))
    family_size = np.repeat([30.0, 5.0, 12.0], [30, 5, 12])
    significant = significant_p_values(group, p_values, np.full(47, 0.01), family_size)
    for moment in (4, 1, 9):
        is_moment = group == moment
        assert (significant[is_moment] == multipletests(p_values[is_moment], 0.01, method="fdr_bh")[0]).all()


def test_segments_that_are_no_candidates_count_in_the_family() -> None:
    """One of 40 needs 40 times the evidence; each of eight that drop together needs five times."""
    alone = significant_e_values(np.zeros(1, dtype=np.intp), np.array([np.log(39.0)]), np.array([40.0]))
    enough = significant_e_values(np.zeros(1, dtype=np.intp), np.array([np.log(41.0)]), np.array([40.0]))
    together = significant_e_values(np.zeros(8, dtype=np.intp), np.full(8, np.log(5.1)), np.full(8, 40.0))
    assert not alone.any() and enough.all() and together.all()


def test_no_candidates_give_an_empty_result() -> None:
    empty = np.zeros(0)
    assert len(significant_p_values(np.zeros(0, dtype=np.intp), empty, empty, empty)) == 0
