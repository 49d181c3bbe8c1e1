"""Delete what is kept for a time only: the original rows of rejects, and the comments of customers."""

from __future__ import annotations

from datetime import datetime, timedelta

from jkpi.config.settings import Settings
from jkpi.warehouse.base import Warehouse


def delete_expired(warehouse: Warehouse, settings: Settings) -> None:
    """Delete what is older than the settings allow, of all sources.

    A rejected row keeps counting, with status `expired`, and can no longer be replayed. A response stays; only its
    comment is deleted. If its file is loaded again, it still counts as a duplicate, and the comment stays deleted.
    """
    warehouse.execute(
        "update raw.rejected_rows set status = 'expired', original = null"
        " where status = 'open' and rejected_at < cast(:before as timestamp)",
        {"before": _before(settings.now, settings.rejects_retention)},
    )
    if settings.comments_retention is not None:
        warehouse.execute(
            "update raw.survey_responses set comment = null"
            " where comment is not null and responded_at < cast(:before as timestamp)",
            {"before": _before(settings.now, settings.comments_retention)},
        )


def _before(now: datetime, retention: timedelta) -> datetime:
    return (now - retention).replace(tzinfo=None)
