"""Everything of a workspace in Superset, as the files of one import: databases, datasets, charts, dashboards."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

import yaml

from jkpi.dashboards.assets import ChartAsset, DashboardAssets
from jkpi.dashboards.charts import ChartParams
from jkpi.dashboards.database import SupersetDatabase
from jkpi.dashboards.names import stable_uuid, workspace_certifier
from jkpi.dashboards.scopes import ChartScope


@dataclass(frozen=True)
class BuiltChart:
    """A chart of the bundle. `annotation_chart_uuid`: the chart whose rows it shows as annotations."""

    uuid: str
    name: str
    asset: ChartAsset
    params: ChartParams
    scope: ChartScope
    annotation_chart_uuid: str | None = None


@dataclass(frozen=True)
class BuiltDashboard:
    """A dashboard of the bundle, and the charts on it, by UUID. `journey` is None for the overview."""

    uuid: str
    slug: str
    title: str
    journey: str | None
    charts: tuple[str, ...]
    content: ChartParams


@dataclass(frozen=True)
class DashboardBundle:
    """All Superset objects of one workspace."""

    workspace: str
    database: SupersetDatabase
    assets: DashboardAssets
    charts: dict[str, BuiltChart]
    dashboards: tuple[BuiltDashboard, ...]
    journeys: tuple[str, ...] = ()
    files: dict[str, ChartParams] = field(default_factory=dict)

    def dataset_uuid(self, dataset: str) -> str:
        """The UUID of a dataset."""
        return stable_uuid(self.workspace, "dataset", dataset)

    @property
    def certifier(self) -> str:
        """The certifier of all objects of this workspace, by which they are recognized."""
        return workspace_certifier(self.workspace)

    def to_zip(self) -> bytes:
        """The files as Superset imports them; the same bytes for the same content."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(self.files.items()):
                text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
                archive.writestr(zipfile.ZipInfo(f"jkpi/{name}", (2020, 1, 1, 0, 0, 0)), text)
        return buffer.getvalue()
