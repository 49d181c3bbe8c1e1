"""What scenes share: their options, the methods at equal false alarms, and one way to print a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import BUDGET, METHODS, Method, jkpi_alarms, jkpi_alerts, tuned
from benchmarks.alert_quality.scores import monthly
from benchmarks.alert_quality.sources import TRUE_FALL, Days

ONSET = 126
"""Column on which scenes begin: a Monday, after eighteen weeks."""


@dataclass(frozen=True)
class Options:
    """series: half of them are for tuning. sizes: cases a day, None for those of the scene. methods: that jkpi is
    compared with. true_fall: see sources.TRUE_FALL."""

    series: int
    sizes: tuple[int, ...] | None = None
    is_quick: bool = False
    methods: tuple[Method, ...] = METHODS
    true_fall: float = TRUE_FALL

    def sizes_of(self, kind: str) -> tuple[int, ...]:
        """Cases a day of generated days, of real days, or of a scene."""
        if self.sizes:
            return self.sizes
        if kind == "scene":
            return (60,) if self.is_quick else (20, 60, 300)
        if self.is_quick:
            return (10, 100)
        return (10, 30, 100, 300) if kind == "real" else (20, 60, 300)


@dataclass(frozen=True)
class Contender:
    """A method at its threshold. alarms (T, S): a drop is reported. alerts (T, S): the same, without further drops and
    relapses of one that was reported."""

    name: str
    alarms: Callable[[Days], np.ndarray]
    alerts: Callable[[Days], np.ndarray]
    max_series: int | None = None


@dataclass(frozen=True)
class Ground:
    """Clean days of one size that no method is tuned on, and the methods: jkpi at its default budget, the others tuned
    to 0.05 false alarms a series-month on as many other days."""

    mean: int
    clean: Days
    contenders: tuple[Contender, ...]

    def rng(self) -> np.random.Generator:
        """The same random numbers for each scene."""
        return np.random.default_rng(self.mean + 1)

    def false_a_month(self, contender: Contender) -> float:
        return monthly(contender.alarms(self.clean.part(slice(contender.max_series))))[0]

    def table(
        self,
        title: str,
        worlds: dict[str, Days],
        cells: Callable[[Contender, dict[str, Days]], Sequence[str]],
        heads: Sequence[str],
    ) -> None:
        """Print one line a method. cells: what it says of the worlds."""
        rows = []
        for contender in self.contenders:
            some = slice(contender.max_series)
            changed = {name: days.part(some) for name, days in worlds.items()}
            rows.append((contender.name, (f"{self.false_a_month(contender):.3f}", *cells(contender, changed))))
        print_table(title, ("false a month", *heads), rows)


@lru_cache
def ground(mean: int, options: Options) -> Ground:
    days = generated(options.series, mean, np.random.default_rng(mean))
    tuning, clean = days.part(np.flatnonzero(days.is_for_tuning)), days.part(np.flatnonzero(~days.is_for_tuning))
    contenders = [Contender("jkpi", jkpi_alarms, jkpi_alerts)]
    for method in options.methods:
        strict = tuned(method, tuning.part(slice(method.max_series)), BUDGET)

        def alarms(days: Days, method: Method = method, strict: float = strict) -> np.ndarray:
            return method.alarms(days, strict)

        contenders.append(Contender(f"{method.name}, tuned", alarms, alarms, method.max_series))
    return Ground(mean, clean, tuple(contenders))


def print_table(title: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    print(f"\n{title}")
    widths = [max(len(head), *(len(cells[place]) for _, cells in rows)) + 2 for place, head in enumerate(heads)]
    label = max(len(name) for name, _ in rows) + 2
    print(" " * label + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for name, cells in rows:
        print(f"{name:{label}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))


def share(is_so: np.ndarray) -> str:
    """Per cent, with one standard error (two of each outcome added, so that it is not 0 at the ends)."""
    error = np.sqrt((is_so.sum() + 2.0) * ((~is_so).sum() + 2.0) / (len(is_so) + 4.0) ** 3)
    return f"{100 * is_so.mean():.0f} ±{100 * error:.0f}"


def median(delay_days: np.ndarray) -> str:
    """Median of delays, of which those never found are infinite."""
    middle = float(np.quantile(delay_days, 0.5, method="higher"))
    return f"{middle:.0f}" if np.isfinite(middle) else "never"


def any_in(alarms: np.ndarray, since: int, until: int) -> np.ndarray:
    """(S,): whether there is an alarm on a day of [since, until)."""
    return np.asarray(alarms[since:until].any(axis=0))
