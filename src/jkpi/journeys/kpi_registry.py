"""All KPI kinds, and the union that a map chooses from by the key `kpi`."""

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
    PromisesKept,
    Rate,
    RepeatContact,
    SelfService,
    TimeInStage,
    TimeToResolve,
    Volume,
)
from jkpi.journeys.kpi_base import KpiBase
from jkpi.journeys.survey_kpis import Ces, Csat, CsatMean, Emotion, Nps, ResponseRate

KPI_KINDS: dict[str, type[KpiBase]] = {
    "csat": Csat,
    "csat_mean": CsatMean,
    "nps": Nps,
    "ces": Ces,
    "response_rate": ResponseRate,
    "drop_off": DropOff,
    "conversion": Conversion,
    "time_to_resolve": TimeToResolve,
    "promises_kept": PromisesKept,
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
    """Raise a specific error for unknown kinds and scored emotions, before pydantic's general one."""
    if not isinstance(value, dict) or "kpi" not in value:
        return value
    kind = value["kpi"] if isinstance(value["kpi"], str) else str(value["kpi"])
    if kind == "emotion" and (scoring_keys := [key for key in _SCORING_KEYS if key in value]):
        _raise_at(
            scoring_keys[0],
            value,
            f"an emotion cannot be scored: it is present or absent. Remove {scoring_keys[0]!r}",
        )
    if kind not in KPI_KINDS:
        _raise_at("kpi", value, f"there is no KPI kind {kind!r}; {did_you_mean(kind, KPI_KINDS)}")
    return value


def _raise_at(key: str, value: dict[str, Any], sentence: str) -> None:
    # The sentence is passed as a value, because a custom message is a template and would interpret its braces.
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
    | PromisesKept
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
"""One KPI of a map; `kpi` selects the kind."""
