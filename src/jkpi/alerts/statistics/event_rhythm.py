"""How unusual it is that a touchpoint has had no event for so long, given its own past. Pure.

Days on which the journey had any event are the unit of time. If events of a touchpoint come at random at a constant
rate, the gaps between them are exponential, and a further one, S, after k gaps of T days in all, has exactly
P(S > s) = (1 + s/T)^-k, whatever the rate: S/(T/k) follows F(2, 2k) (J. F. Lawless, "Statistical Models and Methods for
Lifetime Data", 2003, section 4.1). Real touchpoints are rarer on some days than on others, or keep a regular rhythm, so
gaps of one day are counted apart, and silences between them follow a gamma distribution, whose shape is one over their
squared coefficient of variation; S divided by the mean of n silences then follows F(2a, 2an) for the shape a.
Silences that vary more than exponential ones (a < 1) are those of a negative binomial number of events a day.
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_GAPS = 3
"""With fewer gaps a touchpoint has no rhythm yet."""
MIN_SILENCES = 3
"""With fewer silences their lengths are unknown, and gaps are taken as exponential."""
MIN_SILENT_DAYS = 3
"""One silent day is a coincidence, two are a pattern."""
_PRIOR_SILENCES = 4
"""Weight of an exponential distribution in the estimated variation: few silences look more regular than they are."""


@dataclass(frozen=True)
class EventRhythm:
    """Past gaps between days with events. count_silences: gaps with silent days in between; sum_silent_days,
    sum_squared_silent_days, longest: of their lengths, in days without events."""

    count_gaps: int
    sum_gap_days: int
    count_silences: int
    sum_silent_days: int
    sum_squared_silent_days: int
    longest: int

    @property
    def is_known(self) -> bool:
        """Whether there are enough gaps to tell what is usual."""
        return self.count_gaps >= MIN_GAPS

    @property
    def mean_gap_days(self) -> float:
        """Days from one day with events to the next."""
        return self.sum_gap_days / self.count_gaps

    def silences_per_day(self, silent_days: int) -> float:
        """How many silences of at least this length a day brings, by chance: how often one begins times the probability
        that it lasts so long."""
        from scipy.special import fdtrc

        if self.count_silences < MIN_SILENCES:
            probability = (1.0 + silent_days / self.sum_gap_days) ** -self.count_gaps
            return probability * self.count_gaps / self.sum_gap_days
        mean = self.sum_silent_days / self.count_silences
        shape = 1.0 / self._squared_variation(mean)
        probability = float(fdtrc(2.0 * shape, 2.0 * shape * self.count_silences, silent_days / mean))
        return probability * self.count_silences / self.sum_gap_days

    def is_unusual(self, silent_days: int, touchpoint_count: int, false_alarm_every: float) -> bool:
        """Whether a silence is longer than any before and so rare that touchpoint_count touchpoints like this one
        together have one by chance at most every false_alarm_every days."""
        if not self.is_known or silent_days <= max(self.longest, MIN_SILENT_DAYS - 1):
            return False
        return self.silences_per_day(silent_days) * touchpoint_count * false_alarm_every <= 1.0

    def _squared_variation(self, mean: float) -> float:
        count = self.count_silences
        variance = max(self.sum_squared_silent_days - count * mean * mean, 0.0) / (count - 1)
        observed = variance / (mean * mean)
        return max(observed, (count * observed + _PRIOR_SILENCES) / (count + _PRIOR_SILENCES))
