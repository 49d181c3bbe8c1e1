"""Great Expectations at both doors: what comes in, what has landed, and what goes out."""

from jkpi.quality.docs import build_docs
from jkpi.quality.incoming import first_door
from jkpi.quality.landing import check_landing
from jkpi.quality.marts import check_marts
from jkpi.quality.report import BlindSpot, CheckReport, Failure, Result

__all__ = [
    "BlindSpot",
    "CheckReport",
    "Failure",
    "Result",
    "build_docs",
    "check_landing",
    "check_marts",
    "first_door",
]
