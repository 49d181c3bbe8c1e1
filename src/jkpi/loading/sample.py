"""Read the first rows of a source as a load would, and load nothing: mistakes show before they become numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError, SourceError
from jkpi.loading.databases import Query
from jkpi.loading.file_query import FileQuery, fingerprint_of, named_files, open_file
from jkpi.loading.files import find_files
from jkpi.loading.model import Source
from jkpi.loading.required_columns import RequiredColumns
from jkpi.loading.rows import RowSource
from jkpi.loading.transform import Transformer
from jkpi.protocols import NO_PROGRESS

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_ROWS = 1000
MAX_QUERY_BYTES = 200_000_000
"""A query over larger files is not run for a sample, because it must read all of them."""
_MAX_VALUES = 5
_MIN_ROWS = 3
"""A column that is empty in fewer rows says nothing."""
_HINTS = {
    "not UTF-8": "write the encoding of the file, such as format: {encoding: cp1252}",
    "ragged row": "check format.delimiter and format.quote",
    "unreadable date": "write its format, such as format: {timestamps: '%d/%m/%Y %H:%M'}",
    "impossible date": "check the order of day and month in format.timestamps",
    "unknown touchpoint": "add it to touchpoints:, or null to skip it",
}
"""Reject reason -> what to do."""


@dataclass(frozen=True)
class SampleReport:
    """What the first rows of a source show. errors: a load would fail. warnings: rows would be rejected or empty."""

    source: str
    rows: int = 0
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def sample_source(source: Source, settings: Settings) -> SampleReport:
    """Transform up to SAMPLE_ROWS rows of the first and of the last file of a source, or of its query."""
    try:
        samples = list(_row_sources(source, settings.workspace))
    except InputError as error:
        return _unread(source, error)
    read, errors, warnings = 0, [], []
    for rows, required_columns in samples:
        try:
            rejects, chunk, count = _transform_sample(source, settings, rows)
        except SourceError as error:
            errors.append(f"{error.message}; {error.hint}" if error.hint else error.message)
            continue
        except InputError as error:
            # A secret that is not set here is no mistake of the YAML.
            return _unread(source, error)
        read += count
        warnings += [f"{source.source}: {line}" for line in required_columns.warnings()]
        warnings += [f"{source.source}: {rows.origin}: {line}" for line in _reject_lines(source, rejects, count)]
        warnings += [f"{source.source}: {rows.origin}: {line}" for line in _empty_segments(source, chunk)]
    return SampleReport(source.source, read, tuple(errors), tuple(warnings))


def _unread(source: Source, error: InputError) -> SampleReport:
    """A source that cannot be read from here, perhaps because its data is somewhere else."""
    hint = f" ({error.hint})" if error.hint else ""
    return SampleReport(source.source, warnings=(f"{error.message}{hint}; its rows were not looked at",))


def _row_sources(source: Source, workspace: Path) -> Iterator[tuple[RowSource, RequiredColumns]]:
    if source.origin.sql is not None:
        required_columns = RequiredColumns(source, "the query")
        yield (
            Query(source, workspace, None, required_columns.check_all, NO_PROGRESS, chunk_rows=SAMPLE_ROWS),
            required_columns,
        )
        return
    if source.origin.tables:
        files = named_files(source, workspace)
        size = sum(path.stat().st_size for paths in files.values() for path in paths)
        if size > MAX_QUERY_BYTES:
            raise InputError(f"source {source.source}: its files have {size / 1e6:,.0f} MB")
        required_columns = RequiredColumns(source, "the query")
        fingerprint = fingerprint_of(source, files)
        yield (
            FileQuery(source, workspace, files, fingerprint, required_columns.check_all, NO_PROGRESS),
            required_columns,
        )
        return
    paths = find_files(source, workspace)
    for path in dict.fromkeys((paths[0], paths[-1])):
        origin = str(path.relative_to(workspace)) if path.is_relative_to(workspace) else str(path)
        required_columns = RequiredColumns(source, origin)
        rows = open_file(
            path,
            origin,
            source.format,
            required_columns.names,
            required_columns.check_all,
            required_columns.check_identifying,
            NO_PROGRESS,
        )
        rows.chunk_rows = SAMPLE_ROWS
        yield rows, required_columns


def _transform_sample(source: Source, settings: Settings, rows: RowSource) -> tuple[pa.Table, pa.Table, int]:
    """Rejects, raw rows, and the number of events of the first chunk."""
    import pyarrow as pa

    closing_rows = rows if isinstance(rows, Query | FileQuery) else None
    transformer = Transformer(source, settings.now, None, settings.latest_row_time, rows.strict_times)
    with closing(transformer):
        try:
            for chunk in rows.chunks():
                first = replace(chunk, table=chunk.table.slice(0, SAMPLE_ROWS))
                transformed = transformer(first)
                return transformed.rejects, first.table, transformed.read
        finally:
            if closing_rows is not None:
                closing_rows.close()
    return pa.table({"reason": pa.array([], pa.string()), "detail": pa.array([], pa.string())}), pa.table({}), 0


def _reject_lines(source: Source, rejects: pa.Table, read: int) -> Iterator[str]:
    """One line a reason, the most frequent first, with the values that occur most."""
    details: dict[str, Counter[str]] = {}
    for row in rejects.select(["reason", "detail"]).to_pylist():
        details.setdefault(row["reason"], Counter())[row["detail"] or ""] += 1
    for reason, values in sorted(details.items(), key=lambda item: -item[1].total()):
        known = [name for name in (source.touchpoints or {}) if reason == "unknown touchpoint"]
        examples = ", ".join(_example(value, count, known) for value, count in values.most_common(_MAX_VALUES) if value)
        more = f" and {len(values) - _MAX_VALUES} more" if len(values) > _MAX_VALUES else ""
        listed = f": {examples}{more}" if examples else ""
        hint = f" ({_HINTS[reason]})" if reason in _HINTS else ""
        yield f"{values.total():,} of the first {read:,} rows would be rejected, {reason}{listed}{hint}"


def _example(value: str, count: int, known: Sequence[str]) -> str:
    suggestion = did_you_mean(value, known) if known else ""
    return f"{value!r} ({count:,})" + (f" {suggestion}" if suggestion.startswith("did you mean") else "")


def _empty_segments(source: Source, chunk: pa.Table) -> Iterator[str]:
    """Segments without a single value: their customers would all be in '(none)'."""
    import pyarrow.compute as pc

    unknown: set[Any] = {None, "", *source.format.nulls}
    for segment, column in ((name, mapping.column) for name, mapping in source.columns.segments.items()):
        if (
            chunk.num_rows >= _MIN_ROWS
            and column in chunk.column_names
            and set(pc.unique(chunk[column]).to_pylist()) <= unknown
        ):
            yield f"column {column!r} of the segment {segment!r} is empty in the first {chunk.num_rows:,} rows"
