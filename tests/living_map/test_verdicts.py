"""Headline, goal status, freshness and definitions as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.living_map import definitions
from jkpi.living_map.alert_views import alert_sentence, group_segments
from jkpi.living_map.headline import page_headline
from jkpi.living_map.kpi_views import PageDates, goal_status, kpi_view, moment_view
from jkpi.living_map.page_data import KpiData, KpiReading, MomentData, SourceData
from jkpi.living_map.sources import source_view
from jkpi.living_map.states import state_label, state_legend
from jkpi.living_map.views import MomentView
from jkpi.schedules import is_late
from jkpi.state.alert_records import MomentState, OpenAlert, OpenEarlyWarning, OpenVolumeDrop, PromiseBreach

CLOCK = PageDates(date(2026, 6, 30), date(2026, 6, 29))
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)


def reading(value: float | None, low: float | None = None, high: float | None = None, **more: object) -> KpiReading:
    given = {"period_start": date(2026, 6, 22), "status": "final", "unit": "share", "statistic": "share_within"} | more
    return KpiReading(value=value, low=low, high=high, sample_size=100, open_count=0, is_primary=True, **given)  # type: ignore[arg-type]


def kpi(*weeks: KpiReading, kind: str = "time_to_resolve", **more: object) -> KpiData:
    given: dict[str, object] = {"stage": "repair", "title": "On site", "unit": "share", "direction": "higher"}
    given |= {"target": None, "parameters": {"tolerance_seconds": 43200}, **more}
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
def test_a_promise_is_compared_with_the_whole_interval(
    low: float | None, value: float, high: float | None, direction: str, word: str
) -> None:
    status = goal_status(reading(value, low, high), 0.9, direction, "promise")
    assert status is not None
    assert status.label == word


def test_no_reading_has_no_goal_status() -> None:
    assert goal_status(None, 0.9, "higher", "promise") is None
    assert goal_status(reading(0.9), None, "higher", "promise") is None


def test_a_provisional_week_is_never_the_value() -> None:
    newest = reading(0.2, period_start=date(2026, 6, 29), status="provisional")
    view = kpi_view(kpi(reading(0.8), newest), None, None, CLOCK)
    assert view.value is not None
    assert view.value.startswith("80")
    only = kpi_view(kpi(newest), None, None, CLOCK)
    assert (only.value, only.note) == (None, "no final week yet")


def test_a_withheld_newest_week_is_noted() -> None:
    view = kpi_view(
        kpi(reading(0.8), reading(0.1, period_start=date(2026, 6, 29), status="withheld")), None, None, CLOCK
    )
    assert view.note is not None
    assert "withheld" in view.note


def test_readings_that_stopped_are_noted() -> None:
    view = kpi_view(kpi(reading(0.8, period_start=date(2026, 5, 4))), None, None, CLOCK)
    assert view.note == "no readings after the week of 4 May"


def moments(*states: str) -> list[MomentView]:
    result = []
    for number, state in enumerate(states):
        drawn = MomentData(f"m{number}", "repair.x", "share_within", 0.9, "field", f"Moment {number}")
        series_state = MomentState("j", drawn.moment, state, date(2026, 6, 20), None)
        result.append(moment_view(drawn, kpi(reading(0.71, 0.65, 0.77)), series_state, "Repair", CLOCK))
    return result


@pytest.mark.parametrize(
    ("states", "key", "text"),
    [
        (("ok", "firing"), "firing", "Firing: Moment 1."),
        (("firing", "ok", "firing"), "firing", "Two moments of truth are firing."),
        (("error", "watch"), "error", "Could not be evaluated: Moment 0."),
        (("suspended", "pattern"), "suspended", "Evaluation suspended: Moment 0."),
        (("no_data",), "no_data", "No data for: Moment 0."),
        (("pattern", "watch"), "pattern", "A pattern, not yet a trend: Moment 0."),
        (("watch", "watch"), "watch", "One low day, maybe a coincidence: Moment 0 and Moment 1."),
        (("recovering", "ok"), "recovering", "Recovering: Moment 0."),
        (("learning", "low_n"), "learning", "Too early to say."),
        (("ok", "learning"), "ok", "All ok: no open alert."),
    ],
)
def test_the_most_urgent_state_makes_the_headline(states: tuple[str, ...], key: str, text: str) -> None:
    result = page_headline(moments(*states), measured=True)
    assert (result.key, result.text) == (key, text)


def with_alerts(state: str, *alerts: OpenAlert, **parameters: object) -> MomentView:
    """A moment whose latest final week is before the drop; `parameters`: more of its KPI."""
    drawn = MomentData("m", "repair.x", "share_within", 0.9, "field", "On site")
    segments = tuple(f"{alert.segment} = {alert.segment_value}" for alert in alerts if not alert.is_total)
    series_state = MomentState("j", "m", state, date(2026, 6, 20), None, firing_segments=segments)
    result = kpi(reading(0.89, 0.86, 0.92), parameters={"tolerance_seconds": 43200, **parameters})
    return moment_view(drawn, result, series_state, "Repair", CLOCK, alerts)


def drop_alert(segment: str = "all", value: str = "all", share: float = 0.2, **more: object) -> OpenAlert:
    given: dict[str, object] = {"state": "firing", "line": "baseline", "baseline": 0.89, "n": 391, **more}
    span = {"onset": date(2026, 6, 23), "last_day": date(2026, 6, 28)}
    shown = {"value": share, "low": share - 0.05, "high": share + 0.05, "counted": share - 0.02}
    return OpenAlert("a", "j", "m", segment, value, **shown, **span, **given)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_an_open_alert_has_its_own_figures_not_those_of_the_week_before_it() -> None:
    shown = page_headline([with_alerts("firing", drop_alert())], measured=True)
    assert plain(shown.detail) == (
        "About 20 % done within 12 h, baseline 89 % (18 % as counted, n 391, 23 Jun to 28 Jun), since 23 Jun, 7 days;"
        " promise: at least 90 %."
    )


def test_a_slowdown_is_shown_with_the_time_of_its_median() -> None:
    view = with_alerts("firing", drop_alert(line="median", baseline=0.5, within_seconds=7200.0)).total_alert
    assert view is not None
    assert (plain(view.caption), plain(view.baseline_text)) == ("done within 2 h", "baseline 50 %")


def test_open_time_is_as_in_the_mail() -> None:
    slow = drop_alert(line="median", baseline=0.48, within_seconds=18424.0, share=0.21)
    moment = with_alerts("firing", slow, calendar="opening_hours")
    assert "21 % done within 5 h 7 min of open time, baseline 48 %" in plain(
        page_headline([moment], measured=True).detail
    )
    assert moment.total_alert is not None and plain(moment.total_alert.caption) == "done within 5 h 7 min of open time"


def test_firing_segments_are_shown_with_their_figures_and_days() -> None:
    alerts = [drop_alert("department", value, share) for value, share in (("ISD", 0.1), ("PARK", 0.33), ("PROP", 0.21))]
    view = with_alerts("ok", *alerts)
    shown = page_headline([view], measured=True)
    assert shown.text == "Firing in a segment: On site (department = ISD, PARK and PROP)."
    assert plain(shown.detail).startswith(
        "Done within 12 h: department = ISD about 10 %, baseline 89 %, since 23 Jun (n 391); department = PARK about"
        " 33 %"
    )
    assert plain(shown.detail).endswith("all customers: 89 % done within 12 h in the week of 22 Jun.")
    assert "20 Jun" not in shown.detail
    assert (view.state.label, view.displayed_state.label, view.displayed_state.key) == (
        "ok",
        "firing in a segment",
        "firing",
    )


def test_each_firing_segment_has_a_headline_of_its_own() -> None:
    alerts = [drop_alert("tier", "gold", 0.4), drop_alert("tier", "basic", 0.5, state="recovering")]
    shown = dict(page_headline([with_alerts("firing", drop_alert(), *alerts)], measured=True).segments)
    assert shown.keys() == {"tier=gold", "tier=basic"}
    assert shown["tier=gold"].text == "Firing for tier = gold: On site."
    assert plain(shown["tier=gold"].detail).startswith("About 40 % done within 12 h, baseline 89 %")
    assert (shown["tier=basic"].key, shown["tier=basic"].text) == (
        "recovering",
        "Recovering for tier = basic: On site.",
    )


def test_a_recovering_moment_shows_the_day_of_its_onset() -> None:
    view = with_alerts("recovering", drop_alert(state="recovering"))
    assert (view.state.label, view.since) == ("recovering", "dropped on 20 Jun, 10 days ago")
    shown = page_headline([view], measured=True)
    assert shown.text == "Recovering: On site."
    assert "n 391, 23 Jun to 28 Jun), dropped on 23 Jun, 7 days ago; promise" in plain(shown.detail)
    part = page_headline([with_alerts("ok", drop_alert("tier", "basic", 0.5, state="recovering"))], measured=True)
    assert "tier = basic about 50 %, baseline 89 %, since 23 Jun, recovering (n 391)" in plain(part.detail)


def test_segment_values_are_grouped_by_segment() -> None:
    assert group_segments(["region = south", "region = west", "tier = gold"]) == "region = south and west; tier = gold"


def with_early_warning(state: str = "ok") -> MomentView:
    """A moment whose newest customers lie behind, by what the alert says."""
    early_warning = OpenEarlyWarning("e1", date(2026, 6, 27), "after 1 day 60 % are through instead of 80 %")
    drawn = MomentData("s", "repair.x", "share_within", 0.9, "field", "Signed")
    series_state = MomentState("j", "s", state, date(2026, 6, 20), None, early_warning=early_warning)
    return moment_view(drawn, kpi(reading(0.93, 0.91, 0.95)), series_state, "Repair", CLOCK)


def test_an_early_warning_is_not_all_ok() -> None:
    shown = page_headline([with_early_warning(), *moments("ok")], measured=True)
    assert (shown.key, shown.text) == ("watch", "No open alert, but an early warning: Signed.")
    assert plain(shown.detail) == (
        "After 1 day 60 % are through instead of 80 %, since 27 Jun; not mature yet. The other one is ok."
        " Promise not kept: Moment 0."
    )


def test_fewer_cases_at_the_usual_rate_are_not_all_ok() -> None:
    drop = OpenVolumeDrop("v1", date(2026, 6, 3), "Signed: volume dropped from 60 to 30 a day")
    drawn = MomentData("s", "repair.x", "share_within", 0.9, "field", "Signed")
    series_state = MomentState("j", "s", "ok", date(2026, 6, 20), None, volume_drop=drop)
    view = moment_view(drawn, kpi(reading(0.93, 0.91, 0.95)), series_state, "Repair", CLOCK)
    shown = page_headline([view, *moments("ok")], measured=True)
    assert (shown.key, shown.text) == ("watch", "No rate has dropped, but fewer cases come: Signed.")
    assert plain(shown.detail) == "Signed: from 60 to 30 a day, since 3 Jun."


def test_an_early_warning_is_shown_with_more_urgent_states() -> None:
    elsewhere = page_headline([with_early_warning(), *moments("firing")], measured=True)
    assert elsewhere.text == "Firing: Moment 0."
    assert "Other moments: Signed (early warning: after 1 day 60 % are through" in plain(elsewhere.detail)
    same = page_headline([with_early_warning("pattern")], measured=True)
    assert same.text == "A pattern, not yet a trend: Signed."
    assert "Early warning at Signed: after 1 day 60 % are through" in plain(same.detail)


def test_ok_does_not_hide_a_broken_promise() -> None:
    assert "Promise not kept: Moment 0." in page_headline(moments("ok"), measured=True).detail
    assert "Promise not kept: Moment 0." in page_headline(moments("learning"), measured=True).detail


def test_the_headline_before_there_is_anything() -> None:
    assert page_headline(moments("ok"), measured=False).text == "Nothing has been measured yet."
    assert page_headline((), measured=True).text == "No moment of truth is declared."


def test_every_state_has_a_label_an_icon_and_a_colour() -> None:
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
        "newest_row_at": datetime(2026, 6, 30, 3), "loaded_at": datetime(2026, 6, 30, 4), "refusal_reason": None,
        "rows_read": 100, "rows_rejected": 0, "late_seconds": 0, "schedule": "@daily",
    }  # fmt: skip
    return SourceData(source="s", title="S", kind="touchpoints", owner="o", **(given | more))  # type: ignore[arg-type]


def test_a_source_shows_its_freshness() -> None:
    assert source_view(source(), NOW, UTC).label == "fresh"
    assert source_view(source(newest_row_at=datetime(2026, 6, 1)), NOW, UTC).label == "late"
    assert source_view(source(newest_row_at=None, loaded_at=None), NOW, UTC).label == "no data yet"
    refused = source_view(source(refusal_reason="a column is missing", rows_rejected=3), NOW, UTC)
    assert refused.label == "last delivery refused"
    assert refused.notes == ("Refused: a column is missing", "3 of 100 rows rejected")


@pytest.mark.parametrize("kind", sorted(definitions.DEFAULT_STATISTICS))
def test_every_kind_has_formula_maturity_and_caption(kind: str) -> None:
    result = kpi(
        kind=kind, parameters={"survey": "after_repair", "of_touchpoint": "call_transferred", "window_seconds": 172800}
    )
    assert definitions.formula(result).endswith(".")
    assert definitions.maturity(result).endswith(".")
    assert definitions.caption(result, definitions.DEFAULT_STATISTICS[kind])
    assert "None" not in definitions.formula(result) + definitions.maturity(result)


def test_a_definition_names_its_parameters() -> None:
    rule = {"from_touchpoint": "visit_requested", "to_touchpoint": "technician_arrived", "tolerance_seconds": 43200}
    text = definitions.formula(kpi(parameters=rule))
    assert "“visit requested” to “technician arrived”" in text
    assert "12\u202fh" in text
    assert "how long it takes" in definitions.formula(kpi(parameters={**rule, "tolerance_seconds": None}))
    early = definitions.formula(kpi(kind="promises_kept", parameters={**rule, "within_seconds": 86400}))
    assert "of the promises that fall due" in early and "within 1\u202fday" in early


def test_a_kpi_by_survey_wave_shows_its_waves() -> None:
    """Years lie between the waves; the newest final one is the value, and the alert begins at its own wave."""
    waves = [
        reading(value, value - 0.02, value + 0.02, period_start=date(2013 + n, 5, 1), wave=str(2013 + n), status=status)
        for n, (value, status) in enumerate([(0.76, "final"), (0.82, "final"), (0.77, "final"), (0.5, "provisional")])
    ]
    moment = MomentData("security", "repair.x", "share_within", 0.7, "airport")
    state = MomentState("j", "security", "firing", date(2015, 5, 1), "a1", (), None)
    view = moment_view(moment, kpi(*waves, is_by_wave=True), state, "", CLOCK)
    assert (view.week, view.value) == ("wave 2015", "77\u202f%")
    assert view.note is None
    assert view.chart is not None
    assert "3 final waves" in view.chart
    assert "(wave 2014)" in view.chart
    assert all(f">{year}<" in view.chart for year in range(2013, 2017))
    assert 'class="alert"' in view.chart


def test_segments_below_their_promise_are_on_the_card_with_their_own_promise() -> None:
    drawn = MomentData("m", "repair.x", "share_within", 0.9, "field", "On site", {("product", "spares"): 0.95})
    breaches = (
        PromiseBreach("product", "fridge", date(2026, 5, 1), 0.80, 0.77, 0.83, 700.0, 0.9),
        PromiseBreach("product", "spares", date(2026, 4, 2), 0.71, 0.65, 0.77, 210.0, 0.95),
    )
    state = MomentState("j", "m", "ok", None, None, breaches=breaches)
    view = moment_view(drawn, kpi(reading(0.91)), state, "Repair", CLOCK)
    assert view.breach_heading == "2 segments are below their promise"
    assert [(breach.key, plain(breach.value)) for breach in view.breaches] == [
        ("product=spares", "71 %"),
        ("product=fridge", "80 %"),
    ]
    assert plain(view.breaches[0].detail).startswith("promise: at least 95 % · 95 %: 65")
    alert = drop_alert("product", "spares", 0.5)
    with_alert = moment_view(drawn, kpi(reading(0.91)), state, "Repair", CLOCK, [alert])
    assert plain(with_alert.alerts[0].promise_text) == "promise: at least 95 %"
    assert "promise: at least 95 %" in plain(alert_sentence(with_alert.alerts[0]))
