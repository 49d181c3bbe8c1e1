"""Apply the validator to a chunk: rows it rejects move from the accepted rows to the rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jkpi.loading.rows import RawChunk, TransformedChunk
from jkpi.loading.transform import Transformer
from jkpi.protocols import ChunkValidator

if TYPE_CHECKING:
    import pyarrow as pa


def apply_validation(
    transformer: Transformer, chunk: RawChunk, transformed: TransformedChunk, validator: ChunkValidator | None
) -> tuple[TransformedChunk, str | None, Sequence[Mapping[str, Any]]]:
    """Return the chunk without rejected rows, why the batch is refused (None if it is not), and validation results."""
    if validator is None or transformed.rows.num_rows == 0:
        return transformed, None, ()
    frame = transformed.rows.select(list(transformer.landing.columns)).to_pandas()
    validation = validator(transformer.source.kind, transformer.source.source, frame)
    if validation.refusal is not None or not validation.rejected:
        return transformed, validation.refusal, validation.results
    import numpy as np
    import pyarrow as pa

    positions = sorted(validation.rejected)
    rejections = [validation.rejected[position] for position in positions]
    reasons = pa.table(
        {
            "seq": transformed.rows["seq"].take(pa.array(positions, pa.int64())),
            "reason": pa.array([rejection.reason for rejection in rejections], pa.string()),
            "detail": pa.array([rejection.expectation or None for rejection in rejections], pa.string()),
            "severity": pa.array([rejection.severity for rejection in rejections], pa.string()),
        }
    )
    keep = np.ones(transformed.rows.num_rows, dtype=bool)
    keep[positions] = False
    rejects = transformer.with_originals(chunk, reasons)
    accepted = TransformedChunk(
        rows=transformed.rows.filter(pa.array(keep)),
        rejects=_concatenated(transformed.rejects, rejects),
        read=transformed.read,
        skipped=transformed.skipped,
        deletions=transformed.deletions,
    )
    return accepted, None, validation.results


def _concatenated(first: pa.Table, second: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([first, second.cast(first.schema)])
