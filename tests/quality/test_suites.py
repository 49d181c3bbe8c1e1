from __future__ import annotations

import json
import logging
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

from jkpi import package_files
from jkpi.quality.great_expectations import silenced
from jkpi.quality.marts import MART_KEYS
from jkpi.quality.suites import SEVERITIES, load_suite, suite_file

FILES = sorted((package_files.package_folder("expectations") / "suites").glob("*.json"))
GOOD: dict[str, Any] = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "event_id"},
    "severity": "warning",
    "meta": {"name": "has_id"},
}


def write(folder: Path, *expectations: Any, name: str = "mine") -> Path:
    file = folder / "mine.json"
    file.write_text(json.dumps({"name": name, "expectations": list(expectations)}), encoding="utf-8")
    return file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shipped_suites_load_completely(file: Path) -> None:
    written = json.loads(file.read_text(encoding="utf-8"))["expectations"]

    suite = load_suite(file)

    assert suite.faults == ()
    assert suite.size == len(written)
    assert all(expectation["severity"] in SEVERITIES and expectation["notes"].endswith(".") for expectation in written)


def test_every_kind_and_checkpoint_has_a_suite() -> None:
    kinds = {f"incoming_{kind}" for kind in ("touchpoints", "responses", "invitations", "customers", "counts")}

    assert {file.stem for file in FILES} == kinds | {f"marts_{mart}" for mart in MART_KEYS} | {
        "landing_daily_volume",
        "landing_sources",
    }


def test_the_folder_is_a_project_of_great_expectations(tmp_path: Path) -> None:
    project = tmp_path / "expectations"
    shutil.copytree(package_files.package_folder("expectations"), project)
    with silenced():
        import great_expectations as gx

        names = {suite.name for suite in gx.get_context(context_root_dir=project, mode="file").suites.all()}

    assert names == {file.stem for file in FILES}


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({**GOOD, "type": "expect_column_values_to_be_nul"}, "expect_column_values_to_be_nul not found"),
        ({**GOOD, "kwargs": {"colum": "event_id"}}, "colum"),
        ({**GOOD, "type": "expect_column_values_to_be_between"}, "min_value and max_value cannot both be None"),
        ({**GOOD, "severity": "grave"}, "needs a severity: critical, warning, info"),
        ({key: value for key, value in GOOD.items() if key != "severity"}, "needs a severity"),
        ({**GOOD, "meta": {}}, "needs a name in its meta"),
        ("has_id", "needs a name in its meta"),
    ],
)
def test_unusable_expectation_is_reported_with_file_and_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: Any, problem: str
) -> None:
    with warnings.catch_warnings(), caplog.at_level(logging.DEBUG, "great_expectations"):
        warnings.simplefilter("error")
        suite = load_suite(write(tmp_path, {**GOOD, "meta": {"name": "first"}}, broken))

    (fault,) = suite.faults
    assert fault.startswith("mine.json: expectation 2 (")
    assert problem in fault
    assert suite.size == 1


def test_repeated_expectation_name_is_a_fault(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, GOOD, {**GOOD, "kwargs": {"column": "touchpoint"}}))

    assert suite.faults == ("mine.json: expectation 2 (has_id): another expectation has this name",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "mine.json: not valid JSON"),
        ("[]", "its name must be 'mine'"),
        ('{"name": "yours", "expectations": []}', "its name must be 'mine'"),
        ('{"name": "mine", "expectations": []}', "has no expectations"),
        ('{"name": "mine"}', "has no expectations"),
    ],
)
def test_invalid_suite_file_is_a_fault(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")

    (fault,) = load_suite(file).faults

    assert problem in fault


def test_missing_suite_file_is_a_fault() -> None:
    (fault,) = load_suite(suite_file("incoming_letters")).faults

    assert fault == "incoming_letters.json: cannot be read: No such file or directory"
