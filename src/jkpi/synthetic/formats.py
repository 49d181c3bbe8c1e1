"""Write rows to files: CSV, JSON Lines and Parquet, with or without compression; the same rows give the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jkpi.synthetic.clock import TextArray
from jkpi.synthetic.rows import SourceRows

RAGGED, BROKEN_JSON = "ragged row", "not a JSON object"


@dataclass(frozen=True)
class OutputFormat:
    """How a source writes its files."""

    kind: Literal["csv", "jsonl", "parquet"]
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: Literal["gzip", "zstd"] | None = None

    @property
    def suffix(self) -> str:
        """The ending of the file names."""
        return f".{self.kind}" + {"gzip": ".gz", "zstd": ".zst", None: ""}[self.compression]


def write_file(path: Path, rows: SourceRows, output_format: OutputFormat) -> None:
    """Write the rows to the file, replacing it."""
    if output_format.kind == "parquet":
        path.write_bytes(_parquet_bytes(rows))
        return
    text = _csv_text(rows, output_format.delimiter) if output_format.kind == "csv" else _json_lines_text(rows)
    path.write_bytes(_compress(text.encode(output_format.encoding), output_format.compression))


def _csv_text(rows: SourceRows, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(rows.columns)
    for number, (fields, status) in enumerate(zip(_records(rows), rows.status.tolist(), strict=True)):
        if status == RAGGED:
            fields = fields[:2] if number % 2 else (*fields, "", fields[0])
        writer.writerow(fields)
    return out.getvalue()


def _json_lines_text(rows: SourceRows) -> str:
    names = list(rows.columns)
    lines = []
    for fields, status in zip(_records(rows), rows.status.tolist(), strict=True):
        line = json.dumps({name: field for name, field in zip(names, fields, strict=True) if field != ""})
        lines.append(line[: len(line) // 2] if status == BROKEN_JSON else line)
    return "\n".join(lines) + "\n"


def _records(rows: SourceRows) -> list[tuple[Any, ...]]:
    return list(zip(*(values.tolist() for values in rows.columns.values()), strict=True))


def _parquet_bytes(rows: SourceRows) -> bytes:
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


def _texts(values: TextArray) -> list[str]:
    return [str(value) for value in values.tolist()]


def _compress(data: bytes, compression: Literal["gzip", "zstd"] | None) -> bytes:
    if compression == "gzip":
        # No file name and no time in the header: the same rows must give the same bytes.
        return gzip.compress(data, compresslevel=6, mtime=0)
    if compression == "zstd":
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(data)
        return bytes(sink.getvalue())
    return data
