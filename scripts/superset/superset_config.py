"""Settings of Superset for `make superset`: one machine, loopback, metadata in SQLite, no telemetry."""

import os
from pathlib import Path

HOME = Path(os.environ["SUPERSET_HOME"])
SECRET_KEY = (HOME / "secret.key").read_text(encoding="utf-8").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false"
# Users who may see a journey may see its dashboard, through their role.
FEATURE_FLAGS = {"DASHBOARD_RBAC": True}
# No DATA_CACHE_CONFIG: so a chart shows the newest published data.
# SQLite databases cannot be attached from the user interface; DuckDB opens the file of its URI and reads nothing else.
PREVENT_UNSAFE_DB_CONNECTIONS = True
RATELIMIT_ENABLED = False
WTF_CSRF_ENABLED = True
SCARF_ANALYTICS = False
LOG_LEVEL = "WARNING"
