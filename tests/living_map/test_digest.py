"""The weekly digests: what each owner gets, and that nobody gets two in a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from jkpi.alerts.dispatch.digests import enqueue_digests
from jkpi.alerts.notifications.model import notification_from_json
from jkpi.alerts.receivers import html_mail
from jkpi.config.settings import Settings
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE
from jkpi.living_map.digest.content import build_digests
from jkpi.living_map.digest.write import write_digests
from jkpi.state.alert_records import MomentState, OpenEarlyWarning, PromiseBreach
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


def alert(**shown: object) -> dict[str, object]:
    known = {"kind": "drop", "status": "open", "owner": "field-service", "title": "On time", "segment_value": "all"}
    of = {"journey": "equipment_repair", "kpi": "repair.time_to_resolve", "statistic": "share_within", "baseline": None}
    of |= {"alert_id": "a", "size": ""}
    return {**known, **of, "onset": NOW.date() - timedelta(days=12), "last_day": None, **shown}


def test_a_median_by_a_calendar_is_in_open_hours(measured: Warehouse, settings: Settings) -> None:
    measured.execute("update raw.map_kpis set calendar = 'opening_hours' where kpi = 'repair.time_to_resolve'")
    measured.execute(
        "update marts.rpt_journey_health set title = 'On site', direction = 'lower', unit = 'seconds',"
        " statistic = 'median', ci_low_week = 180000, ci_high_week = 230400, value_week = 201600, baseline = 144000"
        " where kpi = 'repair.time_to_resolve'"
    )
    shown = [line for file in write_digests(settings, measured, STATES, []) for line in file.digest.items["worse"]]
    (line,) = {line for line in shown if line.startswith("On site")}
    assert line.replace("\u202f", " ").startswith(
        "On site (Repair on site): 56 h, baseline 40 h in open hours (week of 15 Jun, 95 %: 50 h – 64 h, n "
    )


def test_where_there_are_several_maps_a_line_names_its_own(measured: Warehouse, settings: Settings) -> None:
    measured.execute(
        "update marts.rpt_journey_health set title = 'On site', direction = 'higher', ci_low_week = 0.66,"
        " ci_high_week = 0.77, value_week = 0.72 where kpi = 'repair.time_to_resolve'"
    )
    measured.execute("insert into raw.map_journeys select * replace ('another' as journey) from raw.map_journeys")
    title = measured.scalar("select title from raw.map_journeys where journey <> 'another'")
    shown = [line for file in write_digests(settings, measured, STATES, []) for line in file.digest.items["worse"]]
    assert any(line.startswith(f"On site (Repair on site, {title}): ") for line in shown)


def test_each_owner_gets_one_digest_a_week(measured: Warehouse, settings: Settings) -> None:
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
    shown = [
        alert(status="resolved", last_day=yesterday, baseline=0.913),
        alert(status="resolved", last_day=yesterday - timedelta(days=20), title="Long ago"),
        alert(status="corrected", last_day=yesterday, title="Never was", baseline=0.5),
        alert(kind="silent", title="Tickets", owner="call-centre"),
    ]
    written = write_digests(settings, measured, STATES, shown)
    digests = [file.digest for file in written]
    assert {digest.owner for digest in digests} == {"call-centre", "field-service", "head-of-service", "service-desk"}
    assert enqueue_digests(settings, digests) == (4, 0)
    sent = {row.title: row.body for row in rows(settings)}
    bodies = {title.split("] ")[-1].split(":")[0]: body for title, body in sent.items()}
    field = bodies["field-service"]
    assert "Technician on site in time: firing, since 9 Jun, 21 days" in field
    assert "On site (Repair on site): 72\u202f%, baseline 91\u202f%" in field.split("Worse")[1]
    assert "Part picked (Repair on site): on the map, but never in the data" in field.split("Stale")[1]
    assert "Happy" in bodies["service-desk"].split("Better")[1]
    assert "Technician" not in bodies["call-centre"]
    assert "On time: resolved on 29 Jun, after 12 days" in field.split("Better")[1]
    assert "Long ago" not in field and "Never was" not in field
    assert "Tickets: its source delivers no new data since 18 Jun" in bodies["call-centre"].split("Stale")[1]
    html = next(file.path for file in written if file.path.name == "field-service.html").read_text()
    assert "Technician on site in time: firing" in html
    assert "http" not in html

    assert enqueue_digests(settings, digests) == (0, 4)
    assert enqueue_digests(replace(settings, now=NOW + timedelta(weeks=1)), digests) == (4, 0)
    digest = next(row.content for row in rows(settings) if "field-service" in row.title)
    assert {heading for heading, _ in digest["sections"]} >= {"Firing", "Better", "Stale"}
    mail = html_mail.render_html(notification_from_json(digest), lambda _: None)
    assert "<li" in mail and "<pre" not in mail


@pytest.mark.parametrize(
    ("state", "falling_in", "heading", "title"),
    [
        ("firing", (), "Firing", "1 firing"),
        ("ok", ("region = south",), "Firing", "1 firing"),
        ("watch", ("region = south",), "Firing", "1 firing"),
        *(
            (state, (), "Watch list", "1 to watch")
            for state in ("watch", "pattern", "recovering", "suspended", "error")
        ),
        *((state, (), "Watch list", "1 to watch") for state in ("no_data", "low_n")),
        ("ok", (), "All ok", "all ok"),
        ("learning", (), "All ok", "all ok"),
    ],
)
def test_sections_by_state(state: str, falling_in: tuple[str, ...], heading: str, title: str) -> None:
    """One low day may be a coincidence, so it is on the watch list only."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    state_of_moment = MomentState("j", "m", state, date(2026, 6, 27), None, falling_in)
    (digest,) = build_digests([], [], [moment], [state_of_moment], [], NOW)
    assert [heading for heading, _ in digest.sections] == [heading]
    assert digest.title == f"Your week: {title}"


def test_a_recovering_moment_has_the_day_of_its_onset() -> None:
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    state_of_moment = MomentState("j", "m", "recovering", date(2026, 6, 9), "a1")
    (digest,) = build_digests([], [], [moment], [state_of_moment], [], NOW)
    assert digest.sections == (("Watch list", ("In time: recovering; dropped on 9 Jun, 21 days ago",)),)


def test_the_file_has_the_watch_list(measured: Warehouse, settings: Settings) -> None:
    """The HTML file next to the map, too: the moment had one low day."""
    written = write_digests(settings, measured, STATES, [])
    shown = [file.path.read_text() for file in written if "Watch list" in file.path.read_text()]
    assert len(shown) == 1 and "watch, since 27 Jun, 3 days" in shown[0]


def test_an_open_early_warning_is_on_the_watch_list() -> None:
    """The state is ok; newer cohorts are not."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    sign = OpenEarlyWarning("a1", date(2026, 6, 27), "after 1 day 60 % are through instead of 80 %")
    state_of_moment = MomentState("j", "m", "ok", None, None, early_warning=sign)
    (digest,) = build_digests([], [], [moment], [state_of_moment], [], NOW)
    text = "In time: early warning, after 1 day 60 % are through instead of 80 %, since 27 Jun; not mature yet"
    assert [
        (heading, [line.replace(NARROW_NO_BREAK_SPACE, " ") for line in lines]) for heading, lines in digest.sections
    ] == [("Watch list", [text])]
    assert digest.title == "Your week: 1 to watch"


@pytest.mark.parametrize(
    ("status", "heading", "line"),
    [
        ("open", "Worse", "Shop: its volume dropped, since 12 Jun"),
        ("resolved", "Better", "Shop: volume: resolved on 27 Jun, after 16 days"),
    ],
)
def test_a_drop_of_volume_and_its_end_are_listed(status: str, heading: str, line: str) -> None:
    row = alert(
        kind="volume", status=status, owner="me", title="Shop", segment_value="shop", onset=date(2026, 6, 12),
        last_day=date(2026, 6, 27) if status == "resolved" else None,
    )  # fmt: skip
    (digest,) = build_digests([], [], [], [], [row], NOW)
    assert line in dict(digest.sections)[heading]


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("ok", "In time: firing in region = south since 12 Jun"),
        ("watch", "In time: firing in region = south since 12 Jun; watch, since 27 Jun, 3 days"),
        ("firing", "In time: firing, since 27 Jun, 3 days; firing in region = south since 12 Jun"),
    ],
)
def test_firing_comes_first_and_has_its_onset(state: str, line: str) -> None:
    """The state of the total and a firing segment are both shown."""
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    state_of_moment = MomentState("j", "m", state, date(2026, 6, 27), None, ("region = south",))
    drop = {"journey": "j", "kpi": "s.k", "segment_value": "south", "onset": date(2026, 6, 12), "owner": "me"}
    (digest,) = build_digests([], [], [moment], [state_of_moment], [alert(**drop)], NOW)
    assert digest.items["firing"] == [line]


def test_a_firing_moment_has_the_size_of_its_alert() -> None:
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    state = MomentState("j", "m", "firing", date(2026, 6, 27), "a1")
    open_alert = alert(alert_id="a1", size="about 9 points (6 to 13)", owner="me")
    (digest,) = build_digests([], [], [moment], [state], [alert(owner="me"), open_alert], NOW)
    assert digest.items["firing"] == ["In time: firing, about 9 points (6 to 13), since 27 Jun, 3 days"]


@pytest.mark.parametrize(
    ("unit", "statistic", "usual", "slight", "enough"),
    [
        ("share", "share_within", 0.8, 0.785, 0.775),
        ("points", "nps", 30.0, 28.5, 27.5),
        ("points", "mean", 4.0, 3.95, 3.85),
    ],
)
def test_a_change_too_small_to_act_on_is_not_listed(
    unit: str, statistic: str, usual: float, slight: float, enough: float
) -> None:
    """With thousands of cases any difference is significant."""
    row = {
        "journey": "j", "kpi": "s.k", "title": "K", "location": "S", "owner": "me", "status": "final", "unit": unit,
        "statistic": statistic, "direction": "higher", "baseline": usual, "sample_size_week": 100_000,
        "value_week_start": date(2026, 6, 15), "calendar": None,
    }  # fmt: skip
    for value, news in ((slight, 0), (enough, 1)):
        week = {"value_week": value, "ci_low_week": value - 1e-6, "ci_high_week": value + 1e-6}
        (digest,) = build_digests([{**row, **week}], [], [], [], [], NOW)
        assert len(digest.items["worse"]) == news


def test_moments_of_the_same_title_are_distinguished_by_map(measured: Warehouse, settings: Settings) -> None:
    for table in ("map_journeys", "map_moments"):
        title = ", 'Some of them' as title" if table == "map_journeys" else ""
        measured.execute(f"insert into raw.{table} select * replace ('another' as journey{title}) from raw.{table}")
    shown = [line for file in write_digests(settings, measured, STATES, []) for line in file.digest.items["firing"]]
    assert [line for line in shown if "firing" in line] == [
        "Technician on site in time (Getting a broken machine running again): firing, since 9 Jun, 21 days"
    ]


@pytest.mark.parametrize(("days", "shown"), [(20, 0), (40, 1)])
def test_a_kpi_of_a_new_version_is_not_stale(days: int, shown: int) -> None:
    row = {
        "journey": "j", "kpi": "s.k", "title": "K", "location": "S", "owner": "me", "status": "no_data",
        "unit": "share", "statistic": "csat", "value_week_start": None,
        "valid_from": NOW.replace(tzinfo=None) - timedelta(days=days),
    }  # fmt: skip
    (digest,) = build_digests([row], [], [], [], [], NOW)
    assert len(digest.items["stale"]) == shown


def test_segments_below_their_promise_are_on_the_watch_list() -> None:
    moment = {"journey": "j", "moment": "m", "kpi": "s.k", "owner": "me", "shown": "In time"}
    moment |= {"statistic": "share_within", "direction": "higher"}
    breaches = tuple(
        PromiseBreach("product", name, date(2026, 5, 1), value, value - 0.05, value + 0.05, 200.0, promise)
        for name, value, promise in (("fridge", 0.8, 0.9), ("spares", 0.71, 0.95))
    )
    state = MomentState("j", "m", "ok", None, None, breaches=breaches)
    (digest,) = build_digests([], [], [moment], [state], [], NOW)
    ((heading, (text,)),) = digest.sections
    assert heading == "Watch list"
    assert text.replace("\u202f", " ") == (
        "In time: 2 segments are below their promise, most of all product = spares, 71 %, promise 95 %"
    )
