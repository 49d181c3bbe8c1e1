"""Analyze: all counting, by dbt in a process of its own."""

from jkpi.measuring.report import Failure, MeasureReport
from jkpi.measuring.run import measure

__all__ = ["Failure", "MeasureReport", "measure"]
