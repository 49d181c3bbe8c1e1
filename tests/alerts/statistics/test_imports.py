"""Importing the statistics loads no database driver and no scipy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jkpi.alerts.statistics

PACKAGE = Path(jkpi.alerts.statistics.__file__).parent
HEAVY = ("scipy", "sqlalchemy", "duckdb", "pyarrow", "yaml", "pydantic", "apprise", "jkpi.warehouse", "jkpi.config")


def test_importing_every_module_of_statistics_is_cheap() -> None:
    modules = sorted(f"jkpi.alerts.statistics.{path.stem}" for path in PACKAGE.glob("*.py") if path.stem != "__init__")
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "jkpi.alerts.statistics.cusum" in loaded
    assert [name for name in loaded if name in HEAVY] == []
