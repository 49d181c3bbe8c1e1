"""Formatting functions in the typography of page and digest: narrow no-break spaces, minus signs, en dashes."""

from __future__ import annotations

from functools import partial

from jkpi.formatting import dates, durations, numbers, readings
from jkpi.formatting.numbers import PAGE

format_percent = partial(numbers.format_percent, style=PAGE)
format_reading = partial(readings.format_reading, style=PAGE)
format_goal = partial(readings.format_goal, style=PAGE)
format_interval = partial(readings.format_interval, style=PAGE)
format_rounded_duration = partial(durations.format_rounded_duration, style=PAGE)
format_declared_duration = partial(durations.format_declared_duration, style=PAGE)
format_time_ago = partial(dates.format_time_ago, style=PAGE)
