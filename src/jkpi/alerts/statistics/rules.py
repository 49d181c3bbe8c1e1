"""What a series is held to. Pure data.

Rates are oriented so that higher is better; the caller turns "lower is better" into its complement. Each series has two
lines: the **promise**, lowered by `falls_off_by`, and its **own baseline**, lowered by the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Floats

EFFECT_SIZES = (1.0, 2.0, 4.0)
"""The falls that evidence is weighed for, in units of `falls_off_by`."""
ALPHA_LOW = 0.10
RUN_LENGTH = 3
ALPHA_COLLAPSE, MIN_COLLAPSE_N = 1e-4, 30
MIN_N, MIN_N_FRACTION, SUFFICIENT_N = 5.0, 0.25, 30.0
"""A reading over fewer cases is not judged by itself, nor one over less than a quarter of the usual number, unless that
is enough by any measure."""
MIN_POOLED_N = 10.0
"""Of a series that is always so small, days are pooled until they hold so many cases."""


@dataclass(frozen=True)
class EvaluationConfig:
    """How a series is read: `step` days a reading, `cycle` readings a week; all else is counted in readings.

    `window` reaches back over the baseline and the `gap` before it; `hold`: a run of low readings is forgotten after so
    many without a verdict; `patience`: so many clear ones close an alert that is too small to be sure; `block`: over so
    many, what readings have in common is looked for; `standing`: so many parts, of so many each.

    `lasting`: what readings have in common with the next adds so much to the variance of long sums, as a multiple of
    that part of theirs: 2 of days at a correlation of a half, 0.3 of their weeks, which then correlate by an eighth.
    Both with a margin, since the past cannot show what is rare.
    """

    step_days: int = 1
    season_length: int = 7
    learning_readings: int = 28
    window: int = 63
    gap: int = 7
    min_readings_for_overdispersion: int = 14
    evidence_ttl: int = 14
    close_after: int = 14
    block_length: int = 7
    sustained_periods: tuple[int, int] = (4, 7)
    autocorrelation_inflation: float = 4.0

    @property
    def sustained_readings(self) -> int:
        periods, length = self.sustained_periods
        return periods * length


DAILY = EvaluationConfig()
WEEKLY = EvaluationConfig(
    step_days=7,
    season_length=1,
    learning_readings=8,
    window=27,
    gap=1,
    min_readings_for_overdispersion=6,
    evidence_ttl=3,
    close_after=4,
    block_length=2,
    sustained_periods=(4, 1),
    autocorrelation_inflation=1.0,
)


@dataclass(frozen=True)
class AlertRule:
    """What one series is held to. `promise` and `falls_off_by` are rates 0-1, higher is better.

    `false_alarm_every`: days of one series between two false alarms. `family`: the number of series that share this
    budget, the segments of a moment.
    """

    promise: float | None
    min_drop: float
    family_size: int = 1
    false_alarm_every: float = 547.5
    config: EvaluationConfig = DAILY

    @property
    def promise_line(self) -> float | None:
        return None if self.promise is None else self.promise - self.min_drop

    @property
    def target_run_length(self) -> float:
        """The false-alarm budget in readings."""
        return self.false_alarm_every / self.config.step_days


@dataclass(frozen=True, eq=False)
class RuleArrays:
    """The rules of S series of one cadence, each array (S,). A line is NaN where nothing is promised."""

    config: EvaluationConfig
    promise_line: Floats
    min_drop: Floats
    family_size: Floats
    target_run_length: Floats

    @staticmethod
    def from_rules(rules: Sequence[AlertRule]) -> RuleArrays:
        (config,) = {rule.config for rule in rules}
        promise_lines = [np.nan if rule.promise_line is None else rule.promise_line for rule in rules]
        return RuleArrays(
            config,
            np.array(promise_lines, dtype=float),
            np.array([rule.min_drop for rule in rules], dtype=float),
            np.array([rule.family_size for rule in rules], dtype=float),
            np.array([rule.target_run_length for rule in rules], dtype=float),
        )


def single_series_rule(rule: AlertRule) -> AlertRule:
    """The rule of a series that shares its budget with nobody."""
    return replace(rule, family_size=1)


NO_COLUMN = -1
