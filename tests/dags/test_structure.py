"""What Airflow finds in dags/: ids, schedules, owners, retries, documents; and what it says of a broken workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
Read = Callable[..., dict[str, Any]]

LOADS = ("jkpi_starter_load_answers", "jkpi_starter_load_shop")
KPIS = "jkpi_starter_kpis"
DIGEST = "jkpi_starter_digest"


@pytest.fixture(scope="module")
def found(read_dags: Read, make_workspace: Callable[[], Path]) -> dict[str, Any]:
    workspace = make_workspace()
    shop = workspace / "sources" / "shop.yml"
    text = shop.read_text(encoding="utf-8").replace('schedule: "@daily"', 'schedule: "15 4 * * *"')
    shop.write_text(text.replace("owner: order-desk", "owner: shop-team"), encoding="utf-8")
    answers = workspace / "sources" / "answers.yml"
    text = answers.read_text(encoding="utf-8")
    answers.write_text(text.replace("owner: order-desk\n", ""), encoding="utf-8")
    return read_dags(JKPI_WORKSPACE=workspace)


def test_one_load_dag_for_each_source_one_kpi_dag_and_one_digest(found: dict[str, Any]) -> None:
    assert found["errors"] == {}
    assert sorted(found["dags"]) == sorted([*LOADS, KPIS, DIGEST])


def test_loads_run_on_the_schedule_of_their_source_and_the_kpis_on_any_of_their_assets(found: dict[str, Any]) -> None:
    answers, shop, kpis = (found["dags"][name] for name in (*LOADS, KPIS))
    assert (answers["schedule"], shop["schedule"], kpis["schedule"]) == ("@daily", "15 4 * * *", "AssetAny")
    assert kpis["assets"] == ["jkpi://starter/answers", "jkpi://starter/shop"]
    assert [load["tasks"]["load"]["outlets"] for load in (answers, shop)] == [[uri] for uri in kpis["assets"]]
    assert shop["tasks"]["load"]["arguments"] == ["load", "--source", "shop"]


def test_the_digest_goes_out_once_a_week(found: dict[str, Any]) -> None:
    digest = found["dags"][DIGEST]
    assert digest["schedule"] == "0 6 * * 1"
    assert {name: task["arguments"] for name, task in digest["tasks"].items()} == {"digest": ["digest"]}
    assert digest["tasks"]["digest"]["owner"] == "head-of-sales"


def test_tags_and_owners_come_from_the_workspace(found: dict[str, Any]) -> None:
    answers, shop, kpis = (found["dags"][name] for name in (*LOADS, KPIS))
    assert answers["tags"] == ["jkpi", "load", "responses", "starter"]
    assert shop["tags"] == ["jkpi", "load", "starter", "touchpoints"]
    assert kpis["tags"] == ["first_order", "jkpi", "kpis", "starter"]
    assert shop["tasks"]["load"]["owner"] == "shop-team"
    assert answers["tasks"]["load"]["owner"] == "jkpi"
    assert {task["owner"] for task in kpis["tasks"].values()} == {"head-of-sales"}


def test_every_dag_is_documented_bounded_and_never_catches_up(found: dict[str, Any]) -> None:
    for name, dag in found["dags"].items():
        assert dag["doc"].strip().startswith("### "), name
        assert "airflow pools set jkpi_warehouse 1" in dag["doc"], name
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1), name
        assert dag["timeout"] > 0, name


def test_every_verb_takes_the_one_slot_and_is_tried_again_with_growing_pauses(found: dict[str, Any]) -> None:
    for dag in found["dags"].values():
        for name, task in dag["tasks"].items():
            if task["arguments"] is None:
                assert (name, task["pool"]) == ("all_well", "default_pool")
                continue
            assert task["pool"] == "jkpi_warehouse", name
            assert task["retries"] >= 3, name
            assert task["backoff"] > 1, name
            assert 0 < task["pauses"][0] < task["pauses"][1], name
            assert task["timeout"] > 0, name
            assert not task["callback"], name


def test_the_line_of_the_kpi_dag(found: dict[str, Any]) -> None:
    tasks = found["dags"][KPIS]["tasks"]
    assert {name: task["upstream"] for name, task in tasks.items()} == {
        "check_landing": [],
        "measure": ["check_landing"],
        "check_marts": ["measure"],
        "alert": ["check_marts"],
        "publish": ["alert"],
        "all_well": ["check_landing", "publish"],
    }
    assert {name for name, task in tasks.items() if not task["rule"].lower().endswith("all_success")} == {"measure"}
    assert [" ".join(task["arguments"]) for task in tasks.values() if task["arguments"]] == [
        "check --checkpoint landing",
        "measure",
        "check --checkpoint marts",
        "alert",
        "publish",
    ]


def test_parsing_is_quick(found: dict[str, Any]) -> None:
    assert sorted(found["seconds"]) == ["jkpi_digest.py", "jkpi_kpis.py", "jkpi_load.py"]
    # All do the same work; the quickest of them says what it costs on a machine that is busy otherwise.
    assert min(found["seconds"].values()) < 2


def test_a_workspace_that_does_not_lint_is_an_import_error_with_all_its_problems(
    read_dags: Read, workspace: Path
) -> None:
    for name, key in (("sources/shop.yml", "touchpoints:"), ("journeys/first_order.yml", "owner:")):
        path = workspace / name
        path.write_text(path.read_text(encoding="utf-8").replace(key, f"x{key}", 1), encoding="utf-8")
    found = read_dags(JKPI_WORKSPACE=workspace)
    assert found["dags"] == {}
    for name in ("jkpi_load.py", "jkpi_kpis.py"):
        assert "sources/shop.yml:" in found["errors"][name]
        assert "xtouchpoints" in found["errors"][name]
        assert "journeys/first_order.yml:" in found["errors"][name]
        assert "xowner" in found["errors"][name]


def test_no_workspace_is_an_import_error_that_says_what_to_do(read_dags: Read, tmp_path: Path) -> None:
    assert "JKPI_WORKSPACE is not set" in read_dags()["errors"]["jkpi_load.py"]
    assert "absolute" in read_dags(JKPI_WORKSPACE="examples/starter")["errors"]["jkpi_load.py"]
    assert "jkpi init" in read_dags(JKPI_WORKSPACE=tmp_path)["errors"]["jkpi_kpis.py"]


def test_names_that_dbt_or_python_would_trip_over_are_not_used() -> None:
    names = {path.name for path in (ROOT / "dags").iterdir()} - {"__pycache__"}
    assert not [name for name in names if name.startswith(("dbt_", "__init__"))]
    assert "jkpi.py" not in names
