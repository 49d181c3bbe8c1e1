"""Superset: what dashboards read, the dashboards as code, and how they are put there."""

from jkpi.dashboards.copying import coarse_kpis, is_measured, publish_tables
from jkpi.dashboards.publish import DashboardReport, publish_dashboards

__all__ = ["DashboardReport", "coarse_kpis", "is_measured", "publish_dashboards", "publish_tables"]
