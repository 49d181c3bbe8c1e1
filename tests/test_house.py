"""The rules of the house: one meaning a name, thin packages, pure modules, a command line that starts at once."""

from __future__ import annotations

import ast
import collections
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

from jkpi.config.receivers import ReceiverConfig, ReceiverKind
from jkpi.journeys.kpi_registry import KPI_KINDS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SOURCE.rglob("*.py"))
}
PURE_CONTRACT = "Pure modules import no I/O"


def test_no_class_name_is_defined_twice() -> None:
    defined = collections.defaultdict(list)
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(module)
    assert {name: modules for name, modules in defined.items() if len(modules) > 1} == {}


def test_a_package_loads_nothing_but_its_docstring() -> None:
    loading = [
        module
        for module, tree in MODULES.items()
        if module.endswith(".__init__") and any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)
    ]
    assert loading == []


def test_every_module_that_says_pure_is_in_the_contract() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (entry for entry in linter["contracts"] if entry["name"] == PURE_CONTRACT)
    listed = tuple(contract["source_modules"])
    pure = [module for module, tree in MODULES.items() if "Pure" in (ast.get_docstring(tree) or "").split("\n\n")[0]]
    missing = [module for module in pure if not f"{module}.".startswith(tuple(f"{name}." for name in listed))]
    assert missing == [], f"list these modules in pyproject.toml, under {PURE_CONTRACT!r}"


def test_each_receiver_model_has_its_kind() -> None:
    union, *_ = get_args(ReceiverConfig)
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union)}
    assert kinds == set(get_args(ReceiverKind))


def test_each_kpi_kind_has_its_model_and_its_row_in_the_documentation() -> None:
    members = (ROOT / "dbt_project/models/intermediate/int_kpi_members.sql").read_text(encoding="utf-8")
    listed = set(re.findall(r"'(\w+)'", members.partition("set kinds = [")[2].partition("]")[0]))
    assert listed | {"rate"} == set(KPI_KINDS), "rate has a source of its own"
    documented = set(
        re.findall(r"^\| `(\w+)`", (ROOT / "docs/concepts/kpis.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(KPI_KINDS) <= documented


def test_every_path_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:src|tests|docs|dbt_project|dags|scripts|benchmarks)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_command_line_starts_without_heavy_libraries() -> None:
    heavy = "sqlalchemy", "pandas", "numpy", "duckdb", "dbt", "great_expectations", "scipy", "pydantic"
    program = "import sys, jkpi.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in heavy if name in loaded] == []
