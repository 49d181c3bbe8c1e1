from __future__ import annotations

from datetime import date, datetime, timedelta

from jkpi.quality.data_gaps import RefusedBatch, SourceVolumes, detect_gaps
from jkpi.quality.report import DataGap

NOW = datetime(2026, 6, 30, 6)


def daily(first: date, last: date, rows: int = 100, without: tuple[date, ...] = ()) -> dict[date, int]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: rows for day in days if day not in without}


def facts(counts: dict[date, int], **others: object) -> SourceVolumes:
    last = datetime.combine(max(counts), datetime.min.time()) + timedelta(hours=17)
    return SourceVolumes("tickets", counts, last_at=last, **others)  # type: ignore[arg-type]


def spots(found: SourceVolumes, now: datetime = NOW) -> list[tuple[datetime, datetime, str]]:
    return [(one.starts_at, one.ends_at, one.reason) for one in detect_gaps(found, now).data_gaps]


def test_a_day_without_data_is_one_blind_spot_in_utc() -> None:
    lost = date(2026, 4, 15)
    counts = daily(date(2025, 10, 1), date(2026, 6, 29), without=(lost,))

    assert spots(facts(counts)) == [
        (datetime(2026, 4, 15), datetime(2026, 4, 16), "no rows on 2026-04-15, usually 100 a day")
    ]
    assert [(a, b) for a, b, _ in spots(facts(counts, zone="Europe/Istanbul"))] == [
        (datetime(2026, 4, 14, 21), datetime(2026, 4, 15, 21))
    ]


def test_a_day_on_which_clocks_change_has_23_hours() -> None:
    counts = daily(date(2025, 10, 1), date(2026, 6, 29), without=(date(2026, 3, 29),))

    assert [(a, b) for a, b, _ in spots(facts(counts, zone="Europe/Berlin"))] == [
        (datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22))
    ]


def test_the_day_of_now_is_not_judged() -> None:
    assert spots(facts(daily(date(2026, 1, 1), date(2026, 6, 29)))) == []


def test_late_rows_have_their_time_to_come() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 27))

    assert spots(facts(counts, allowed_lateness=timedelta(days=2))) == []
    assert len(spots(facts(counts, allowed_lateness=timedelta(days=1)))) == 1


def mornings(counts: dict[date, int], until: date) -> dict[date, int]:
    """30 rows of each day before six, and none where the day has none."""
    days = [min(counts) + timedelta(days=n) for n in range((until - min(counts)).days + 1)]
    return {day: 30 if counts.get(day) else 0 for day in days}


def test_an_outage_is_seen_while_its_first_day_is_not_over_at_the_horizon() -> None:
    """Cases of the day before are decided in it, and count as known already."""
    lost = (date(2026, 6, 27), date(2026, 6, 28))
    counts = daily(date(2026, 1, 1), date(2026, 6, 29), without=lost)
    partial_day_counts = mornings(counts, NOW.date())
    seen = [(datetime(2026, 6, 27), NOW, "no rows on 2026-06-27 until 06:00, usually 30 by then")]

    assert spots(facts(counts, allowed_lateness=timedelta(days=3), partial_day_counts=partial_day_counts)) == seen
    silent = {day: rows for day, rows in counts.items() if day < lost[0]}
    assert spots(facts(silent, allowed_lateness=timedelta(days=3), partial_day_counts=mornings(silent, NOW.date()))) == seen
    assert spots(facts(counts, allowed_lateness=timedelta(days=4), partial_day_counts=partial_day_counts)) == []


def test_without_late_by_the_newest_file_may_end_at_midnight() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29))
    assert spots(facts(counts, partial_day_counts=mornings(counts, NOW.date()))) == []


def test_a_source_that_fell_silent_blinds_until_now() -> None:
    found = facts(daily(date(2026, 1, 1), date(2026, 6, 20)))

    assert spots(found) == [(datetime(2026, 6, 21), NOW, "gone silent: no rows since 2026-06-21, usually 100 a day")]
    verdict = detect_gaps(found, NOW)
    assert (verdict.days_silent, verdict.has_ended) == (10, False)


def test_a_file_that_ended_long_ago_blinds_only_what_was_undecided_then() -> None:
    found = facts(daily(date(2024, 1, 1), date(2024, 6, 20)))

    ((starts_at, ends_at, reason),) = spots(found)
    assert (starts_at, ends_at) == (datetime(2024, 6, 21), datetime(2024, 8, 16))
    assert reason.startswith("ended: no rows since 2024-06-21")
    assert detect_gaps(found, NOW).has_ended


def test_a_thin_tail_is_followed_down_and_then_called_ended() -> None:
    start = date(2024, 1, 1)
    counts = {start + timedelta(days=n): max(1, int(1500 * 0.85 ** max(0, n - 90))) for n in range(200)}

    ((starts_at, _, reason),) = spots(facts(counts))

    assert starts_at == datetime(2024, 7, 18, 17)
    assert reason == "ended: no rows since 2024-07-18, its longest pause before was 1 day"


def test_a_sparse_source_is_left_alone_while_its_pauses_are_usual() -> None:
    weekly = {date(2026, 1, 5) + timedelta(days=7 * n): 4 for n in range(25)}

    assert spots(facts(weekly)) == []
    ((starts_at, ends_at, _),) = spots(facts(weekly), datetime(2026, 7, 25))
    assert (starts_at, ends_at) == (datetime(2026, 6, 22, 17), datetime(2026, 7, 25))


def test_a_source_of_one_day_is_left_alone() -> None:
    assert spots(facts({date(2026, 1, 5): 40_000})) == []


def test_a_refused_batch_blinds_from_the_last_event_before_it() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29))
    before, after = datetime(2026, 5, 3, 17), datetime(2026, 5, 5, 8)

    waiting = facts(counts, refused=(RefusedBatch("may.csv", "missing: occurred_at", before),))
    passed = facts(counts, refused=(RefusedBatch("may.csv", "missing: occurred_at", before, after),))

    assert spots(waiting) == [(before, NOW, "refused: may.csv: missing: occurred_at")]
    assert spots(passed) == [(before, after, "refused: may.csv: missing: occurred_at")]


def test_a_refused_first_batch_leaves_nothing_to_withhold() -> None:
    found = SourceVolumes("tickets", refused=(RefusedBatch("first.csv", "missing: occurred_at", None),))

    assert detect_gaps(found, NOW).data_gaps == ()


def test_spots_come_in_order_and_name_their_source() -> None:
    counts = daily(date(2026, 1, 1), date(2026, 6, 29), without=(date(2026, 6, 1), date(2026, 5, 1)))

    found = detect_gaps(facts(counts), NOW).data_gaps

    assert [spot.starts_at for spot in found] == [datetime(2026, 5, 1), datetime(2026, 6, 1)]
    assert all(isinstance(spot, DataGap) and spot.source == "tickets" for spot in found)
