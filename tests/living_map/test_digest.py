"""The weekly letters: who is told what, and that nobody is told twice in a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from jkpi.living_map import post_digests
from jkpi.settings import Settings
from jkpi.state import outbox, reading, state_engine
from jkpi.warehouse import Warehouse

from .conftest import NOW, STATES


def sent(settings: Settings) -> dict[str, str]:
    """Title -> body of what is in the outbox."""
    engine = state_engine(settings.state_url)
    try:
        with reading(engine) as connection:
            return {row.title: row.body for row in connection.execute(select(outbox))}
    finally:
        engine.dispose()


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
    first = post_digests(settings, measured, STATES)
    assert set(first.owners) == {"call-centre", "field-service", "head-of-service", "service-desk"}
    assert first.written == 4 == len(first.files)
    bodies = {title.split("] ")[-1].split(":")[0]: body for title, body in sent(settings).items()}
    field = bodies["field-service"]
    assert "Technician on site in time: firing, since 9 Jun, 21 days" in field
    assert "On site (Repair on site): 72\u202f% instead of" in field.split("What got worse")[1]
    assert "Part picked (Repair on site): drawn, but never seen in the data" in field.split("What went stale")[1]
    assert "Happy" in bodies["service-desk"].split("What improved")[1]
    assert "Technician" not in bodies["call-centre"]
    html = next(path for path in first.files if path.name == "field-service.html").read_text()
    assert "Technician on site in time: firing" in html
    assert "http" not in html

    again = post_digests(settings, measured, STATES)
    assert (again.written, again.told_before) == (0, 4)
    later = post_digests(replace(settings, now=NOW + timedelta(weeks=1)), measured, STATES)
    assert later.written == 4
