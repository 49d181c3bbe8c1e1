"""The workspaces under examples/: their YAML is valid, and loading them gives the numbers of EXPECTED.json."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jkpi import package_files
from jkpi.config.settings import load_settings
from jkpi.journeys.reader import read_journeys
from jkpi.loading.load import load_source
from jkpi.loading.workspace import read_sources
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLE_DROPS
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.synthetic.example import Example


@pytest.fixture
def workspace(example: Example, tmp_path: Path) -> Path:
    folder = tmp_path / example.name
    shutil.copytree(package_files.package_folder("examples") / example.name, folder)
    (folder / "data").symlink_to(example.data)
    return folder


def test_workspace_is_synthetic_with_a_fixed_time(workspace: Path) -> None:
    settings = load_settings(workspace)
    assert settings.synthetic
    assert settings.now == AS_OF.astimezone(UTC)
    assert settings.receivers["screen"].kind == "console"


def test_map_defines_the_moment_of_the_injected_drop(workspace: Path, example: Example) -> None:
    settings = load_settings(workspace)
    drop = EXAMPLE_DROPS[example.name]
    (journey,) = read_journeys(workspace, receivers=settings.receivers)
    moments = {moment.moment: moment for moment in journey.moments_of_truth}
    assert journey.journey == drop.journey
    assert journey.timezone == drop.timezone
    assert moments[drop.moment].kpi == drop.kpi
    assert drop.segment in moments[drop.moment].segments
    assert set(example.expected["moments"]) == set(moments)


def test_every_source_has_a_data_use_card(workspace: Path, example: Example) -> None:
    sources = {source.source: source for source in read_sources(workspace)}
    assert set(sources) == set(example.expected["sources"])
    for source in sources.values():
        card = source.data_use
        assert all((card.origin, card.purpose, card.outcome, card.insight, card.goal, card.lawful_basis, card.types))
        assert source.allowed_lateness is not None
        assert source.schedule == "@daily"


@pytest.mark.slow
def test_loading_matches_expected_numbers(workspace: Path, example: Example) -> None:
    settings = load_settings(workspace)
    with open_warehouse(settings) as warehouse:
        ensure_landing(warehouse)
        for source in read_sources(workspace):
            tally = example.expected["sources"][source.source]
            batches = load_source(source, settings, warehouse)
            reasons: Counter[str] = Counter()
            for batch in batches:
                reasons.update(batch.reasons)
            assert {batch.status for batch in batches} == {"loaded"}
            assert sum(batch.read for batch in batches) == tally["read"], source.source
            assert sum(batch.loaded for batch in batches) == tally["loaded"], source.source
            assert sum(batch.duplicates for batch in batches) == tally["duplicates"], source.source
            assert sum(batch.skipped for batch in batches) == tally["ignored"], source.source
            assert dict(sorted(reasons.items())) == tally["rejected"], source.source
        assert warehouse.scalar("select count(*) from raw.touchpoint_events") == example.expected["events"]
        assert warehouse.scalar("select count(*) from raw.survey_responses") == example.expected["responses"]
        latest = warehouse.scalar("select max(occurred_at) from raw.touchpoint_events")
        assert latest <= datetime(2026, 6, 30, 6)
