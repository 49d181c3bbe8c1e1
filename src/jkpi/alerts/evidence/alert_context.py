"""A transition with all that a reader may ask of it, gathered from the warehouse and the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Breach, Part
from jkpi.alerts.evidence.contributions import Carrier, carriers
from jkpi.alerts.evidence.daily_readings import Day, Readings, number_sql, read_days, readings_sql
from jkpi.alerts.evidence.data_gaps import blind_spots
from jkpi.alerts.evidence.mix_and_rate import Effects, Group, effects
from jkpi.alerts.map_health.condition import Condition
from jkpi.alerts.series.early_warnings import early_sql
from jkpi.alerts.series.moment_context import Backdrop
from jkpi.alerts.series.watched import WHOLE, Series, Watched
from jkpi.alerts.statistics.running_sums import Pool
from jkpi.alerts.transitions.model import Announced, Name, Transition
from jkpi.formatting.numbers import plain
from jkpi.warehouse.base import Warehouse

DAYS_BEFORE = timedelta(days=28)
_BASELINE_FROM, _BASELINE_TO = timedelta(days=56), timedelta(days=8)
_COMMENTS = """
select comment
from raw.survey_responses
where survey = :survey and comment is not null and comment <> ''
    and responded_at >= :first and responded_at < :after
group by comment
order by max(responded_at) desc, comment
limit :number
"""


@dataclass(frozen=True)
class Finding:
    """`held` counts days in its span that could not be trusted; `days` are the readings as they are now, those of
    `span` the ones it speaks of; `comments` are customers' own words, `blind` says what the sources did not tell."""

    transition: Transition
    title: str
    owner: str
    receivers: tuple[str, ...]
    carriers: tuple[Carrier, ...] = ()
    sql: str = ""
    held: int = 0
    number_sql: str = ""
    effects: tuple[Effects, ...] = ()
    days: tuple[Day, ...] = ()
    span: tuple[date, date] | None = None
    comments: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    backdrop: Backdrop | None = None
    condition: Condition | None = None

    @property
    def series(self) -> Series | None:
        return self.transition.judged.series if self.transition.judged else None

    @property
    def series_id(self) -> str:
        if self.series is not None:
            return self.series.series_id
        if self.condition is not None:
            return self.condition.series_id
        return self.transition.announced.series_id if self.transition.announced else ""


def main_part(breach: Breach, name: Name) -> Part:
    """The part a message speaks of: of what is open the fall from the usual if there is one, else the broken promise,
    or that all takes longer where that came later; of what is over the part that ended last."""
    if name == "resolved":
        return max(breach.parts, key=lambda part: (part.closed_on or date.max, part.line == "baseline"))
    fits = [part for part in breach.parts if part.closed_on is None]
    return max(fits or breach.parts, key=lambda part: (part.line == "baseline", part.fired_on, part.line))


def span_of(transition: Transition) -> tuple[date, date]:
    """The days that a transition speaks of."""
    judged = transition.judged
    last = judged.track.last_day if judged and judged.track.last_day else transition.happened_on
    if transition.breach is None:
        return min(transition.since, last), last
    fell = main_part(transition.breach, transition.name).fell
    return fell.first, fell.last


def within_of(transition: Transition) -> float | None:
    """The seconds at which durations are counted in what is told of it; None where it speaks of the KPI's readings."""
    return main_part(transition.breach, transition.name).within if transition.breach is not None else None


_About = tuple[Watched, float | None]


class Reader:
    """Reads the days of each moment once, however many of its series have something to tell."""

    def __init__(self, w: Warehouse, transitions: Sequence[Transition]) -> None:
        self._w = w
        self._read: dict[_About, Readings] = {}
        self._spans: dict[_About, tuple[date, date]] = {}
        for transition in transitions:
            if transition.judged is not None:
                about = transition.judged.series.watched, within_of(transition)
                self._widen(about, *span_of(transition))

    def _widen(self, about: _About, first: date, last: date) -> bool:
        known = self._spans.get(about, (first, last))
        self._spans[about] = min(first, known[0]), max(last, known[1])
        return self._spans[about] != known

    def days(self, series: Series, first: date, last: date, within: float | None) -> tuple[Day, ...]:
        """The days of a series from four weeks before a span to its end. `within` as in `episodes.Part`."""
        about = series.watched, within
        if self._widen(about, first, last) or about not in self._read:
            earliest, latest = self._spans[about]
            watched = series.watched
            of = watched.journey, watched.kpi, watched.statistic
            self._read[about] = read_days(self._w, *of, earliest - _BASELINE_FROM, latest, watched.period, within)
        found = self._read[about].get((series.segment, series.segment_value), ())
        return tuple(day for day in found if first - DAYS_BEFORE <= day.period_start <= last)

    def by_segment(self, watched: Watched, within: float | None) -> Readings:
        return self._read.get((watched, within), {})


def find(w: Warehouse, transition: Transition, backdrop: Backdrop | None, reader: Reader, comments: int = 0) -> Finding:
    """What is to be told of a transition of a series; `comments`: so many of the customers' own words."""
    one, announced = transition.judged, transition.announced
    told_before = announced.receivers if announced else ()
    if one is None:
        title = _title(announced) if announced else transition.alert_id
        return Finding(transition, title, announced.owner if announced else "", told_before, backdrop=backdrop)
    series, (first, last), within = one.series, span_of(transition), within_of(transition)
    days = reader.days(series, first, last, within)
    readings = readings_sql(series, first - DAYS_BEFORE, last, within)
    if transition.kind == "early":
        days, readings = (), early_sql(series.watched, one.early) if one.early else ""
    number, carried, mixed = "", list[Carrier](), tuple[Effects, ...]()
    if transition.breach is not None:
        part = main_part(transition.breach, transition.name)
        pool = part.clear if transition.name == "resolved" and part.clear else part.fell
        number = number_sql(series, pool, days, within)
        if transition.name != "resolved":
            fell, all_days = part.fell, reader.by_segment(series.watched, within)
            among = {key: found for key, found in all_days.items() if series.holds(*key)}
            carried = carriers(among, series.watched, first, last, fell.expected - fell.good, fell.n)
            mixed = _effects(all_days, series.watched, first, last) if series.is_whole else ()
    not_seen: tuple[str, ...] = ()
    if transition.kind == "blind" and backdrop:
        not_seen = blind_spots(w, series.watched, transition.since, backdrop.timezone)
    said: tuple[str, ...] = ()
    if comments and backdrop and backdrop.survey and transition.kind == "fall" and transition.name != "superseded":
        said = _comments(w, backdrop.survey, first, series.watched.end(last), comments)
    return Finding(
        transition,
        series.watched.title,
        series.watched.owner,
        tuple(dict.fromkeys((*series.watched.receivers, *told_before))),
        tuple(carried),
        readings,
        sum(first <= day <= last for day in one.held_days) if transition.kind == "fall" else 0,
        number,
        mixed,
        days,
        (first, last),
        said,
        not_seen,
        backdrop,
    )


def _title(announced: Announced) -> str:
    """What an alert is called where its series is not there to say it."""
    if announced.kind != "fall" or announced.segment == WHOLE[0]:
        return announced.title
    return f"{announced.title} ({plain(announced.segment)} {plain(announced.segment_value)})"


def _effects(readings: Readings, watched: Watched, first: date, last: date) -> tuple[Effects, ...]:
    """Mix and rate by each segment of the map, against the weeks before, as rates of which higher is better."""

    def summed(days: Sequence[Day]) -> Group:
        sums = [0.0] * 4
        for day in days:
            during = first <= day.period_start <= last
            before = first - _BASELINE_FROM <= day.period_start <= first - _BASELINE_TO
            if day.status == "final" and day.denominator and (during or before):
                good = day.numerator or 0.0
                good = day.denominator - good if watched.direction == "lower" else good
                sums[2 * during] += good
                sums[2 * during + 1] += day.denominator
        return Group(*sums)

    whole = summed(readings.get(WHOLE, ()))
    groups: dict[str, list[Group]] = {}
    for (segment, _), days in readings.items():
        if segment != WHOLE[0]:
            groups.setdefault(segment, []).append(summed(days))
    found = (effects(segment, members, whole) for segment, members in sorted(groups.items()))
    return tuple(one for one in found if one is not None)


def _comments(w: Warehouse, survey: str, first: date, last: date, number: int) -> tuple[str, ...]:
    if not w.table_exists("raw", "survey_responses"):
        return ()
    span = {"first": first, "after": last + timedelta(days=1)}
    return tuple(row["comment"] for row in w.rows(_COMMENTS, {"survey": survey, "number": number, **span}))


def before(part: Part, watched: Watched) -> Pool:
    """The fallen days or weeks alone, without the clear ones that closed the alert."""
    fell, clear = part.fell, part.clear
    if clear is None or clear.n >= fell.n:
        return fell
    last = clear.first - timedelta(days=watched.cadence.step)
    return Pool(fell.first, last, fell.days - clear.days, fell.good - clear.good, fell.n - clear.n)
