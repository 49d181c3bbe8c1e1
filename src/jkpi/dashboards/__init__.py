"""Superset: what dashboards read, the dashboards as code, and how they are put there."""

from jkpi.dashboards.copying import is_measured, publish_tables
from jkpi.dashboards.publish import DashboardReport, publish_dashboards

__all__ = ["DashboardReport", "is_measured", "publish_dashboards", "publish_tables"]
