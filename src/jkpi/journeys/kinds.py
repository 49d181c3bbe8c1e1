"""The choice among KPI kinds: what is measured, and what is refused with the reason."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from jkpi.documents import nearest
from jkpi.journeys.kpis import (
    Ces,
    Conversion,
    Csat,
    DropOff,
    KpiBase,
    Nps,
    Occurrence,
    RepeatContact,
    TimeInStage,
    TimeToResolve,
    Volume,
)

KINDS: dict[str, type[KpiBase]] = {
    "csat": Csat,
    "nps": Nps,
    "ces": Ces,
    "drop_off": DropOff,
    "conversion": Conversion,
    "time_to_resolve": TimeToResolve,
    "time_in_stage": TimeInStage,
    "repeat_contact": RepeatContact,
    "occurrence": Occurrence,
    "volume": Volume,
}

UNMEASURED = {
    "csat_mean": "the mean of a satisfaction score",
    "response_rate": "the share of invitations that were answered",
    "first_contact": "the share resolved with one contact",
    "self_service": "the share that needed nobody",
    "emotion": "an emotion that is present or absent",
    "peak_end": "the peak and the end of an experience",
}

_SCORING = ("scale", "score", "box", "target", "mean", "weight")


def _refuse_unmeasured(value: Any) -> Any:
    """Say why before the choice among kinds fails with less to say, at the place where it stands."""
    if not isinstance(value, dict) or "kpi" not in value:
        return value
    kind = value["kpi"] if isinstance(value["kpi"], str) else str(value["kpi"])
    if kind == "emotion" and (scored := [key for key in _SCORING if key in value]):
        _refuse(
            scored[0],
            value,
            f"an emotion cannot be scored, so it has no {scored[0]!r}: it is present or absent, and a"
            " number on it would be made up",
        )
    if kind in UNMEASURED:
        _refuse("kpi", value, f"{kind} ({UNMEASURED[kind]}) is not measured yet; measured are: {', '.join(KINDS)}")
    if kind not in KINDS:
        _refuse("kpi", value, f"there is no KPI kind {kind!r}; {nearest(kind, [*KINDS, *UNMEASURED])}")
    return value


def _refuse(key: str, value: dict[str, Any], sentence: str) -> None:
    # A custom message is a template: the sentence goes in as a value, so that its own braces stay as they are.
    error = PydanticCustomError("value_error", "{sentence}", {"sentence": sentence})
    raise ValidationError.from_exception_data("kpi", [InitErrorDetails(type=error, loc=(key,), input=value.get(key))])


Kpi = Annotated[
    Csat | Nps | Ces | DropOff | Conversion | TimeToResolve | TimeInStage | RepeatContact | Occurrence | Volume,
    Field(discriminator="kpi"),
    BeforeValidator(_refuse_unmeasured),
]
"""One KPI of a map, by its kind."""
