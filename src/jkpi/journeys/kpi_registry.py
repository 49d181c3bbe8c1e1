"""The choice among KPI kinds: what is measured, and what is refused with the reason."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from jkpi.documents.validation_errors import did_you_mean
from jkpi.journeys.behaviour_kpis import (
    Conversion,
    DropOff,
    FirstContact,
    Occurrence,
    PeakEnd,
    RepeatContact,
    SelfService,
    TimeInStage,
    TimeToResolve,
    Volume,
)
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.survey_kpis import Ces, Csat, CsatMean, Emotion, Nps, ResponseRate
from jkpi.journeys.total_kpis import Rate

KPI_KINDS: dict[str, type[KpiBase]] = {
    "csat": Csat,
    "csat_mean": CsatMean,
    "nps": Nps,
    "ces": Ces,
    "response_rate": ResponseRate,
    "drop_off": DropOff,
    "conversion": Conversion,
    "time_to_resolve": TimeToResolve,
    "time_in_stage": TimeInStage,
    "repeat_contact": RepeatContact,
    "occurrence": Occurrence,
    "first_contact": FirstContact,
    "self_service": SelfService,
    "emotion": Emotion,
    "peak_end": PeakEnd,
    "volume": Volume,
    "rate": Rate,
}

_SCORING_KEYS = ("scale", "score", "box", "mean", "weight")


def _check_kind(value: Any) -> Any:
    """Say why before the choice among kinds fails with less to say, at the place where it stands."""
    if not isinstance(value, dict) or "kpi" not in value:
        return value
    kind = value["kpi"] if isinstance(value["kpi"], str) else str(value["kpi"])
    if kind == "emotion" and (scoring_keys := [key for key in _SCORING_KEYS if key in value]):
        _raise_at(
            scoring_keys[0],
            value,
            f"an emotion cannot be scored, so it has no {scoring_keys[0]!r}: it is present or absent, and a"
            " number on it would be made up",
        )
    if kind not in KPI_KINDS:
        _raise_at("kpi", value, f"there is no KPI kind {kind!r}; {did_you_mean(kind, KPI_KINDS)}")
    return value


def _raise_at(key: str, value: dict[str, Any], sentence: str) -> None:
    # A custom message is a template: the sentence goes in as a value, so that its own braces stay as they are.
    error = PydanticCustomError("value_error", "{sentence}", {"sentence": sentence})
    raise ValidationError.from_exception_data("kpi", [InitErrorDetails(type=error, loc=(key,), input=value.get(key))])


Kpi = Annotated[
    Csat
    | CsatMean
    | Nps
    | Ces
    | ResponseRate
    | DropOff
    | Conversion
    | TimeToResolve
    | TimeInStage
    | RepeatContact
    | Occurrence
    | FirstContact
    | SelfService
    | Emotion
    | PeakEnd
    | Volume
    | Rate,
    Field(discriminator="kpi"),
    BeforeValidator(_check_kind),
]
"""One KPI of a map, by its kind."""
