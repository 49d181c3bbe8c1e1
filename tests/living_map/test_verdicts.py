"""Headline, standing, freshness and definitions: what is said in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.living_map import definitions
from jkpi.living_map.alert_views import group_segments
from jkpi.living_map.headline import page_headline
from jkpi.living_map.kpi_views import PageDates, goal_status, kpi_view, moment_view
from jkpi.living_map.page_data import KpiData, KpiReading, MomentData, SourceData
from jkpi.living_map.sources import source_view
from jkpi.living_map.states import state_label, state_legend
from jkpi.living_map.views import MomentView
from jkpi.schedules import is_late
from jkpi.state.alert_reader import MomentState, OpenAlert, OpenEarlyWarning

CLOCK = PageDates(date(2026, 6, 30), date(2026, 6, 29))
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)


def reading(value: float | None, low: float | None = None, high: float | None = None, **more: object) -> KpiReading:
    given = {"period_start": date(2026, 6, 22), "status": "final", "unit": "share", "statistic": "share_within"} | more
    return KpiReading(value=value, low=low, high=high, sample_size=100, open_count=0, is_primary=True, **given)  # type: ignore[arg-type]


def kpi(*weeks: KpiReading, kind: str = "time_to_resolve", **more: object) -> KpiData:
    given: dict[str, object] = {"stage": "repair", "title": "On site", "unit": "share", "direction": "higher"}
    given |= {"target": None, "rule": {"tolerance_seconds": 43200}, **more}
    return KpiData(kpi="repair.x", kind=kind, weeks=tuple(weeks), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "value", "high", "direction", "word"),
    [
        (0.91, 0.93, 0.95, "higher", "keeps the promise"),
        (0.88, 0.91, 0.93, "higher", "too close to call"),
        (0.80, 0.85, 0.89, "higher", "below the promise"),
        (0.91, 0.93, 0.95, "lower", "above the promise"),
        (0.80, 0.85, 0.89, "lower", "keeps the promise"),
        (None, 0.90, None, "higher", "keeps the promise"),
        (None, 0.89, None, "higher", "below the promise"),
    ],
)
def test_a_promise_is_judged_by_the_whole_interval(
    low: float | None, value: float, high: float | None, direction: str, word: str
) -> None:
    mark = goal_status(reading(value, low, high), 0.9, direction, "promise")
    assert mark is not None
    assert mark.label == word


def test_no_reading_has_no_standing() -> None:
    assert goal_status(None, 0.9, "higher", "promise") is None
    assert goal_status(reading(0.9), None, "higher", "promise") is None


def test_a_provisional_week_is_never_the_number() -> None:
    newest = reading(0.2, period_start=date(2026, 6, 29), status="provisional")
    view = kpi_view(kpi(reading(0.8), newest), None, None, CLOCK)
    assert view.value is not None
    assert view.value.startswith("80")
    only = kpi_view(kpi(newest), None, None, CLOCK)
    assert (only.value, only.note) == (None, "nothing final yet")


def test_a_withheld_newest_week_is_said() -> None:
    view = kpi_view(
        kpi(reading(0.8), reading(0.1, period_start=date(2026, 6, 29), status="withheld")), None, None, CLOCK
    )
    assert view.note is not None
    assert "withheld" in view.note


def test_readings_that_stopped_are_said() -> None:
    view = kpi_view(kpi(reading(0.8, period_start=date(2026, 5, 4))), None, None, CLOCK)
    assert view.note == "no readings after the week of 4 May"


def moments(*states: str) -> list[MomentView]:
    made = []
    for number, state in enumerate(states):
        drawn = MomentData(f"m{number}", "repair.x", "share_within", 0.9, "field", f"Moment {number}")
        judged = MomentState("j", drawn.moment, state, date(2026, 6, 20), None)
        made.append(moment_view(drawn, kpi(reading(0.71, 0.65, 0.77)), judged, "Repair", CLOCK))
    return made


@pytest.mark.parametrize(
    ("states", "key", "text"),
    [
        (("ok", "firing"), "firing", "Falling off: Moment 1."),
        (("firing", "ok", "firing"), "firing", "Two moments of truth are falling off."),
        (("error", "watch"), "error", "Could not be judged: Moment 0."),
        (("suspended", "pattern"), "suspended", "We are blind at: Moment 0."),
        (("no_data",), "no_data", "No data any more from: Moment 0."),
        (("pattern", "watch"), "pattern", "A pattern, not yet a trend: Moment 0."),
        (("watch", "watch"), "watch", "One bad day, maybe a coincidence: Moment 0 and Moment 1."),
        (("recovering", "ok"), "recovering", "Recovering: Moment 0."),
        (("learning", "low_n"), "learning", "Too early to say."),
        (("ok", "learning"), "ok", "All quiet: nothing falls off."),
    ],
)
def test_the_most_urgent_state_makes_the_headline(states: tuple[str, ...], key: str, text: str) -> None:
    made = page_headline(moments(*states), measured=True)
    assert (made.key, made.text) == (key, text)


def fallen(state: str, *falls: OpenAlert, **rule: object) -> MomentView:
    """A moment whose newest final week is before the fall; `rule`: more of its KPI's."""
    drawn = MomentData("m", "repair.x", "share_within", 0.9, "field", "On site")
    parts = tuple(f"{fall.segment} = {fall.segment_value}" for fall in falls if not fall.is_total)
    judged = MomentState("j", "m", state, date(2026, 6, 20), None, firing_segments=parts)
    made = kpi(reading(0.89, 0.86, 0.92), rule={"tolerance_seconds": 43200, **rule})
    return moment_view(drawn, made, judged, "Repair", CLOCK, falls)


def fall(segment: str = "all", value: str = "all", share: float = 0.2, **more: object) -> OpenAlert:
    given: dict[str, object] = {"state": "firing", "line": "baseline", "usual": 0.89, "n": 391, **more}
    span = {"since": date(2026, 6, 23), "last_day": date(2026, 6, 28)}
    return OpenAlert("a", "j", "m", segment, value, value=share, low=share - 0.05, high=share + 0.05, **span, **given)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_an_open_alert_is_told_with_its_own_figures_not_with_the_week_before_it() -> None:
    told = page_headline([fallen("firing", fall())], measured=True)
    assert plain(told.detail) == (
        "20 % done within 12 h instead of 89 % (n 391, 23 Jun to 28 Jun), since 23 Jun, 7 days; promise: at least 90 %."
    )


def test_what_only_became_slower_is_told_in_the_time_of_its_median() -> None:
    view = fallen("firing", fall(line="median", usual=0.5, within=7200.0)).total_alert
    assert view is not None
    assert (plain(view.caption), plain(view.baseline_text)) == ("done within 2 h", "instead of 50 %")


def test_open_time_is_told_as_the_mail_has_it() -> None:
    slow = fall(line="median", usual=0.48, within=18424.0, share=0.21)
    moment = fallen("firing", slow, calendar="opening_hours")
    assert "21 % done within 5 h 7 min of open time instead of 48 %" in plain(
        page_headline([moment], measured=True).detail
    )
    assert moment.total_alert is not None and plain(moment.total_alert.caption) == "done within 5 h 7 min of open time"


def test_segments_that_fall_are_told_by_their_figures_and_days() -> None:
    falls = [fall("department", value, share) for value, share in (("ISD", 0.1), ("PARK", 0.33), ("PROP", 0.21))]
    view = fallen("ok", *falls)
    told = page_headline([view], measured=True)
    assert told.text == "Falling off in a part: On site (department = ISD, PARK and PROP)."
    assert plain(told.detail).startswith(
        "Done within 12 h: department = ISD 10 % instead of 89 % since 23 Jun (n 391); department = PARK 33 %"
    )
    assert plain(told.detail).endswith("everybody: 89 % done within 12 h in the week of 22 Jun.")
    assert "20 Jun" not in told.detail
    assert (view.state.label, view.displayed_state.label, view.displayed_state.key) == (
        "ok",
        "falling in a part",
        "firing",
    )


def test_each_falling_segment_has_a_banner_of_its_own() -> None:
    falls = [fall("tier", "gold", 0.4), fall("tier", "basic", 0.5, state="recovering")]
    told = dict(page_headline([fallen("firing", fall(), *falls)], measured=True).segments)
    assert told.keys() == {"tier=gold", "tier=basic"}
    assert told["tier=gold"].text == "Falling off for tier = gold: On site."
    assert plain(told["tier=gold"].detail).startswith("40 % done within 12 h instead of 89 %")
    assert (told["tier=basic"].key, told["tier=basic"].text) == ("recovering", "Recovering for tier = basic: On site.")


def test_what_recovers_has_not_done_so_since_it_fell() -> None:
    view = fallen("recovering", fall(state="recovering"))
    assert (view.state.label, view.since) == ("recovering", "fell on 20 Jun, 10 days ago")
    told = page_headline([view], measured=True)
    assert told.text == "Recovering: On site."
    assert "(n 391, 23 Jun to 28 Jun), fell on 23 Jun, 7 days ago; promise" in plain(told.detail)
    part = page_headline([fallen("ok", fall("tier", "basic", 0.5, state="recovering"))], measured=True)
    assert "tier = basic 50 % instead of 89 % since 23 Jun, recovering (n 391)" in plain(part.detail)


def test_parts_are_grouped_by_their_segment() -> None:
    assert group_segments(["region = south", "region = west", "tier = gold"]) == "region = south and west; tier = gold"


def with_sign(state: str = "ok") -> MomentView:
    """A moment whose newest customers lie behind, by what the alert says."""
    sign = OpenEarlyWarning("e1", date(2026, 6, 27), "after 1 day 60 % are through instead of 80 %")
    drawn = MomentData("s", "repair.x", "share_within", 0.9, "field", "Signed")
    judged = MomentState("j", "s", state, date(2026, 6, 20), None, early_warning=sign)
    return moment_view(drawn, kpi(reading(0.93, 0.91, 0.95)), judged, "Repair", CLOCK)


def test_an_early_sign_is_not_all_quiet() -> None:
    told = page_headline([with_sign(), *moments("ok")], measured=True)
    assert (told.key, told.text) == ("watch", "Nothing falls off yet, but there is an early sign: Signed.")
    assert plain(told.detail) == (
        "After 1 day 60 % are through instead of 80 %, since 27 Jun; not decided yet. The other one is as usual."
        " The promise is not kept at: Moment 0."
    )


def test_an_early_sign_is_told_beside_what_is_worse() -> None:
    elsewhere = page_headline([with_sign(), *moments("firing")], measured=True)
    assert elsewhere.text == "Falling off: Moment 0."
    assert "Elsewhere: Signed (early sign: after 1 day 60 % are through" in plain(elsewhere.detail)
    same = page_headline([with_sign("pattern")], measured=True)
    assert same.text == "A pattern, not yet a trend: Signed."
    assert "Early sign at Signed: after 1 day 60 % are through" in plain(same.detail)


def test_quiet_does_not_hide_a_broken_promise() -> None:
    assert "The promise is not kept at: Moment 0." in page_headline(moments("ok"), measured=True).detail
    assert "The promise is not kept at: Moment 0." in page_headline(moments("learning"), measured=True).detail


def test_the_headline_before_there_is_anything() -> None:
    assert page_headline(moments("ok"), measured=False).text == "Nothing has been measured yet."
    assert page_headline((), measured=True).text == "No moment of truth is declared."


def test_every_state_has_a_word_an_icon_and_a_colour() -> None:
    from importlib.resources import files

    templates = files("jkpi.living_map") / "templates"
    icons, css = (templates / "icons.svg").read_text(), (templates / "page.css").read_text()
    for words in (*state_legend(), state_label(None)):
        assert f'id="i-{words.key}"' in icons
        assert f"tone-{words.key}" in css
        assert words.meaning
    assert len({words.label for words in state_legend()}) == len(state_legend())


def test_an_unknown_state_is_never_taken_for_ok() -> None:
    assert state_label("melting_down").label == "melting down"
    assert state_label("melting_down").key == "error"


@pytest.mark.parametrize(
    ("schedule", "hours", "late_seconds", "late"),
    [
        ("@daily", 47, 0, False),
        ("@daily", 49, 0, True),
        ("@daily", 49, 7200, False),
        ("@hourly", 3, 0, True),
        ("0 5 * * 1-5", 143, 0, False),
        ("0 5 * * 1-5", 145, 0, True),
        ("@once", 900, 0, None),
        ("", 900, 0, None),
    ],
)
def test_late_is_two_rounds_and_the_allowance(schedule: str, hours: int, late_seconds: int, late: bool | None) -> None:
    assert is_late(datetime(2026, 6, 1) - timedelta(hours=hours), schedule, late_seconds, datetime(2026, 6, 1)) is late


def source(**more: object) -> SourceData:
    given: dict[str, object] = {
        "newest_row_at": datetime(2026, 6, 30, 3), "loaded_at": datetime(2026, 6, 30, 4), "refused": None,
        "rows_read": 100, "rows_rejected": 0, "late_seconds": 0, "schedule": "@daily",
    }  # fmt: skip
    return SourceData(source="s", title="S", kind="touchpoints", owner="o", **(given | more))  # type: ignore[arg-type]


def test_a_source_tells_its_state() -> None:
    assert source_view(source(), NOW, UTC).label == "fresh"
    assert source_view(source(newest_row_at=datetime(2026, 6, 1)), NOW, UTC).label == "late"
    assert source_view(source(newest_row_at=None, loaded_at=None), NOW, UTC).label == "no data yet"
    refused = source_view(source(refused="a column is missing", rows_rejected=3), NOW, UTC)
    assert refused.label == "last delivery refused"
    assert refused.notes == ("Refused: a column is missing", "3 of 100 rows set aside, not counted")


@pytest.mark.parametrize("kind", sorted(definitions.DEFAULT_STATISTICS))
def test_every_kind_has_formula_maturity_and_caption(kind: str) -> None:
    made = kpi(
        kind=kind, rule={"survey": "after_repair", "of_touchpoint": "call_transferred", "window_seconds": 172800}
    )
    assert definitions.formula(made).endswith(".")
    assert definitions.maturity(made).endswith(".")
    assert definitions.caption(made, definitions.DEFAULT_STATISTICS[kind])
    assert "None" not in definitions.formula(made) + definitions.maturity(made)


def test_a_definition_names_its_rule() -> None:
    rule = {"from_touchpoint": "visit_requested", "to_touchpoint": "technician_arrived", "tolerance_seconds": 43200}
    said = definitions.formula(kpi(rule=rule))
    assert "“visit requested” to “technician arrived”" in said
    assert "12\u202fh" in said
    due = definitions.formula(kpi(rule={**rule, "tolerance_is_due": True}))
    assert "the time promised for the case" in due
