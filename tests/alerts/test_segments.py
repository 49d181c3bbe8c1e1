"""False discovery control: candidates of several moments at once."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from jkpi.alerts.statistics.thresholds import passing_evidence, passing_tails


@pytest.mark.parametrize("seed", range(5))
def test_tails_pass_as_statsmodels_lets_them(seed: int) -> None:
    """All segments of three moments are candidates: then it is Benjamini and Hochberg's procedure, moment by moment."""
    rng = np.random.default_rng(seed)
    group = np.repeat([4, 1, 9], [30, 5, 12])
    tail = np.where(rng.random(47) < 0.4, rng.uniform(0, 1e-3, 47), rng.random(47))
    family = np.repeat([30.0, 5.0, 12.0], [30, 5, 12])
    found = passing_tails(group, tail, np.full(47, 0.01), family)
    for one in (4, 1, 9):
        own = group == one
        assert (found[own] == multipletests(tail[own], 0.01, method="fdr_bh")[0]).all()


def test_who_is_no_candidate_counts_in_the_family() -> None:
    """One of 40 needs forty times as much; of eight that fall together each needs five times as much."""
    alone = passing_evidence(np.zeros(1, dtype=np.intp), np.array([np.log(39.0)]), np.array([40.0]))
    enough = passing_evidence(np.zeros(1, dtype=np.intp), np.array([np.log(41.0)]), np.array([40.0]))
    together = passing_evidence(np.zeros(8, dtype=np.intp), np.full(8, np.log(5.1)), np.full(8, 40.0))
    assert not alone.any() and enough.all() and together.all()


def test_nobody_passes_where_nobody_stands() -> None:
    none = np.zeros(0)
    assert len(passing_tails(np.zeros(0, dtype=np.intp), none, none, none)) == 0
