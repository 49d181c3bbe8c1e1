"""What a survey wave is best compared with: the table of docs/decisions/survey-waves.md.

Made surveys of 400 answers a wave, one-sided z-tests of two shares at 2.5 %, minimum drop 3 points. spread: standard
deviation of the true share from wave to wave.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

SURVEYS, ANSWERS, MIN_DROP, ALPHA, POOLED = 20_000, 400, 0.03, 0.025, 4
WAYS = ("the wave before", "four waves before together", "both, at half the level each")
Flags = npt.NDArray[np.bool_]


def fired(rates: npt.NDArray[np.float64], way: str, rng: np.random.Generator) -> Flags:
    """(surveys, waves): which waves are significantly lower. rates: true shares, the same shape."""
    good = rng.binomial(ANSWERS, np.clip(rates, 0.0, 1.0))
    found = np.zeros(good.shape, dtype=bool)
    for wave in range(1, good.shape[1]):
        pooled = min(wave, POOLED)
        before = good[:, wave - 1] / ANSWERS
        together = good[:, wave - pooled : wave].sum(axis=1) / (ANSWERS * pooled)
        now = good[:, wave] / ANSWERS

        def is_lower(
            reference: npt.NDArray[np.float64], n: int, alpha: float, now: npt.NDArray[np.float64] = now
        ) -> Flags:
            variance = now * (1 - now) / ANSWERS + reference * (1 - reference) / n
            z = (now - reference) / np.sqrt(np.maximum(variance, 1e-9))
            lower: Flags = (now < reference - MIN_DROP) & (z < norm.ppf(alpha))
            return lower

        if way == WAYS[0]:
            found[:, wave] = is_lower(before, ANSWERS, ALPHA)
        elif way == WAYS[1]:
            found[:, wave] = is_lower(together, ANSWERS * pooled, ALPHA)
        else:
            found[:, wave] = is_lower(before, ANSWERS, ALPHA / 2)
            if pooled > 1:
                found[:, wave] |= is_lower(together, ANSWERS * pooled, ALPHA / 2)
    return found


def main() -> None:
    print("spread | compared with | false alarms a wave | third | sixth | decline | fall after a rise")
    third, sixth = np.full(8, 0.8), np.full(8, 0.8)
    third[2:] -= 0.08
    sixth[5:] -= 0.08
    decline = np.r_[0.8, 0.8, 0.8 - 0.02 * np.arange(1, 7)]
    rise = np.array([0.72, 0.74, 0.76, 0.78, 0.80, 0.72, 0.72, 0.72])
    for spread in (0.0, 0.01, 0.02):
        for way in WAYS:
            rng = np.random.default_rng(2)
            noise = rng.normal(0.0, spread, (SURVEYS, 8))
            figures = [
                fired(0.8 + noise, way, rng)[:, 1:].mean(),
                fired(third + noise, way, rng)[:, 2].mean(),
                fired(sixth + noise, way, rng)[:, 5].mean(),
                fired(decline + noise, way, rng)[:, 2:].any(axis=1).mean(),
                fired(rise + noise, way, rng)[:, 5].mean(),
            ]
            print(f"{spread:.2f} | {way} | " + " | ".join(f"{100 * figure:.1f} %" for figure in figures))


if __name__ == "__main__":
    main()
