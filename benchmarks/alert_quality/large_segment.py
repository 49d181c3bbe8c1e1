"""Scene "large-segment": a segment of five in six cases drops alone.

All customers and both segments are evaluated as in one moment: all customers have half of its budget, the segments
share the other half. What an alert says of the segments is what `contributions.break_down` finds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np

from benchmarks.alert_quality.faults import moved, span
from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import BUDGET, DEFAULT_BUDGET, FIRST, MIN_DROP, WARM, Method, tuned
from benchmarks.alert_quality.opening import alarm_days, evaluated
from benchmarks.alert_quality.scenes import ONSET, Options, any_in, median, print_table, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.evidence.contributions import break_down
from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.series.watched import ALL_CUSTOMERS, Series, WatchedMoment
from jkpi.alerts.statistics.rules import AlertRule

LARGE = 0.83
DROP = 0.1
WITHIN = 14
WATCHED = WatchedMoment(
    *("generated", "Generated", "moment", "Moment", "kpi", "KPI", None, "csat", "share", "higher", None),
    *(MIN_DROP, "nobody", (), ("segment",)),
)


def main(options: Options) -> None:
    print(
        f"{100 * LARGE:.0f} % of the cases drop by {100 * DROP:.0f} points, the others stay. Found within 7 days; the"
        f" other segment\nreported within {WITHIN} days, a false alarm; in per cent. False alarms: of all three."
    )
    for mean in options.sizes_of("scene"):
        _by_size(mean, options)


def _by_size(mean: int, options: Options) -> None:
    rng = np.random.default_rng(mean + 2)
    series = options.series // 2
    large, small = (generated(series, mean * part, rng) for part in (LARGE, 1.0 - LARGE))
    fallen = moved(large, span(ONSET, DAYS, DROP), rng)
    quiet = {"all": _together(large, small), "large": large, "small": small}
    changed = {"all": _together(fallen, small), "large": fallen, "small": small}
    rows = []
    learned = tuple(generated(series, mean * part, rng) for part in (LARGE, 1.0 - LARGE))
    tuning = _beside(_together(*learned), *learned)
    for method in (None, *options.methods):
        if method is None:
            name, alarms_of = "jkpi", _moment
        else:
            some = slice(method.max_series)
            strict = tuned(method, tuning.part(some), BUDGET / 3.0)
            name, alarms_of = f"{method.name}, tuned", partial(_each, method, strict)
        clean, alarms = alarms_of(quiet), alarms_of(changed)
        months = clean["all"].shape[1] * (DAYS - WARM) / 30.44
        false = sum(part.sum() for part in clean.values()) / months
        first = np.minimum(delays(alarms["all"], ONSET), delays(alarms["large"], ONSET))
        rows.append(
            (
                name,
                (
                    f"{false:.3f}",
                    *(share(delays(alarms[name], ONSET) <= 7) for name in ("all", "large")),
                    *(share(first <= 7), median(first)),
                    share(any_in(alarms["small"], ONSET, ONSET + WITHIN)),
                ),
            )
        )
    heads = ("false a month", "all customers", "large segment", "either", "median days", "other segment")
    print_table(f"{mean} cases a day, {series} moments", heads, rows)
    fallen_small = moved(small, span(ONSET, DAYS, DROP), rng)
    both = {"all": _together(fallen, fallen_small), "large": fallen, "small": fallen_small}
    other = {"all": _together(large, fallen_small), "large": large, "small": fallen_small}
    _named(mean, {"the large one drops": changed, "both drop alike": both, "the other drops": other})


def _together(large: Days, small: Days) -> Days:
    return replace(large, successes=large.successes + small.successes, n=large.n + small.n)


def _beside(*parts: Days) -> Days:
    successes, n = (np.concatenate([getattr(part, counts) for part in parts], axis=1) for counts in ("successes", "n"))
    return Days(successes, n, np.arange(n.shape[1]))


def _each(method: Method, strict: float, days: dict[str, Days]) -> dict[str, np.ndarray]:
    """Alarms of a method that knows of no moments."""
    return {name: method.alarms(own.part(slice(method.max_series)), strict) for name, own in days.items()}


def _moment(days: dict[str, Days]) -> dict[str, np.ndarray]:
    """Alarms of all customers and of the segments."""
    return {name: alarm_days(results, days[name].n.shape, FIRST) for name, results in _results(days).items()}


def _results(days: dict[str, Days]) -> dict[str, list[SeriesResult]]:
    """Of all customers and of the segments, which share the budget of a moment."""
    series = days["all"].n.shape[1]
    total = AlertRule(None, MIN_DROP, false_alarm_every=2.0 * DEFAULT_BUDGET)
    parts = AlertRule(None, MIN_DROP, family_size=2, false_alarm_every=2.0 * DEFAULT_BUDGET)
    names = list(days)
    successes, n = (
        np.stack([getattr(days[name], counts) for name in names], axis=2).reshape(DAYS, -1)
        for counts in ("successes", "n")
    )
    groups = [number for moment in range(series) for number in (2 * moment, 2 * moment + 1, 2 * moment + 1)]
    results = evaluated(successes, n, FIRST, [total, parts, parts] * series, groups=groups)
    return {name: results[place :: len(names)] for place, name in enumerate(names)}


def _named(mean: int, worlds: dict[str, dict[str, Days]]) -> None:
    """What an alert on all customers says of the segments, on the day on which it opens."""
    rows = []
    for name, days in worlds.items():
        breakdowns = [
            break_down(_readings(days, row), Series(WATCHED), detection.initial_drop)
            for row, result in enumerate(_results(days)["all"])
            for detection in (_first_detection(result),)
            if detection is not None and detection.initial_drop is not None
        ]
        told = [
            frozenset(contribution.segment_value for contribution in breakdown.contributions)
            for breakdown in breakdowns
            if breakdown is not None
        ]
        is_none = [breakdown is not None and bool(breakdown.not_standing_out) for breakdown in breakdowns]
        counts = [sum("large" in names for names in told), sum("small" in names for names in told), sum(is_none)]
        rows.append((name, (str(len(breakdowns)), *(f"{count / max(len(breakdowns), 1):.0%}" for count in counts))))
    heads = ("alerts", "names the large one", "names the other", "says none stands out")
    print_table(f"{mean} cases a day, what the alert on all customers says when it opens", heads, rows)


def _first_detection(result: SeriesResult) -> Detection | None:
    """The first in WITHIN days after the onset."""
    first, end = FIRST + timedelta(days=ONSET), FIRST + timedelta(days=ONSET + WITHIN)
    found = [own for episode in result.episodes for own in episode.detections if first <= own.fired_on < end]
    return min(found, key=lambda own: own.fired_on, default=None)


def _readings(days: dict[str, Days], row: int) -> dict[tuple[str, str], list[DailyReading]]:
    keys = {"all": ALL_CUSTOMERS, "large": ("segment", "large"), "small": ("segment", "small")}
    return {
        keys[name]: [
            DailyReading(FIRST + timedelta(days=day), good / n if n else None, good, n, None, None, "final")
            for day, (good, n) in enumerate(zip(own.successes[:, row], own.n[:, row], strict=True))
        ]
        for name, own in days.items()
    }
