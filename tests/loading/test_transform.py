"""Times, zones, pseudonyms and ids: SQL against Python's own answers."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jkpi.loading.expressions import TimeParser, composite_id, hmac_pads, pseudonym
from jkpi.loading.model import FileFormat
from jkpi.loading.zones import to_utc

ZONES = (
    "Europe/Paris",
    "Australia/Lord_Howe",  # shifts by half an hour
    *(
        pytest.param(zone, marks=pytest.mark.slow)
        for zone in ("America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "UTC", "Africa/Casablanca")
    ),
)


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_become_the_utc_times_of_python(zone: str) -> None:
    start, end = datetime(2011, 1, 1), datetime(2026, 12, 31)
    with duckdb.connect() as database:
        found = database.execute(
            f"select t, {to_utc('t', zone, start, end)}"
            f" from range(timestamp '{start}', timestamp '{end}', interval 45 minute) r(t)"
        ).fetchall()
    info = ZoneInfo(zone)
    wrong = [t for t, utc in found if t.replace(tzinfo=info).astimezone(UTC).replace(tzinfo=None) != utc]
    assert len(found) > 180_000
    assert wrong == []


@given(st.binary(min_size=1, max_size=200), st.lists(st.text(min_size=1), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_pseudonyms_equal_the_hmac_of_python(key: bytes, ids: list[str]) -> None:
    ids = [text.replace("\0", "") for text in ids]
    with duckdb.connect() as database:
        sql = f"select {pseudonym('id')} from (select unnest($ids::varchar[]) as id)"
        found = [row[0] for row in database.execute(sql, {**hmac_pads(key), "ids": ids}).fetchall()]
    assert found == [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in ids]


@given(
    st.lists(
        st.tuples(st.text("ab:%3A", max_size=4), st.text("ab:%3A", max_size=4)), min_size=2, max_size=30, unique=True
    )
)
@settings(max_examples=60, deadline=None)
def test_ids_of_different_parts_are_different(pairs: list[tuple[str, str]]) -> None:
    with duckdb.connect() as database:
        pairs_sql = "select unnest($a::varchar[]) as a, unnest($b::varchar[]) as b"
        sql = f"select count(distinct {composite_id(['a', 'b'])}) from ({pairs_sql})"
        row = database.execute(sql, {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}).fetchone()
    assert row == (len(pairs),)


NOON = datetime(2026, 3, 1, 12, 0)


@pytest.mark.parametrize(
    ("formats", "zone", "text", "utc"),
    [
        (None, "UTC", "2026-03-01T12:00:00Z", NOON),
        (None, "Europe/Paris", "2026-03-01T12:00:00Z", NOON),
        (None, "Europe/Paris", "2026-03-01T13:00:00+01:00", NOON),
        (None, "UTC", "2026-03-01 07:00-05", NOON),
        (None, "Europe/Paris", "2026-03-01 13:00", NOON),
        (None, "Europe/Paris", "2026-03-01T13:00:00.250", NOON + timedelta(milliseconds=250)),
        (None, "UTC", "2026-03-01", datetime(2026, 3, 1)),
        (None, "UTC", "infinity", None),
        (None, "UTC", "epoch", None),
        (None, "UTC", "2026-02-30", None),
        (["%d.%m.%Y", "%d/%m/%Y %H:%M"], "UTC", "1/3/2026 12:00", NOON),
        (["%d.%m.%Y", "%d/%m/%Y %H:%M"], "UTC", "01.03.2026", datetime(2026, 3, 1)),
        (["%Y-%m-%dT%H:%M:%S%z"], "Asia/Tokyo", "2026-03-01T14:00:00+0200", NOON),
        (["%m/%d/%Y %I:%M:%S %p"], "UTC", "03/01/2026 12:00:00 PM", NOON),
        (["unix"], "Asia/Tokyo", "1772366400", NOON),
        (["unix_ms"], "UTC", "1772366400000", NOON),
        (["unix"], "UTC", "1e300", None),
        (["unix"], "UTC", "soon", None),
    ],
)
def test_times_are_read_by_their_format(formats: list[str] | None, zone: str, text: str, utc: datetime | None) -> None:
    times = TimeParser(FileFormat(timestamps=formats, timezone=zone), strict=True)
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        sql = f"select {times.utc('t', datetime(2026, 1, 1), datetime(2026, 12, 31))} from (select $t::varchar as t)"
        assert database.execute(sql, {"t": text}).fetchall() == [(utc,)]


DAYS_END = datetime(2026, 3, 1, 22, 59, 59, 999999)


@pytest.mark.parametrize(
    ("formats", "strict", "text", "utc"),
    [
        (None, True, "2026-03-01", DAYS_END),
        (None, True, "2026-03-01 00:00:00", datetime(2026, 2, 28, 23)),
        (None, True, "2026-03-01T13:00:00", NOON),
        (None, True, "2026-03-28", datetime(2026, 3, 28, 22, 59, 59, 999999)),
        (None, True, "2026-03-29", datetime(2026, 3, 29, 21, 59, 59, 999999)),  # the clocks go forward on this day
        (None, True, "2026-12-31", datetime(2026, 12, 31, 22, 59, 59, 999999)),
        (["%d.%m.%Y"], True, "01.03.2026", DAYS_END),
        (["%d.%m.%Y %H:%M"], True, "01.03.2026 13:00", NOON),
        (["%d.%m.%Y"], False, "2026-03-01", DAYS_END),  # a date of a database
        (["%d.%m.%Y"], False, "2026-03-01 13:00:00", NOON),
        (None, True, "soon", None),
    ],
)
def test_what_is_due_on_a_date_is_due_when_the_day_ends(
    formats: list[str] | None, strict: bool, text: str, utc: datetime | None
) -> None:
    times = TimeParser(FileFormat(timestamps=formats, timezone="Europe/Berlin"), strict)
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        days_end = times.utc("t", datetime(2026, 1, 1), datetime(2026, 12, 31), days_end=True)
        found = database.execute(f"select {days_end} from (select $t::varchar as t)", {"t": text}).fetchall()
    assert found == [(utc,)]


def test_a_local_time_that_occurs_twice_is_read_as_the_first(place: Any, tickets: str, header: str) -> None:
    text = tickets.replace("%d/%m/%Y", "%d.%m.%Y")
    rows = [
        f"{n},a,A,New,web,{at},low\n"
        for n, at in enumerate(["26.10.2025 02:30", "29.03.2026 02:30", "29.03.2026 03:30"])
    ]
    place.write("data/a.csv", header + "".join(rows))
    place.load(text)
    found = [row["occurred_at"] for row in place.rows("event_id, occurred_at")]
    assert found == [datetime(2025, 10, 26, 0, 30), datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 1, 30)]


def test_without_a_key_ids_stay_as_they_are(place: Any, three_rows: str, tickets: str) -> None:
    place.write("data/a.csv", three_rows)
    place.load(tickets + "customer_ids: as_is\n")
    assert {row["customer_id"] for row in place.rows("customer_id")} == {"anna", "ben"}


def test_derived_ids_do_not_reveal_the_customer(place: Any, three_rows: str, tickets: str) -> None:
    place.write("data/a.csv", three_rows)
    place.load(tickets.replace("  event_id: id\n", ""))
    ids = [row["event_id"] for row in place.rows("event_id, touchpoint", order="occurred_at")]
    micros = int(datetime(2026, 6, 1, 8, tzinfo=UTC).timestamp()) * 1_000_000
    plain = hashlib.md5("\x1f".join(["tickets", "anna", "A", "fault_reported", "phone", str(micros)]).encode())
    person = hmac.new(b"a key of this test", b"anna", hashlib.sha256).hexdigest()
    keyed = hashlib.md5("\x1f".join(["tickets", person, "A", "fault_reported", "phone", str(micros)]).encode())
    assert ids[0] == keyed.hexdigest() != plain.hexdigest()
