"""SQL that turns a chunk of numbers into rows: as files contain them, and as the loader lands them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure.generated_instances import Chunk, region_of, tier_of
from benchmarks.measure.maps import AS_OF, JOURNEYS, REGIONS, SCALES, TIERS

if TYPE_CHECKING:
    import pyarrow as pa

_TOUCHPOINTS = [touchpoint for shape in JOURNEYS for touchpoint in shape.touchpoints]
_CHANNELS = [
    shape.channels[number] for shape in JOURNEYS for number, names in enumerate(shape.stages.values()) for _ in names
]
_JOURNEYS = [shape.journey for shape in JOURNEYS]


def instances(chunk: Chunk) -> pa.Table:
    """Journey instances: number, customer number, journey, tier and region."""
    customer = chunk.customer
    place = np.arange(len(customer))
    return table(
        instance=place, number=customer, journey=chunk.journey, tier=tier_of(customer), region=region_of(customer)
    )


def table(**columns: Any) -> pa.Table:
    """Table of integer arrays, with a column place that numbers the rows."""
    import pyarrow as pa

    columns["place"] = np.arange(len(next(iter(columns.values()))))
    return pa.table({name: pa.array(values.astype(np.int64)) for name, values in columns.items()})


def events(number: int, customer: str = "customer") -> str:
    """Events of a chunk in the columns of their source, ordered by time."""
    return (
        f"select {_numbered('E', number)}, p.{customer} as customer,"
        f" {_one_of(_TOUCHPOINTS, 'w.touchpoint')} as touchpoint, {_one_of(_CHANNELS, 'w.touchpoint')} as channel,"
        " make_timestamp(w.at * 1000000) as happened,"
        f" case when w.tier >= 0 then {_one_of(TIERS, 'w.tier')} end as value_tier,"
        f" {_one_of(REGIONS, 'p.region')} as region"
        " from chunk_events w join instances p using (instance) order by w.place"
    )


def answers(number: int, customer: str = "customer") -> dict[str, str]:
    """Question -> responses to it, in the columns of their source."""
    return {
        question: (
            f"select {_numbered('A', number)}, p.{customer} as customer,"
            f" {_one_of(_JOURNEYS, 'p.journey')} || '_{'end' if index else 'effort'}' as survey,"
            f" '{question}' as question, cast(a.score as double) as score,"
            f" make_timestamp(a.at * 1000000) as answered, {_one_of(TIERS, 'p.tier')} as value_tier,"
            f" {_one_of(REGIONS, 'p.region')} as region"
            f" from chunk_answers a join instances p using (instance) where a.question = {index} order by a.place"
        )
        for index, question in enumerate(SCALES)
    }


def as_landed(number: int) -> dict[str, str]:
    """Landing table -> its rows of a chunk: ids prefixed by their source, segments as JSON, hashes, batches."""
    from jkpi.loading.expressions import json_object

    segments = json_object({"value_tier": "value_tier", "region": "region"})
    of_events = {
        **{"event_id": "'events:' || number", "customer_id": "customer", "case_id": "null::varchar"},
        **{"touchpoint": "touchpoint", "channel": "channel", "occurred_at": "happened", "due_at": "null::timestamp"},
        **{"segments": segments, "attributes": "'{}'"},
    }
    landed = {"touchpoint_events": _landed("events", of_events, events(number, "pseudonym"))}
    selects = []
    for question, query in answers(number, "pseudonym").items():
        low, high = SCALES[question]
        columns = {
            **{"response_id": f"'answers_{question}:' || number", "customer_id": "customer"},
            **dict.fromkeys(("case_id", "touchpoint"), "null::varchar"),
            **{"survey": "survey", "question": "question", "score": "score"},
            **{"scale_min": f"{float(low)}::double", "scale_max": f"{float(high)}::double"},
            **dict.fromkeys(("emotion", "emotion_state", "comment"), "null::varchar"),
            **{"asked_at": "null::timestamp", "responded_at": "answered"},
            "segments": "'{}'" if question == "effort" else segments,
        }
        selects.append(_landed(f"answers_{question}", columns, query))
    landed["survey_responses"] = " union all ".join(selects)
    return landed


def _landed(source: str, columns: dict[str, str], query: str) -> str:
    from jkpi.loading.expressions import md5_hash

    _, *others = columns
    time = "occurred_at" if source == "events" else "responded_at"
    texts = {name: name for name in others}
    texts |= {name: f"epoch_us({name})::varchar" for name in others if name.endswith("_at")}
    texts |= {name: f"{name}::varchar" for name in others if name.startswith("sc")}
    made = ", ".join(f"{value} as {name}" for name, value in columns.items())
    return (
        f"select *, {md5_hash(texts.values())} as content_hash, '{source}' as source,"
        f" md5('{source}:' || {batch(time)}) as batch_id,"
        f" least(date_trunc('month', {time}) + interval 1 month, timestamp '{AS_OF}') as loaded_at"
        f" from (select {made} from ({query}))"
    )


def batch(time: str) -> str:
    """Name of a batch before hashing: its month, or the last day."""
    return (
        f"case when {time} >= timestamp '{AS_OF}' - interval 1 day then 'last day' else strftime({time}, '%Y-%m') end"
    )


def _numbered(prefix: str, number: int) -> str:
    return f"'{prefix}{number:05}' || lpad(cast(place as varchar), 7, '0') as number"


def _one_of(values: tuple[str, ...] | list[str], index: str) -> str:
    texts = ", ".join(f"'{value}'" for value in values)
    return f"([{texts}])[{index} + 1]"
