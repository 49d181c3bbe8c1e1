"""Messages about survey waves: which wave against which, by how much, how sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Detection
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import WaveReading, replay_waves
from jkpi.alerts.notifications.body import body_rows
from jkpi.alerts.notifications.compose import figures_of
from jkpi.alerts.notifications.headline import alert_headline
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.two_sample import Sample
from tests.alerts.builders import LOWER, POINTS, WATCHED, context, transition

CONTENT = replace(WATCHED, period="wave", promise=None, min_drop=0.03)
ANGRY = replace(LOWER, period="wave", promise=0.4, min_drop=0.03)
NPS = replace(POINTS, period="wave", promise=None, min_drop=5.0)


def detections(watched: WatchedMoment, *rates: float, neutral: float = 0.0) -> tuple[Detection, ...]:
    """Of yearly waves of 400 answers with these rates, higher is better."""
    waves = [
        WaveReading(
            date(2012, 5, 7) + timedelta(days=364 * number),
            str(2012 + number),
            Sample(round(400 * rate), 400, 400 * neutral, is_nps=watched.statistic == "nps"),
        )
        for number, rate in enumerate(rates)
    ]
    (result,) = replay_waves([waves], [SeriesToEvaluate(watched.rule_for(), 0)])
    return result.episodes[-1].detections


def test_a_drop_names_both_waves_and_the_interval_of_the_difference() -> None:
    about = context(transition("opened", *detections(CONTENT, 0.82, 0.82, 0.74), watched=CONTENT))
    assert alert_headline(about) == "On site: dropped from 82 % to 74 %, wave 2014 against wave 2013"
    rows = dict(body_rows(about))
    assert rows["Now"] == "74 % (69 to 78 % with 95 % confidence, n = 400; wave 2014)"
    assert rows["Before"] == "82 % in wave 2013, n = 400"
    assert rows["Difference"] == "8 points lower (2 to 14 with 95 % confidence)"
    assert rows["Since"] == "wave 2014, which began Monday 5 May 2014"
    assert rows["False alarms"] == "if nothing has changed, at most one in 40 waves opens an alert."
    figures = figures_of(about)
    assert (figures["period"], figures["waves"], figures["reference_waves"]) == ("wave", ["2014"], ["2013"])
    assert figures["difference_low"] < figures["difference"] < figures["difference_high"] < 0


def test_a_slow_decline_names_the_waves_before() -> None:
    about = context(transition("opened", *detections(CONTENT, 0.82, 0.82, 0.80, 0.78, 0.74), watched=CONTENT))
    assert alert_headline(about) == "On site: dropped from 80 % to 74 %, wave 2016 against waves 2012 to 2015"


def test_where_lower_is_better_a_rise_is_reported() -> None:
    about = context(transition("opened", *detections(ANGRY, 0.8, 0.7), watched=ANGRY))
    assert alert_headline(about) == "On site: Drop-off rose from 20 % to 30 %, wave 2013 against wave 2012"
    assert dict(body_rows(about))["Difference"] == "10 points higher (4 to 16 with 95 % confidence)"
    assert figures_of(about)["difference_low"] > 0


def test_points_of_nps() -> None:
    about = context(transition("opened", *detections(NPS, 0.65, 0.55, neutral=0.3), watched=NPS))
    assert alert_headline(about) == "On site: NPS dropped from +30 to +10, wave 2013 against wave 2012"
    assert dict(body_rows(about))["Difference"] == "20 points lower (9 to 31 with 95 % confidence)"


def test_a_broken_promise_and_a_wave_that_is_back() -> None:
    promised = replace(CONTENT, promise=0.8, min_drop=0.05)
    about = context(transition("opened", *detections(promised, 0.66), watched=promised))
    assert alert_headline(about) == "On site: down to 66 %, promised 80 %, wave 2012"
    assert "Before" not in dict(body_rows(about))
    back = context(transition("resolved", *detections(CONTENT, 0.82, 0.70, 0.71, 0.81), watched=CONTENT))
    assert alert_headline(back) == "On site: back at 81 %, wave 2015"
    rows = dict(body_rows(back))
    assert rows["Before"] == "70 %, waves 2013 to 2014"
    assert rows["Resolved"] == "by wave 2015, which began Monday 4 May 2015"
