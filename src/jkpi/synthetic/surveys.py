"""Random scores on survey scales, with a given share in the top box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import BoolArray
from jkpi.synthetic.random_streams import FloatArray, NumpyGenerator

Scores = NDArray[np.int64]


def five_point_scores(rng: NumpyGenerator, is_top_box: BoolArray) -> Scores:
    """1-5: 4 or 5 where `is_top_box`, 1 to 3 elsewhere."""
    high = rng.choice((4, 5), len(is_top_box), p=(0.42, 0.58))
    low = rng.choice((1, 2, 3), len(is_top_box), p=(0.18, 0.27, 0.55))
    return np.where(is_top_box, high, low)


def seven_point_scores(rng: NumpyGenerator, easy_rate: FloatArray) -> Scores:
    """1-7: 5 to 7 at the rate `easy_rate`."""
    high = rng.choice((5, 6, 7), len(easy_rate), p=(0.30, 0.40, 0.30))
    low = rng.choice((1, 2, 3, 4), len(easy_rate), p=(0.12, 0.20, 0.33, 0.35))
    return np.where(rng.random(len(easy_rate)) < easy_rate, high, low)


def eleven_point_scores(rng: NumpyGenerator, five_point: Scores) -> Scores:
    """0-10, correlated with the same person's score of 1-5."""
    center = np.array([1.5, 3.5, 6.0, 8.0, 9.3])[five_point - 1]
    return np.clip(np.round(center + rng.normal(0, 1.1, len(five_point))), 0, 10).astype(np.int64)
