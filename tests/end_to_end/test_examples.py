"""Each example from its data to its alert: only the injected drop is notified, once, and on a stated day."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from sqlalchemy import create_engine, select

from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_and_dispatch, evaluate_series
from jkpi.alerts.series.moment_context import configured_moments
from jkpi.alerts.store.listing import list_alerts
from jkpi.config.settings import Settings, load_settings
from jkpi.dashboards.assets import read_assets
from jkpi.journeys.reader import read_journeys
from jkpi.measuring.run import measure
from jkpi.state.engine import series_states
from jkpi.synthetic.ground_truth import EXAMPLE_DROPS, InjectedDrop
from jkpi.warehouse.open import open_warehouse
from tests.reading_pages import Tables, differences, states_of

pytestmark = pytest.mark.slow
JKPI = Path(sys.executable).parent / "jkpi"

FIRED_ON = {"equipment_repair": date(2026, 6, 16), "spare_parts": date(2026, 6, 12)}
"""Day of the reading that fires the alert. The drops were injected on 15 June and 9 June."""

NOTIFIED_ON = {
    "equipment_repair": {date(2026, 6, 20): ("", "drop")},
    "spare_parts": {date(2026, 6, 16): ("/part_class=hydraulic", "drop")},
}
"""Day on which a reading is final and the owner is notified, and of which series. Whether a part was bought elsewhere
is known after days; before them comes an early warning, that fewer than usual had decided after one day. The segment
that drives the drop is certain before all customers together are, and they join its alert."""

METRICS = ("newest_interval", "newest_cases", "state_today")


@dataclass(frozen=True)
class Demo:
    """An example after `jkpi demo`."""

    name: str
    settings: Settings
    expected: dict[str, Any]
    injected: InjectedDrop
    result: dict[str, Any]


@pytest.fixture(scope="module", params=sorted(EXAMPLE_DROPS))
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, demo_folder: Callable[[str], Path]
) -> Demo:
    """A copy of the demo that was run: some tests run it again."""
    name = request.param
    original = demo_folder(name)
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("demo") / name, symlinks=True))
    expected = json.loads((folder / "data" / "EXPECTED.json").read_text())
    result = json.loads(original.with_name(f"{name}.json").read_text())
    return Demo(name, load_settings(folder), expected, EXAMPLE_DROPS[name], result)


def test_every_row_is_loaded_rejected_skipped_or_a_duplicate(demo: Demo) -> None:
    loaded = {outcome["source"]: outcome["batches"] for outcome in demo.result["run"]["steps"][0]["result"]}
    assert set(loaded) == set(demo.expected["sources"])
    for source, truth in demo.expected["sources"].items():
        sums = {
            count: sum(batch[count] for batch in loaded[source])
            for count in ("read", "loaded", "rejected", "duplicates", "skipped")
        }
        assert sums["read"] == sums["loaded"] + sums["rejected"] + sums["duplicates"] + sums["skipped"]
        assert sums == {
            "read": truth["read"],
            "loaded": truth["loaded"],
            "rejected": sum(truth["rejected"].values()),
            "duplicates": truth["duplicates"],
            "skipped": truth["ignored"],
        }, source


def test_only_the_injected_drop_opens_an_alert(demo: Demo) -> None:
    drops = [alert for alert in list_alerts(demo.settings) if alert.kind == "drop"]
    assert [(alert.journey, alert.moment, alert.segment_value, alert.status) for alert in drops] == [
        (demo.injected.journey, demo.injected.moment, "all", "open")
    ]
    assert drops[0].fired_on == FIRED_ON[demo.name]
    assert timedelta(0) <= drops[0].fired_on - demo.injected.starts_on <= timedelta(days=5)


def test_the_readme_shows_the_message_as_it_arrives(demo: Demo) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```text\n[synthetic data] ")[2].partition("```")[0]
    assert shown
    if demo.name == "equipment_repair":
        arrived = (demo.settings.workspace / "alerts" / "field-service-lead.txt").read_text(encoding="utf-8")
        assert [line for line in shown.splitlines() if line.strip() not in arrived] == []


def test_no_other_series_fired_in_nine_months(demo: Demo) -> None:
    """No total, no segment, and not the noisy moment, on whatever day it was evaluated."""
    journeys = read_journeys(demo.settings.workspace)
    fired = set()
    with open_warehouse(demo.settings) as warehouse:
        for evaluated in evaluate_series(warehouse, configured_moments(journeys, demo.settings), demo.settings):
            fired |= {(evaluated.series.series_id, episode.onset) for episode in evaluated.result.episodes}
    moment = f"{demo.injected.journey}/{demo.injected.moment}"
    assert {series for series, _ in fired} == {
        moment,
        f"{moment}/{demo.injected.segment}={demo.injected.driven_by}",
    }
    assert all(abs(since - demo.injected.starts_on) <= timedelta(days=3) for _, since in fired)


def test_the_message_has_what_its_owner_needs(demo: Demo) -> None:
    (message,) = [
        receiver.path.read_text(encoding="utf-8")
        for receiver in demo.settings.receivers.values()
        if receiver.path is not None and receiver.path.exists()
    ]
    assert "SYNTHETIC DATA" in message
    assert demo.injected.kpi in message
    assert f"{demo.injected.segment} = {demo.injected.driven_by}" in message
    for word in ("95 % confidence", "n = ", "Promise", "Baseline", "Owner", "select period_start"):
        assert word in message
    query = message[message.index("    select period_start") : message.index("    order by period_start")]
    with open_warehouse(demo.settings) as warehouse:
        assert len(warehouse.rows(query)) >= 7


def test_the_lost_day_is_a_data_gap_and_withholds_the_readings_that_depend_on_it(demo: Demo) -> None:
    with open_warehouse(demo.settings) as warehouse:
        gaps = warehouse.rows("select source, starts_at, ends_at from raw.blind_spots")
        withheld = warehouse.rows(
            "select distinct period_start from marts.fct_kpi_readings"
            " where status = 'withheld' and period = 'day' and is_primary and kpi = :kpi",
            {"kpi": demo.injected.kpi},
        )
    assert [gap["source"] for gap in gaps] == [demo.injected.lost_source]
    noon = datetime.combine(demo.injected.lost_on, time(12))
    assert gaps[0]["starts_at"] <= noon < gaps[0]["ends_at"]
    days = {demo.injected.lost_on - row["period_start"] for row in withheld}
    assert timedelta(days=1) in days
    assert all(timedelta(0) <= distance <= timedelta(days=7) for distance in days)


def test_dashboards_show_the_interval_and_the_state_of_each_moment(demo: Demo) -> None:
    """Below each big number, in every segment: the interval of the mart and the series state."""
    metrics = {metric.metric: metric.sql for metric in read_assets().datasets["moment_readings"].metrics}
    journeys = {journey.journey: journey for journey in read_journeys(demo.settings.workspace)}
    moments = {moment.moment: moment for moment in journeys[demo.injected.journey].moments_of_truth}
    with open_warehouse(demo.settings) as warehouse:
        newest = {
            (row["kpi"], row["segment"], row["segment_value"]): row
            for row in warehouse.rows(
                "select * from marts.fct_kpi_readings where is_primary and period = 'week' and status = 'final'"
                " and value is not null and not is_suppressed order by period_start"
            )
        }
    with duckdb.connect(str(demo.settings.workspace / "published" / "dashboards.duckdb"), read_only=True) as copy:
        shown = copy.execute(
            f"select moment, kpi, segment, segment_value, {', '.join(metrics[name] for name in METRICS)}"
            " from published.dash_moment_readings where period = 'week' group by all"
        ).fetchall()
    engine = create_engine(demo.settings.state_url)
    with engine.connect() as connection:
        states = {
            (row.moment, row.segment, row.segment_value): (row.state.replace("_", " "), row.state_since)
            for row in connection.execute(select(series_states))
        }
    engine.dispose()
    promised = {moment.kpi for moment in moments.values()}
    assert {(kpi, *of) for _, kpi, *of, _, _, _ in shown} == {key for key in newest if key[0] in promised}
    assert len(shown) > 10
    for moment, kpi, segment, value, interval, n, state in shown:
        reading = newest[kpi, segment, value]
        assert interval == f"{100 * reading['ci_low']:.1f} to {100 * reading['ci_high']:.1f} %"
        assert n == reading["sample_size"]
        watched = segment == "all" or segment in moments[moment].segments
        name, since = states.get((moment, segment, value), (None, None))
        if name is None:
            assert state == ("not evaluated yet" if watched else "segment not evaluated")
        else:
            assert state == f"{name} since {since:%-d %b}"
    assert states[demo.injected.moment, "all", "all"][0] == "firing"


@pytest.mark.browser
def test_the_page_matches_the_tables(demo: Demo) -> None:
    page = demo.settings.site_dir / f"{demo.injected.journey}.html"
    with open_warehouse(demo.settings) as warehouse:
        known = states_of(demo.settings.state_url)
        account = differences(page, Tables(warehouse, demo.injected.journey, demo.settings.now, known))
    assert account.wrong == []
    assert {"KPI", "moment", "since", "volume", "count", "visits", "satisfaction", "freshness", "cell"} <= set(
        account.compared
    )
    assert account.compared.total() > 5000


def test_a_second_run_loads_nothing_and_notifies_nobody(demo: Demo) -> None:
    paths = [receiver.path for receiver in demo.settings.receivers.values() if receiver.path and receiver.path.exists()]
    before = [path.read_text() for path in paths]
    command: list[str | Path] = [JKPI, "run", "-w", demo.settings.workspace, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    steps = {step["name"]: step["result"] for step in json.loads(done.stdout)["steps"]}
    assert {batch["status"] for source in steps["load"] for batch in source["batches"]} == {"unchanged"}
    assert steps["evaluate"]["evaluated"]["messages_queued"] == 0
    assert steps["evaluate"]["delivered"]["sent"] == 0
    assert [path.read_text() for path in paths] == before


def test_the_owner_is_first_notified_on_the_day_the_drop_is_certain(demo: Demo, tmp_path: Path) -> None:
    """With a run on the days before and on them: nothing, then an early warning where there is one, then one alert of
    each series."""
    journeys = read_journeys(demo.settings.workspace)
    expected = NOTIFIED_ON[demo.name]
    has_early_warning = demo.name == "spare_parts"
    mornings = {day - timedelta(days=before) for day in expected for before in (0, 1)} | {
        max(expected) + timedelta(days=4)
    }
    notified: dict[date, tuple[str, str]] = {}
    for morning in sorted(mornings):
        now = datetime.combine(morning, time(6), UTC)
        then = replace(demo.settings, now=now, state_url=f"sqlite:///{tmp_path}/state.db")
        assert measure(then).passed
        with open_warehouse(then) as warehouse:
            report = evaluate_and_dispatch(then, warehouse, journeys)
        for transition in report.transitions:
            if (transition.transition, transition.kind) == ("ended", "early_warning"):
                continue
            assert transition.transition == "opened"
            assert morning not in notified
            notified[morning] = (transition.series_id, transition.kind)
    moment = f"{demo.injected.journey}/{demo.injected.moment}"
    early = {day: series for day, (series, kind) in notified.items() if kind == "early_warning"}
    assert list(early.values()) == ([moment] if has_early_warning else [])
    assert all(day < min(expected) for day in early)
    drops = {day: found for day, found in notified.items() if day not in early}
    assert drops == {day: (f"{moment}{segment}", kind) for day, (segment, kind) in expected.items()}


def test_a_backtest_finds_the_injected_drop_and_the_smallest_detectable_one(demo: Demo) -> None:
    command: list[str | Path] = [
        JKPI,
        "backtest",
        "-w",
        demo.settings.workspace,
        "--moment",
        demo.injected.moment,
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["moments"]
    total = f"{demo.injected.journey}/{demo.injected.moment}"
    fired = [alert["fired_on"] for alert in result["alerts"] if alert["series_id"] == total]
    assert fired == [str(FIRED_ON[demo.name])]
    rate_of_drop = {rate["drop"]: rate["within_1_week"] for rate in result["detection_rates"]}
    assert rate_of_drop[0.2] > 0.9 and rate_of_drop[0.01] < 0.3
    assert 0.05 <= result["minimum_detectable_drop"] <= 0.2
    rate_of_slowdown = {rate["factor"]: rate["within_1_week"] for rate in result["slowdown_detection_rates"]}
    smallest_slowdown = result["minimum_detectable_slowdown"]
    if demo.name == "equipment_repair":
        assert rate_of_slowdown[1.05] < 0.3 and rate_of_slowdown[1.5] > 0.9 and 1.1 <= smallest_slowdown <= 1.5
    else:
        assert rate_of_slowdown == {} and smallest_slowdown is None, "whether a part is bought is no time"
    assert ElementTree.parse(result["chart_path"]).getroot().tag.endswith("svg")
