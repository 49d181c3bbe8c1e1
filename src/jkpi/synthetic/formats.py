"""Rows into files: CSV, JSON lines and Parquet, with or without compression; the same rows give the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jkpi.synthetic.clock import Texts
from jkpi.synthetic.rows import Rows

RAGGED, BROKEN_JSON = "ragged row", "not a JSON object"


@dataclass(frozen=True)
class Format:
    """How a source writes its files."""

    kind: Literal["csv", "jsonl", "parquet"]
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: Literal["gzip", "zstd"] | None = None

    @property
    def suffix(self) -> str:
        """The ending of the file names."""
        return f".{self.kind}" + {"gzip": ".gz", "zstd": ".zst", None: ""}[self.compression]


def write(path: Path, rows: Rows, how: Format) -> None:
    """Write the rows to the file, replacing it."""
    if how.kind == "parquet":
        path.write_bytes(_parquet(rows))
        return
    text = _csv(rows, how.delimiter) if how.kind == "csv" else _json_lines(rows)
    path.write_bytes(_compressed(text.encode(how.encoding), how.compression))


def _csv(rows: Rows, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(rows.columns)
    for number, (fields, fate) in enumerate(zip(_records(rows), rows.fate.tolist(), strict=True)):
        if fate == RAGGED:
            fields = fields[:2] if number % 2 else (*fields, "", fields[0])
        writer.writerow(fields)
    return out.getvalue()


def _json_lines(rows: Rows) -> str:
    names = list(rows.columns)
    lines = []
    for fields, fate in zip(_records(rows), rows.fate.tolist(), strict=True):
        line = json.dumps({name: field for name, field in zip(names, fields, strict=True) if field != ""})
        lines.append(line[: len(line) // 2] if fate == BROKEN_JSON else line)
    return "\n".join(lines) + "\n"


def _records(rows: Rows) -> list[tuple[Any, ...]]:
    return list(zip(*(values.tolist() for values in rows.columns.values()), strict=True))


def _parquet(rows: Rows) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, values in rows.columns.items():
        if values.dtype.kind == "M":
            arrays[name] = pa.array(values.astype("datetime64[ms]"), type=pa.timestamp("ms")).cast(
                pa.timestamp("ms", "UTC")
            )
        else:
            arrays[name] = pa.array([field or None for field in _texts(values)], type=pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out, compression="zstd")
    return out.getvalue()


def _texts(values: Texts) -> list[str]:
    return [str(value) for value in values.tolist()]


def _compressed(data: bytes, how: Literal["gzip", "zstd"] | None) -> bytes:
    if how == "gzip":
        # No file name and no time in the header: the same rows must give the same bytes.
        return gzip.compress(data, compresslevel=6, mtime=0)
    if how == "zstd":
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(data)
        return bytes(sink.getvalue())
    return data
