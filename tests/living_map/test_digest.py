"""The weekly letters: who is told what, and that nobody is told twice in a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from jkpi.alerts.dispatch.digests import Digest, enqueue_digests
from jkpi.alerts.notifications.model import notification_from_json
from jkpi.alerts.receivers import html_mail
from jkpi.config.settings import Settings
from jkpi.formatting import page_text
from jkpi.living_map.digest.content import build_digests
from jkpi.living_map.digest.write import write_digests
from jkpi.state.alert_reader import MomentState, OpenEarlyWarning
from jkpi.state.engine import outbox, read_transaction, state_engine
from jkpi.warehouse.base import Warehouse

from .conftest import NOW, STATES


def rows(settings: Settings) -> list[Row[Any]]:
    """What is in the outbox."""
    engine = state_engine(settings.state_url)
    try:
        with read_transaction(engine) as connection:
            return list(connection.execute(select(outbox)))
    finally:
        engine.dispose()


def alert(**told: object) -> dict[str, object]:
    known = {"kind": "drop", "status": "open", "owner": "field-service", "title": "On time", "segment_value": "all"}
    of = {"journey": "equipment_repair", "kpi": "repair.time_to_resolve", "statistic": "share_within", "usual": None}
    return {**known, **of, "since": NOW.date() - timedelta(days=12), "last_day": None, **told}


def test_a_median_by_a_calendar_is_told_in_open_hours(measured: Warehouse, settings: Settings) -> None:
    measured.execute("update raw.map_kpis set calendar = 'opening_hours' where kpi = 'repair.time_to_resolve'")
    measured.execute(
        "update marts.rpt_journey_health set title = 'On site', direction = 'lower', unit = 'seconds',"
        " statistic = 'median', ci_low_week = 180000, ci_high_week = 230400, value_week = 201600, baseline = 144000"
        " where kpi = 'repair.time_to_resolve'"
    )
    told = [line for one in write_digests(settings, measured, STATES, []) for line in one.digest.items["changed"]]
    (line,) = {line for line in told if line.startswith("On site")}
    assert line.replace("\u202f", " ").startswith(
        "On site (Repair on site): 56 h instead of 40 h as usual in open hours (week of 15 Jun, 95 %: 50 h – 64 h, n "
    )


def test_where_there_are_several_maps_a_line_names_its_own(measured: Warehouse, settings: Settings) -> None:
    measured.execute(
        "update marts.rpt_journey_health set title = 'On site', direction = 'higher', ci_low_week = 0.66,"
        " ci_high_week = 0.77, value_week = 0.72 where kpi = 'repair.time_to_resolve'"
    )
    measured.execute("insert into raw.map_journeys select * replace ('another' as journey) from raw.map_journeys")
    title = measured.scalar("select title from raw.map_journeys where journey <> 'another'")
    told = [line for one in write_digests(settings, measured, STATES, []) for line in one.digest.items["changed"]]
    assert any(line.startswith(f"On site (Repair on site, {title}): ") for line in told)


def test_each_owner_is_told_once_a_week(measured: Warehouse, settings: Settings) -> None:
    settings = replace(settings, state_url=f"sqlite:///{settings.workspace / 'state.db'}")
    measured.execute(
        "update marts.rpt_journey_health set title = 'On site', direction = 'higher', ci_low_week = 0.66,"
        " ci_high_week = 0.77, value_week = 0.72 where kpi = 'repair.time_to_resolve'"
    )
    measured.execute(
        "update marts.rpt_journey_health set title = 'Happy', direction = 'higher', ci_low_week = 0.90,"
        " ci_high_week = 0.97 where kpi = 'confirm.csat'"
    )
    yesterday = NOW.date() - timedelta(days=1)
    told = [
        alert(status="resolved", last_day=yesterday, usual=0.913),
        alert(status="resolved", last_day=yesterday - timedelta(days=20), title="Long ago"),
        alert(status="corrected", last_day=yesterday, title="Never was", usual=0.5),
        alert(kind="silent", title="Tickets", owner="call-centre"),
    ]
    made = write_digests(settings, measured, STATES, told)
    digests = [Digest(one.digest.owner, one.digest.title, one.digest.sections, one.receivers) for one in made]
    assert {one.owner for one in digests} == {"call-centre", "field-service", "head-of-service", "service-desk"}
    assert enqueue_digests(settings, digests) == (4, 0)
    sent = {row.title: row.body for row in rows(settings)}
    bodies = {title.split("] ")[-1].split(":")[0]: body for title, body in sent.items()}
    field = bodies["field-service"]
    assert "Technician on site in time: firing, since 9 Jun, 21 days" in field
    assert "On site (Repair on site): 72\u202f% instead of 91\u202f% as usual" in field.split("What got worse")[1]
    assert "Part picked (Repair on site): drawn, but never seen in the data" in field.split("What went stale")[1]
    assert "Happy" in bodies["service-desk"].split("What improved")[1]
    assert "Technician" not in bodies["call-centre"]
    assert "On time: resolved on 29 Jun, after 12 days" in field.split("What improved")[1]
    assert "Long ago" not in field and "Never was" not in field
    assert "Tickets: its source brings nothing new, since 18 Jun" in bodies["call-centre"].split("What went stale")[1]
    html = next(one.path for one in made if one.path.name == "field-service.html").read_text()
    assert "Technician on site in time: firing" in html
    assert "http" not in html

    assert enqueue_digests(settings, digests) == (0, 4)
    assert enqueue_digests(replace(settings, now=NOW + timedelta(weeks=1)), digests) == (4, 0)
    letter = next(row.content for row in rows(settings) if "field-service" in row.title)
    assert {heading for heading, _ in letter["sections"]} >= {"What fires", "What improved", "What went stale"}
    mail = html_mail.render_html(notification_from_json(letter), lambda _: None)
    assert "<li" in mail and "<pre" not in mail


@pytest.mark.parametrize(
    ("state", "falling_in", "heading", "title"),
    [
        ("firing", (), "What fires", "1 to act on"),
        ("ok", ("region = south",), "What fires", "1 to act on"),
        ("watch", ("region = south",), "What fires", "1 to act on"),
        *(
            (state, (), "What to watch", "1 to watch")
            for state in ("watch", "pattern", "recovering", "suspended", "error")
        ),
        *((state, (), "What to watch", "1 to watch") for state in ("no_data", "low_n")),
        ("ok", (), "All quiet", "all quiet"),
        ("learning", (), "All quiet", "all quiet"),
    ],
)
def test_only_what_fires_is_to_act_on(state: str, falling_in: tuple[str, ...], heading: str, title: str) -> None:
    """One bad day may be a coincidence."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    stands = MomentState("j", "m", state, date(2026, 6, 27), None, falling_in)
    (letter,) = build_digests([], [], [moment], [stands], [], NOW)
    assert [heading for heading, _ in letter.sections] == [heading]
    assert letter.title == f"Your week: {title}"


def test_what_recovers_is_told_with_the_day_on_which_it_fell() -> None:
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    stands = MomentState("j", "m", "recovering", date(2026, 6, 9), "a1")
    (letter,) = build_digests([], [], [moment], [stands], [], NOW)
    assert letter.sections == (("What to watch", ("In time: recovering; fell on 9 Jun, 21 days ago",)),)


def test_the_letter_shows_what_to_watch(measured: Warehouse, settings: Settings) -> None:
    """As a page beside the map as well: the moment had one bad day."""
    made = write_digests(settings, measured, STATES, [])
    shown = [one.path.read_text() for one in made if "What to watch" in one.path.read_text()]
    assert len(shown) == 1 and "watch, since 27 Jun, 3 days" in shown[0]


def test_an_open_early_sign_is_to_watch() -> None:
    """All is usual so far; what is on its way is not."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    sign = OpenEarlyWarning("a1", date(2026, 6, 27), "after 1 day 60 % are through instead of 80 %")
    stands = MomentState("j", "m", "ok", None, None, early_warning=sign)
    (letter,) = build_digests([], [], [moment], [stands], [], NOW)
    said = "In time: early sign, after 1 day 60 % are through instead of 80 %, since 27 Jun; not decided yet"
    assert [
        (heading, [line.replace(page_text.NARROW_NO_BREAK_SPACE, " ") for line in lines])
        for heading, lines in letter.sections
    ] == [("What to watch", [said])]
    assert letter.title == "Your week: 1 to watch"


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("ok", "In time: falling in region = south since 12 Jun"),
        ("watch", "In time: falling in region = south since 12 Jun; watch, since 27 Jun, 3 days"),
        ("firing", "In time: firing, since 27 Jun, 3 days; falling in region = south since 12 Jun"),
    ],
)
def test_what_fires_is_said_first_and_since_when(state: str, line: str) -> None:
    """The state of the whole is not what fires where a part does."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    stands = MomentState("j", "m", state, date(2026, 6, 27), None, ("region = south",))
    fell = {"journey": "j", "kpi": "s.k", "segment_value": "south", "since": date(2026, 6, 12), "owner": "me"}
    (letter,) = build_digests([], [], [moment], [stands], [alert(**fell)], NOW)
    assert letter.items["fires"] == [line]


@pytest.mark.parametrize(
    ("unit", "statistic", "usual", "slight", "enough"),
    [
        ("share", "share_within", 0.8, 0.785, 0.775),
        ("points", "nps", 30.0, 28.5, 27.5),
        ("points", "mean", 4.0, 3.95, 3.85),
    ],
)
def test_what_nobody_would_act_on_is_no_news(
    unit: str, statistic: str, usual: float, slight: float, enough: float
) -> None:
    """Where thousands are counted, any difference is beyond chance."""
    row = {
        "journey": "j", "kpi": "s.k", "title": "K", "place": "S", "owner": "me", "status": "final", "unit": unit,
        "statistic": statistic, "direction": "higher", "baseline": usual, "sample_size_week": 100_000,
        "value_week_start": date(2026, 6, 15), "calendar": None,
    }  # fmt: skip
    for value, news in ((slight, 0), (enough, 1)):
        week = {"value_week": value, "ci_low_week": value - 1e-6, "ci_high_week": value + 1e-6}
        (letter,) = build_digests([{**row, **week}], [], [], [], [], NOW)
        assert len(letter.items["changed"]) == news


def test_two_maps_that_call_a_moment_the_same_are_told_apart(measured: Warehouse, settings: Settings) -> None:
    for table in ("map_journeys", "map_moments"):
        title = ", 'Some of them' as title" if table == "map_journeys" else ""
        measured.execute(f"insert into raw.{table} select * replace ('another' as journey{title}) from raw.{table}")
    told = [line for one in write_digests(settings, measured, STATES, []) for line in one.digest.items["fires"]]
    assert [line for line in told if "firing" in line] == [
        "Technician on site in time (Getting a broken machine running again): firing, since 9 Jun, 21 days"
    ]


@pytest.mark.parametrize(("days", "told"), [(20, 0), (40, 1)])
def test_what_a_new_version_has_is_not_stale(days: int, told: int) -> None:
    row = {
        "journey": "j", "kpi": "s.k", "title": "K", "place": "S", "owner": "me", "status": "no_data", "unit": "share",
        "statistic": "csat", "value_week_start": None, "valid_from": NOW.replace(tzinfo=None) - timedelta(days=days),
    }  # fmt: skip
    (letter,) = build_digests([row], [], [], [], [], NOW)
    assert len(letter.items["stale"]) == told
