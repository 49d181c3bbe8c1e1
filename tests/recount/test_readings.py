"""Every reading against a second count, written from the definitions alone with pandas, scipy and statsmodels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from jkpi.synthetic import generate

sys.path.insert(0, str(Path(__file__).parent))
from facts import Facts, read_facts, read_readings
from passages import assert_plain
from readings import KEY, NUMBERS, all_readings
from tangle import NOW, tangle

pytestmark = pytest.mark.slow
JKPI = Path(sys.executable).parent / "jkpi"
EXAMPLES = Path(__file__).parents[2] / "examples"

SOURCES = {
    "equipment_repair": {
        **dict.fromkeys(["self_service_search", "self_service_not_found"], "web"),
        **dict.fromkeys(["fault_reported", "call_transferred", "fault_reported_again"], "calls"),
        **dict.fromkeys(["case_opened", "fault_diagnosed", "visit_scheduled"], "tickets"),
        **dict.fromkeys(["visit_requested", "part_picked", "technician_arrived", "machine_running"], "visits"),
        **dict.fromkeys(["repair_confirmed", "survey_sent", "case_closed"], "tickets"),
        **{"effort": "answers_call", "satisfaction": "answers_repair", "recommend": "answers_recommend"},
    },
    "spare_parts": {
        **dict.fromkeys(["part_searched", "part_not_found", "availability_shown"], "shop"),
        **dict.fromkeys(["quote_sent", "alternative_offered"], "erp"),
        **dict.fromkeys(["order_placed", "order_confirmed", "order_cancelled"], "erp"),
        **dict.fromkeys(["part_shipped", "part_delivered", "delivery_confirmed"], "parcels"),
        **{"advice_asked": "desk", "satisfaction": "answers_delivery", "recommend": "recommend"},
    },
}
BLIND = {"equipment_repair": "visits", "spare_parts": "erp"}
CASES = ["equipment_repair as landed", "equipment_repair tangled", "spare_parts tangled"]


def jkpi(*arguments: str | Path, fine: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run([JKPI, *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode in fine, done.stdout + done.stderr


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example whose data are landed and checked: the planted damages fail checks, and are part of it."""
    folder = tmp_path_factory.mktemp("recount") / "equipment_repair"
    shutil.copytree(EXAMPLES / "equipment_repair", folder)
    generate("equipment_repair", folder)
    jkpi("load", "-w", folder)
    jkpi("check", "-w", folder, fine=(0, 1))
    return folder


@pytest.fixture(scope="module", params=CASES)
def compared(
    request: pytest.FixtureRequest, landed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Facts, pd.DataFrame]:
    """The facts; and both counts side by side, the product's with the suffix `_product`."""
    name, kind = request.param.split(" ", 1)
    if kind == "tangled":
        folder = tmp_path_factory.mktemp("tangled") / name
        shutil.copytree(EXAMPLES / name, folder)
        shutil.copy(landed / "warehouse.duckdb", folder)
        tangle(folder, SOURCES[name], BLIND[name])
        jkpi("measure", "--full-refresh", "--now", f"{NOW.isoformat()}Z", "-w", folder)
        facts = read_facts(folder, as_of=NOW)
    else:
        folder = landed
        jkpi("measure", "-w", folder)
        facts = read_facts(folder)
    assert_plain(facts)
    product = read_readings(folder / "warehouse.duckdb")
    product = product.astype({"period_start": "datetime64[us]", "matures_at": "datetime64[us]"})
    sides = all_readings(facts).merge(product, on=KEY, how="outer", suffixes=("", "_product"), indicator=True)
    return facts, sides


Compared = tuple[Facts, pd.DataFrame]


def test_both_have_the_same_readings(compared: Compared) -> None:
    _, sides = compared
    alone = sides[sides["_merge"] != "both"]
    assert alone.empty, alone[[*KEY, "_merge"]].head(20)
    assert len(sides) > 1000
    assert not sides.duplicated(KEY).any()


@pytest.mark.parametrize("number", NUMBERS)
def test_both_have_the_same_numbers(compared: Compared, number: str) -> None:
    _, sides = compared
    if number in ("ci_low", "ci_high"):
        sides = sides[sides["statistic"] != "mean"]
    assert_same(sides, number)


def test_a_mean_of_few_answers_is_as_uncertain_as_it_is(compared: Compared) -> None:
    facts, sides = compared
    means = sides[sides["statistic"] == "mean"]
    if means.empty:
        pytest.skip(f"{facts.journey['journey']} has no mean")
    assert_same(means, "ci_low")
    assert_same(means, "ci_high")


def test_both_mature_at_the_same_time(compared: Compared) -> None:
    _, sides = compared
    other = sides[sides["matures_at"] != sides["matures_at_product"]]
    assert other.empty, other[[*KEY, "matures_at", "matures_at_product"]].head(20)


def test_nothing_is_final_before_its_time_nor_said_by_the_blind(compared: Compared) -> None:
    _, sides = compared
    assert {"final", "provisional", "withheld"} <= set(sides["status"])
    told = sides[sides["status_product"] != "withheld"]
    other = told[told["status"] != told["status_product"]]
    assert other.empty, other[[*KEY, "status", "status_product"]].head(20)


def test_nothing_is_withheld_for_a_source_that_cannot_change_it(compared: Compared) -> None:
    _, sides = compared
    other = sides[sides["status"] != sides["status_product"]]
    assert other.empty, other[[*KEY, "status", "status_product"]].head(20)


def assert_same(sides: pd.DataFrame, number: str) -> None:
    """Equal within 1e-9 of the larger of 1 and the number; NULL only where the other is NULL."""
    mine, theirs = sides[number].astype(float), sides[f"{number}_product"].astype(float)
    apart = (mine - theirs).abs() / mine.abs().clip(lower=1) > 1e-9
    other = sides[apart | (mine.isna() != theirs.isna())]
    assert other.empty, other[[*KEY, number, f"{number}_product"]].head(20)
