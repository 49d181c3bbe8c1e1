"""The columns that a source needs, and the check that a file or query has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import SourceError
from jkpi.loading.landing_schema import landing_table_for
from jkpi.loading.model import Source
from jkpi.loading.rows import WAVE_COLUMN
from jkpi.loading.transform_sql import mapped_columns

_MAX_LISTED = 60


@dataclass
class RequiredColumns:
    """The columns that `source` needs from `origin`. missing_optional: filled by `check_identifying`."""

    source: Source
    origin: str
    missing_optional: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [column for column in mapped_columns(self.source) if column != WAVE_COLUMN]

    def check_all(self, available: list[str]) -> None:
        """Require all columns.

        Raises:
            SourceError: with each missing column, the most similar one, and all available columns.
        """
        self._require(self.names, available)

    def check_identifying(self, available: list[str]) -> None:
        """Like `check_all`, for rows that may omit columns: only identifying columns are required."""
        columns = self.source.columns
        id_columns = [*(columns.event_id or ()), *(columns.response_id or ()), *(columns.invitation_id or ())]
        single = [
            columns.customer_id,
            columns.case_id,
            columns.touchpoint,
            getattr(columns, landing_table_for(self.source).time_column),
        ]
        self._require([*id_columns, *(column for column in single if column)], available)
        self.missing_optional = [column for column in self.names if column not in available]

    def warnings(self) -> list[str]:
        """Warnings for missing optional columns, which may be typing errors."""
        return [f"{self.origin}: no row has {column!r}" for column in self.missing_optional]

    def _require(self, required: list[str], available: list[str]) -> None:
        missing = [column for column in required if column not in available]
        if not missing:
            return
        labels = []
        for column in missing:
            suggestion = did_you_mean(column, available)
            labels.append(f"{column!r}" + (f" ({suggestion})" if suggestion.startswith("did you mean") else ""))
        plural = "s" if len(missing) > 1 else ""
        columns = ", ".join(available[:_MAX_LISTED]) + (
            f" and {len(available) - _MAX_LISTED} more" if len(available) > _MAX_LISTED else ""
        )
        raise SourceError(
            f"source {self.source.source}: {self.origin} has no column{plural} {', '.join(labels)}",
            f"it has: {columns}",
        )
