"""Everything of a workspace in Superset, as the files of one import: databases, datasets, charts, dashboards."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

import yaml

from jkpi.dashboards.assets import Assets, Chart
from jkpi.dashboards.charts import Params
from jkpi.dashboards.database import Database
from jkpi.dashboards.names import certifier, stable_uuid
from jkpi.dashboards.scopes import Subject


@dataclass(frozen=True)
class MadeChart:
    """A chart of the bundle. `marks`: the uuid of the chart whose rows are drawn into it."""

    uuid: str
    name: str
    asset: Chart
    params: Params
    subject: Subject
    marks: str | None = None


@dataclass(frozen=True)
class MadeDashboard:
    """A dashboard of the bundle, and the charts on it, by UUID. `journey` is None for the overview."""

    uuid: str
    slug: str
    title: str
    journey: str | None
    charts: tuple[str, ...]
    content: Params


@dataclass(frozen=True)
class Bundle:
    """What is put into Superset for one workspace."""

    workspace: str
    database: Database
    assets: Assets
    charts: dict[str, MadeChart]
    dashboards: tuple[MadeDashboard, ...]
    journeys: tuple[str, ...] = ()
    files: dict[str, Params] = field(default_factory=dict)

    def dataset_uuid(self, dataset: str) -> str:
        """The UUID of a dataset."""
        return stable_uuid(self.workspace, "dataset", dataset)

    @property
    def signature(self) -> str:
        """What stands as the certifier of everything of this workspace, so that it is known again."""
        return certifier(self.workspace)

    def zipped(self) -> bytes:
        """The files as Superset imports them; the same bytes for the same content."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.files.items()):
                text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
                archive.writestr(zipfile.ZipInfo(f"jkpi/{name}", (2020, 1, 1, 0, 0, 0)), text)
        return out.getvalue()
