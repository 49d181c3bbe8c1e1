"""Alert rules and evaluation settings of series. Pure data.

Rates are oriented so that higher is better; the caller replaces "lower is better" by its complement. Each series is
compared with two lines: its promise minus min_drop, and its own baseline minus min_drop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Bools, Floats

EFFECT_SIZES = (1.0, 2.0, 4.0)
"""Drop sizes that CUSUM tests for, in multiples of min_drop."""
ALPHA_LOW = 0.10
RUN_LENGTH = 3
ALPHA_COLLAPSE = 1e-4
MIN_N = 5.0
"""Readings with fewer cases are pooled until they have so many, or until what they have is a collapse."""


@dataclass(frozen=True)
class EvaluationConfig:
    """Evaluation settings of a cadence. step_days: days a reading. season_length: readings a week. The rest is counted
    in readings.

    window: reach of the baseline, including the gap before it. evidence_ttl: low readings are forgotten after so many
    without a valid reading. close_after: so many clear readings close an alert of a series too small to be sure.
    block_length: length of blocks used to find autocorrelation. sustained_periods: number of periods below the promise,
    and readings in each.

    autocorrelation_inflation: what successive readings have in common adds this multiple of their shared variance to
    the variance of long sums: 2 for days with a correlation of 1/2, 0.3 for weeks, whose correlation is then 1/8. Both
    values in use have a margin, because history cannot show what is rare.
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


WAVES = EvaluationConfig(
    step_days=1,
    season_length=1,
    learning_readings=1,
    window=1,
    gap=0,
    min_readings_for_overdispersion=4,
    evidence_ttl=1,
    close_after=1,
    block_length=1,
    sustained_periods=(1, 1),
)
"""Of survey waves: one that is fine closes an alert. Columns are days, of which most have no reading."""


@dataclass(frozen=True)
class AlertRule:
    """What one series is compared with. promise and min_drop are rates 0-1, higher is better.

    false_alarm_every: days between two false alarms of one series. family_size: number of series that share this
    budget, that is, the segments of a moment. has_local_baseline: the baseline follows a slow fall of the last weeks.
    """

    promise: float | None
    min_drop: float
    family_size: int = 1
    false_alarm_every: float = 547.5
    config: EvaluationConfig = DAILY
    has_local_baseline: bool = False

    @property
    def promise_line(self) -> float | None:
        return None if self.promise is None else self.promise - self.min_drop

    @property
    def target_run_length(self) -> float:
        """The false-alarm budget in readings."""
        return self.false_alarm_every / self.config.step_days


@dataclass(frozen=True, eq=False)
class RuleArrays:
    """Rules of S series of one cadence; each array (S,). promise_line is NaN where nothing is promised."""

    config: EvaluationConfig
    promise_line: Floats
    min_drop: Floats
    family_size: Floats
    target_run_length: Floats
    has_local_baseline: Bools

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
            np.array([rule.has_local_baseline for rule in rules], dtype=bool),
        )


def single_series_rule(rule: AlertRule) -> AlertRule:
    """The rule of a series that shares its budget with no other."""
    return replace(rule, family_size=1)


NO_COLUMN = -1
