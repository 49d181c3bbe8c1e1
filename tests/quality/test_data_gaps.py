"""Data gaps of one source, from its volumes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from jkpi.quality.data_gaps import RefusedBatch, SourceVolumes, detect_gaps
from jkpi.quality.report import DataGap

NOW = datetime(2026, 6, 30, 6)


def daily(first: date, last: date, rows: int = 100, without: tuple[date, ...] = ()) -> dict[date, int]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: rows for day in days if day not in without}


def volumes(counts: dict[date, int], **others: object) -> SourceVolumes:
    last = datetime.combine(max(counts), datetime.min.time()) + timedelta(hours=17)
    return SourceVolumes("tickets", counts, last_at=last, **others)  # type: ignore[arg-type]


def gaps(source_volumes: SourceVolumes, now: datetime = NOW) -> list[tuple[datetime, datetime, str]]:
    return [(gap.starts_at, gap.ends_at, gap.reason) for gap in detect_gaps(source_volumes, now).data_gaps]


def test_day_without_rows_is_one_data_gap_in_utc() -> None:
    lost = date(2026, 4, 15)
    counts = daily(date(2025, 10, 1), date(2026, 6, 29), without=(lost,))

    assert gaps(volumes(counts)) == [
        (datetime(2026, 4, 15), datetime(2026, 4, 16), "no rows on 2026-04-15, usually 100 a day")
    ]
    assert [(a, b) for a, b, _ in gaps(volumes(counts, zone="Europe/Istanbul"))] == [
        (datetime(2026, 4, 14, 21), datetime(2026, 4, 15, 21))
    ]


def test_gap_on_a_clock_change_has_23_hours() -> None:
    counts = daily(date(2025, 10, 1), date(2026, 6, 29), without=(date(2026, 3, 29),))

    assert [(a, b) for a, b, _ in gaps(volumes(counts, zone="Europe/Berlin"))] == [
        (datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22))
    ]


def test_current_day_is_not_evaluated() -> None:
    assert gaps(volumes(daily(date(2026, 1, 1), date(2026, 6, 29)))) == []


def test_allowed_lateness_delays_the_evaluation() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 27))

    assert gaps(volumes(counts, allowed_lateness=timedelta(days=2))) == []
    assert len(gaps(volumes(counts, allowed_lateness=timedelta(days=1)))) == 1


def mornings(counts: dict[date, int], until: date) -> dict[date, int]:
    """30 rows of each day before six, and none where the day has none."""
    days = [min(counts) + timedelta(days=n) for n in range((until - min(counts)).days + 1)]
    return {day: 30 if counts.get(day) else 0 for day in days}


def test_outage_is_a_gap_before_its_first_day_is_over_at_the_horizon() -> None:
    """Cases decided in the outage already count as known."""
    lost = (date(2026, 6, 27), date(2026, 6, 28))
    counts = daily(date(2026, 1, 1), date(2026, 6, 29), without=lost)
    partial_day_counts = mornings(counts, NOW.date())
    seen = [(datetime(2026, 6, 27), NOW, "no rows on 2026-06-27 until 06:00, usually 30 by then")]

    assert gaps(volumes(counts, allowed_lateness=timedelta(days=3), partial_day_counts=partial_day_counts)) == seen
    silent = {day: rows for day, rows in counts.items() if day < lost[0]}
    assert (
        gaps(volumes(silent, allowed_lateness=timedelta(days=3), partial_day_counts=mornings(silent, NOW.date())))
        == seen
    )
    assert gaps(volumes(counts, allowed_lateness=timedelta(days=4), partial_day_counts=partial_day_counts)) == []


def test_without_allowed_lateness_the_newest_file_may_end_at_midnight() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29))
    assert gaps(volumes(counts, partial_day_counts=mornings(counts, NOW.date()))) == []


def test_silent_source_has_a_gap_until_now() -> None:
    found = volumes(daily(date(2026, 1, 1), date(2026, 6, 20)))

    assert gaps(found) == [(datetime(2026, 6, 21), NOW, "gone silent: no rows since 2026-06-21, usually 100 a day")]
    result = detect_gaps(found, NOW)
    assert (result.days_silent, result.has_ended) == (10, False)


def test_ended_source_has_a_bounded_gap() -> None:
    found = volumes(daily(date(2024, 1, 1), date(2024, 6, 20)))

    ((starts_at, ends_at, reason),) = gaps(found)
    assert (starts_at, ends_at) == (datetime(2024, 6, 21), datetime(2024, 8, 16))
    assert reason.startswith("ended: no rows since 2024-06-21")
    assert detect_gaps(found, NOW).has_ended


def test_fading_source_has_no_gap_until_it_ends() -> None:
    start = date(2024, 1, 1)
    counts = {start + timedelta(days=n): max(1, int(1500 * 0.85 ** max(0, n - 90))) for n in range(200)}

    ((starts_at, _, reason),) = gaps(volumes(counts))

    assert starts_at == datetime(2024, 7, 18, 17)
    assert reason == "ended: no rows since 2024-07-18, its longest pause before was 1 day"


def test_sparse_source_has_no_gap_within_usual_pauses() -> None:
    weekly = {date(2026, 1, 5) + timedelta(days=7 * n): 4 for n in range(25)}

    assert gaps(volumes(weekly)) == []
    ((starts_at, ends_at, _),) = gaps(volumes(weekly), datetime(2026, 7, 25))
    assert (starts_at, ends_at) == (datetime(2026, 6, 22, 17), datetime(2026, 7, 25))


def test_source_of_one_day_has_no_gap() -> None:
    assert gaps(volumes({date(2026, 1, 5): 40_000})) == []


def test_refused_batch_is_a_gap_from_the_last_event_before_it() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29))
    before, after = datetime(2026, 5, 3, 17), datetime(2026, 5, 5, 8)

    waiting = volumes(counts, refused=(RefusedBatch("may.csv", "missing: occurred_at", before),))
    passed = volumes(counts, refused=(RefusedBatch("may.csv", "missing: occurred_at", before, after),))

    assert gaps(waiting) == [(before, NOW, "refused: may.csv: missing: occurred_at")]
    assert gaps(passed) == [(before, after, "refused: may.csv: missing: occurred_at")]


def test_refused_first_batch_is_no_gap() -> None:
    found = SourceVolumes("tickets", refused=(RefusedBatch("first.csv", "missing: occurred_at", None),))

    assert detect_gaps(found, NOW).data_gaps == ()


def test_gaps_are_ordered_and_name_their_source() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29), without=(date(2026, 6, 1), date(2026, 5, 1)))

    found = detect_gaps(volumes(counts), NOW).data_gaps

    assert [gap.starts_at for gap in found] == [datetime(2026, 5, 1), datetime(2026, 6, 1)]
    assert all(isinstance(gap, DataGap) and gap.source == "tickets" for gap in found)


def test_a_source_in_survey_waves_may_be_silent_between_them() -> None:
    counts = daily(date(2026, 1, 5), date(2026, 1, 24), rows=20) | daily(date(2026, 4, 6), date(2026, 4, 25), rows=20)
    refused = RefusedBatch("q2.csv", "too many rejected rows", datetime(2026, 1, 24, 17), None)

    assert gaps(volumes(counts)), "without waves the pause is a gap"
    in_waves = volumes(counts, utc_counts=counts, in_waves=True)
    assert gaps(in_waves) == []
    assert detect_gaps(in_waves, NOW).days_silent == 0
    assert len(gaps(volumes(counts, in_waves=True, refused=(refused,)))) == 1, "a refused file is one all the same"
