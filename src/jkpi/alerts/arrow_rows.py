"""Rows of a mart as arrays: those of one series next to each other, in order of their days."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Whole

if TYPE_CHECKING:
    import pyarrow as pa

Key = tuple[str, str]
"""Segment and value."""


class Rows:
    """Rows in order of their series and day, as Arrow brought them; texts only as often as they differ."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches
        self._codes = {name: self._encoded(name) for name in ("segment", "segment_value", "definition")}

    def column(self, name: str) -> Any:
        """(N,): days since 1970, booleans, or floats with NaN where there is nothing."""
        return np.concatenate([plain(batch.column(name)) for batch in self._batches] or [np.zeros(0)])

    def series(self) -> dict[Key, slice]:
        """Where each series lies."""
        (segments, names), (values, labels) = self._codes["segment"], self._codes["segment_value"]
        changed = np.flatnonzero((np.diff(segments) != 0) | (np.diff(values) != 0)) + 1
        edges = [0, *changed.tolist(), len(segments)] if len(segments) else [0]
        return {(names[segments[start]], labels[values[start]]): slice(start, stop) for start, stop in pairwise(edges)}

    def newest(self, span: slice) -> slice:
        """The rows since the definition last changed: another one is another number, with a baseline of its own."""
        changed = np.flatnonzero(np.diff(self._codes["definition"][0][span]) != 0)
        return slice(span.start + int(changed[-1]) + 1, span.stop) if len(changed) else span

    def definition(self, span: slice) -> str | None:
        """That of the newest row; None where there is none."""
        codes, texts = self._codes["definition"]
        return texts[codes[span.stop - 1]] if span.stop > span.start else None

    def _encoded(self, name: str) -> tuple[Whole, list[Any]]:
        """(N,) codes, and the texts that they stand for."""
        import pyarrow as pa

        if not self._batches:
            return np.zeros(0, dtype=np.intp), []
        texts = pa.chunked_array([batch.column(name).cast(pa.string()) for batch in self._batches])
        encoded = texts.combine_chunks().dictionary_encode(null_encoding="encode")
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp), encoded.dictionary.to_pylist()


def plain(array: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_date(array.type):
        return array.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return array.to_numpy(zero_copy_only=False)
