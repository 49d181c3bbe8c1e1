"""The first door: each canonical chunk is shown to the inspector before it is staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jkpi.loading.rows import RawChunk, Transformed
from jkpi.loading.transform import Transformer
from jkpi.protocols import Inspector

if TYPE_CHECKING:
    import pyarrow as pa


def inspect_chunk(
    transformer: Transformer, chunk: RawChunk, transformed: Transformed, inspect: Inspector | None
) -> tuple[Transformed, str | None, Sequence[Mapping[str, Any]]]:
    """The chunk without the rows that the inspector turned away; why the batch is refused, or None; results."""
    if inspect is None or transformed.rows.num_rows == 0:
        return transformed, None, ()
    frame = transformed.rows.select(list(transformer.landing.columns)).to_pandas()
    found = inspect(transformer.source.kind, transformer.source.source, frame)
    if found.refused is not None or not found.rejected:
        return transformed, found.refused, found.results
    import numpy as np
    import pyarrow as pa

    places = sorted(found.rejected)
    complaints = [found.rejected[place] for place in places]
    told = pa.table(
        {
            "seq": transformed.rows["seq"].take(pa.array(places, pa.int64())),
            "reason": pa.array([complaint.expectation for complaint in complaints], pa.string()),
            "detail": pa.nulls(len(places), pa.string()),
            "severity": pa.array([complaint.severity for complaint in complaints], pa.string()),
        }
    )
    keep = np.ones(transformed.rows.num_rows, dtype=bool)
    keep[places] = False
    turned_away = transformer.originals(chunk, told)
    rest = Transformed(
        rows=transformed.rows.filter(pa.array(keep)),
        rejects=_joined(transformed.rejects, turned_away),
        read=transformed.read,
        skipped=transformed.skipped,
    )
    return rest, None, found.results


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([first, second.cast(first.schema)])
