"""Scores on their scales, drawn so that the share in the top box is the rate that was asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import Mask
from jkpi.synthetic.random_streams import Floats, Generator

Scores = NDArray[np.int64]


def five_points(rng: Generator, top: Mask) -> Scores:
    """1-5: 4 or 5 where `top`, 1 to 3 elsewhere."""
    high = rng.choice((4, 5), len(top), p=(0.42, 0.58))
    low = rng.choice((1, 2, 3), len(top), p=(0.18, 0.27, 0.55))
    return np.where(top, high, low)


def seven_points(rng: Generator, easy: Floats) -> Scores:
    """1-7: 5 to 7 with the rate `easy`."""
    high = rng.choice((5, 6, 7), len(easy), p=(0.30, 0.40, 0.30))
    low = rng.choice((1, 2, 3, 4), len(easy), p=(0.12, 0.20, 0.33, 0.35))
    return np.where(rng.random(len(easy)) < easy, high, low)


def ten_points(rng: Generator, five: Scores) -> Scores:
    """0-10, leaning on the same person's score of 1-5."""
    lean = np.array([1.5, 3.5, 6.0, 8.0, 9.3])[five - 1]
    return np.clip(np.round(lean + rng.normal(0, 1.1, len(five))), 0, 10).astype(np.int64)
