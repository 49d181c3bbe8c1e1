"""What a series is held to. Pure data.

Rates are oriented so that higher is better; the caller turns "lower is better" into its complement. Each series has two
lines: the **promise**, lowered by `falls_off_by`, and its **own baseline**, lowered by the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Floats

FALLS = (1.0, 2.0, 4.0)
"""The falls that evidence is weighed for, in units of `falls_off_by`."""
LOW = 0.10
IN_A_ROW = 3
COLLAPSE, COLLAPSE_N = 1e-4, 30
LEAST_N, LEAST_SHARE, ENOUGH_N = 5.0, 0.25, 30.0
"""A reading over fewer cases is not judged by itself, nor one over less than a quarter of the usual number, unless that
is enough by any measure."""
POOLED_N = 10.0
"""Of a series that is always so small, days are pooled until they hold so many cases."""


@dataclass(frozen=True)
class Cadence:
    """How a series is read: `step` days a reading, `cycle` readings a week; all else is counted in readings.

    `window` reaches back over the baseline and the `gap` before it; `hold`: a run of low readings is forgotten after so
    many without a verdict; `patience`: so many clear ones close an alert that is too small to be sure; `block`: over so
    many, what readings have in common is looked for; `standing`: so many parts, of so many each.

    `lasting`: what readings have in common with the next adds so much to the variance of long sums, as a multiple of
    that part of theirs: 2 of days at a correlation of a half, 0.3 of their weeks, which then correlate by an eighth.
    Both with a margin, since the past cannot show what is rare.
    """

    step: int = 1
    cycle: int = 7
    learning: int = 28
    window: int = 63
    gap: int = 7
    for_rho: int = 14
    hold: int = 14
    patience: int = 14
    block: int = 7
    standing: tuple[int, int] = (4, 7)
    lasting: float = 4.0

    @property
    def standing_readings(self) -> int:
        parts, length = self.standing
        return parts * length


DAILY = Cadence()
WEEKLY = Cadence(step=7, cycle=1, learning=8, window=27, gap=1, for_rho=6, hold=3, patience=4, block=2, standing=(4, 1),
                 lasting=1.0)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """What one series is held to. `promise` and `falls_off_by` are rates 0-1, higher is better.

    `false_alarm_every`: days of one series between two false alarms. `family`: the number of series that share this
    budget, the segments of a moment.
    """

    promise: float | None
    falls_off_by: float
    family: int = 1
    false_alarm_every: float = 547.5
    cadence: Cadence = DAILY

    @property
    def promise_line(self) -> float | None:
        return None if self.promise is None else self.promise - self.falls_off_by

    @property
    def readings_between(self) -> float:
        """The false-alarm budget in readings."""
        return self.false_alarm_every / self.cadence.step


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of S series of one cadence, each array (S,). A line is NaN where nothing is promised."""

    cadence: Cadence
    promise_line: Floats
    falls_off_by: Floats
    family: Floats
    between: Floats

    @staticmethod
    def of(rules: Sequence[Rule]) -> Rules:
        (cadence,) = {rule.cadence for rule in rules}
        lines = [np.nan if rule.promise_line is None else rule.promise_line for rule in rules]
        return Rules(
            cadence,
            np.array(lines, dtype=float),
            np.array([rule.falls_off_by for rule in rules], dtype=float),
            np.array([rule.family for rule in rules], dtype=float),
            np.array([rule.readings_between for rule in rules], dtype=float),
        )


def alone(rule: Rule) -> Rule:
    """The rule of a series that shares its budget with nobody."""
    return replace(rule, family=1)


NEVER = -1
