"""The only door to the warehouse: DuckDB (embedded) or PostgreSQL, behind the same few verbs."""

from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.door import open_warehouse
from jkpi.warehouse.landing import LANDING_TABLES, ensure_landing

__all__ = ["LANDING_TABLES", "Warehouse", "ensure_landing", "open_warehouse"]
