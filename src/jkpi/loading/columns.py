"""Which columns of its files a source needs, and what to say where they are not there."""

from __future__ import annotations

from dataclasses import dataclass, field

from jkpi.documents.documents import nearest
from jkpi.errors import SourceError
from jkpi.loading.landing_schema import landing_of
from jkpi.loading.model import Source
from jkpi.loading.transform_sql import columns_read

_TOLD = 60


@dataclass
class Needs:
    """The columns that `source` reads from `origin`."""

    source: Source
    origin: str
    absent: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return columns_read(self.source)

    def check(self, there: list[str]) -> None:
        """Raises:
        SourceError: naming each missing column, the nearest there is, and all there are.
        """
        self._demand(self.names, there)

    def check_keys(self, there: list[str]) -> None:
        """As `check`, for rows that may leave out what they do not know: only what makes a row one is demanded."""
        columns = self.source.columns
        demanded = [*(columns.event_id or ()), *(columns.response_id or ()), *(columns.invitation_id or ())]
        single = [
            columns.customer_id,
            columns.case_id,
            columns.touchpoint,
            getattr(columns, landing_of(self.source).time),
        ]
        self._demand([*demanded, *(column for column in single if column)], there)
        self.absent = [column for column in self.names if column not in there]

    def warnings(self) -> list[str]:
        """What was let pass, and may be a slip of the pen."""
        return [f"{self.origin}: no row has {column!r}" for column in self.absent]

    def _demand(self, wanted: list[str], there: list[str]) -> None:
        missing = [column for column in wanted if column not in there]
        if not missing:
            return
        told = []
        for column in missing:
            near = nearest(column, there)
            told.append(f"{column!r}" + (f" ({near})" if near.startswith("did you mean") else ""))
        plural = "s" if len(missing) > 1 else ""
        columns = ", ".join(there[:_TOLD]) + (f" and {len(there) - _TOLD} more" if len(there) > _TOLD else "")
        raise SourceError(
            f"source {self.source.source}: {self.origin} has no column{plural} {', '.join(told)}", f"it has: {columns}"
        )
