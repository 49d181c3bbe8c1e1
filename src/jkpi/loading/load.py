"""Load a source. Each file or query is one batch, which lands completely or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.errors import InputError, SourceError
from jkpi.loading.databases import Query, greatest_watermark
from jkpi.loading.file_query import FileQuery, fingerprint_of, named_files, open_file
from jkpi.loading.files import file_fingerprint, find_files, wave_of_file
from jkpi.loading.load_log import Batch, cursor_values, loaded_batches, record_empty, record_refused
from jkpi.loading.model import Source
from jkpi.loading.prefetch import prefetch
from jkpi.loading.pseudonyms import asks_for_pseudonyms, hashed_ids
from jkpi.loading.report import BatchReport, balanced_report
from jkpi.loading.required_columns import RequiredColumns
from jkpi.loading.rows import PARTS_PER_ROW, ROW_COLUMN, WAVE_COLUMN, RawChunk, RowSource
from jkpi.loading.staging import Staging
from jkpi.loading.transform import Transformer
from jkpi.loading.validation import apply_validation
from jkpi.protocols import NO_PROGRESS, ChunkValidator, Progress
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing

if TYPE_CHECKING:
    import pyarrow as pa

STAGING_MEMORY = "768MB"
CONFLICT_REASON = "same id, other content"


@dataclass
class Loader:
    """Loader of the batches of one source. results: validation results of the current batch."""

    source: Source
    settings: Settings
    warehouse: Warehouse
    validator: ChunkValidator | None
    replacing: bool = False
    results: list[Mapping[str, Any]] = field(default_factory=list)
    empty_batches: list[Batch] = field(default_factory=list)
    unreadable: list[tuple[Batch, str]] = field(default_factory=list)

    def run(self, rows: RowSource, batch: Batch, required_columns: RequiredColumns) -> BatchReport:
        """Load one batch: transform, validate, stage, commit."""
        self.results = []
        query = rows if isinstance(rows, Query) else None
        key = pseudonym_key(self.source, self.settings)
        transformer = Transformer(self.source, self.settings.now, key, self.settings.latest_row_time, rows.strict_times)
        with (
            closing(transformer),
            Staging(self.warehouse, transformer.landing, self.source.source, self.replacing) as staging,
        ):
            refusal, read = None, 0
            with prefetch((chunk, transformer(chunk)) for chunk in rows.chunks()) as pairs:
                for chunk, transformed in pairs:
                    accepted, refusal, results = apply_validation(transformer, chunk, transformed, self.validator)
                    self.results.extend(results)
                    read += accepted.read
                    if refusal is not None:
                        break
                    staging.add(accepted)
            if refusal is not None:
                report = BatchReport(
                    self.source.source, batch.origin, "refused", batch.batch_id, read=read, reason=refusal
                )
                return record_refused(self.warehouse, batch, report, self.results)
            if read == 0:
                return BatchReport(self.source.source, batch.origin, "empty")
            if query is not None:
                batch = _with_content(batch, query)
            report = settle(staging, transformer, rows, batch, required_columns.warnings())
            is_unchanged = report.read == report.duplicates + report.skipped and not staging.changes_landed_rows()
            if query is not None and not self.replacing and is_unchanged:
                return BatchReport(self.source.source, batch.origin, "unchanged")
            report = staging.commit(batch, report, self.results)
            self.replacing = False
            return report


def load_source(
    source: Source,
    settings: Settings,
    warehouse: Warehouse,
    validator: ChunkValidator | None = None,
    progress: Progress = NO_PROGRESS,
    replace: bool = False,
) -> list[BatchReport]:
    """Load what is new of a source.

    Args:
        validator: the incoming checkpoint; None accepts all rows.
        replace: delete the rows the source loaded before, in the transaction of the first batch, and load all again.

    Returns:
        One report per file, in order of the paths, or one for the query.

    Raises:
        SourceError: files that could not be read; the others were loaded.
        InputError: the source needs pseudonyms, and there is no key.
    """
    ensure_landing(warehouse)
    loader = Loader(source, settings, warehouse, validator, replace)
    with warehouse.limited_memory(STAGING_MEMORY):
        return _load_all(loader, progress)


def _load_all(loader: Loader, progress: Progress) -> list[BatchReport]:
    source = loader.source
    if source.origin.sql is not None:
        return [_load_query(loader, progress)]
    loaded_ids = set() if loader.replacing else loaded_batches(loader.warehouse, source.source)
    if source.origin.tables:
        return [_load_file_query(loader, loaded_ids, progress)]
    reports: list[BatchReport] = []
    failures: list[SourceError] = []
    for path in find_files(source, loader.settings.workspace):
        try:
            report = _load_file(loader, path, loaded_ids, progress)
        except SourceError as failure:
            failures.append(failure)
            continue
        loaded_ids.add(report.batch_id)
        reports.append(report)
    # Only now, because replacing deletes the load log of the source.
    record_empty(loader.warehouse, loader.empty_batches)
    for batch, reason in loader.unreadable:
        record_refused(loader.warehouse, batch, BatchReport(source.source, batch.origin, "refused", reason=reason), ())
    if failures:
        landed = f"; {len(reports)} other files were loaded" if reports else ""
        hints = dict.fromkeys(failure.hint for failure in failures if failure.hint)
        raise SourceError("\n".join(failure.message for failure in failures) + landed, "; ".join(hints))
    return reports


def pseudonym_key(source: Source, settings: Settings) -> bytes | None:
    """The key for the ids of this source; None if none of them is pseudonymised.

    Raises:
        InputError: the source asks for pseudonyms, and the workspace has no key.
    """
    if not hashed_ids(source):
        return None
    if settings.pseudonym_key is None and asks_for_pseudonyms(source):
        asking = [name for name in ("customer_ids", "case_ids", "row_ids") if getattr(source, name) == "pseudonymise"]
        raise InputError(
            f"source {source.source}: {asking[0]}: pseudonymise needs a key",
            "set customer_ids: {pseudonymise: true} in jkpi.yml; a source whose customer ids stay as they are says"
            " customer_ids: as_is",
        )
    return settings.pseudonym_key


def batch_id_for(source: str, content: str) -> str:
    """The id of a batch: depends on source and content, not on the name of the file."""
    return hashlib.sha256(f"{source}\n{content}".encode()).hexdigest()[:32]


def _load_file(loader: Loader, path: Path, loaded_ids: set[str], progress: Progress) -> BatchReport:
    workspace, source = loader.settings.workspace, loader.source
    origin = str(path.relative_to(workspace)) if path.is_relative_to(workspace) else str(path)
    initial_stat = path.stat()
    content = file_fingerprint(path)
    batch_id = batch_id_for(source.source, content)
    # All empty files have the same content, so their id includes the name.
    empty_id = batch_id_for(source.source, f"empty {origin}\n{content}")
    for candidate_id in (batch_id, empty_id):
        if candidate_id in loaded_ids:
            return BatchReport(source.source, origin, "unchanged", candidate_id)
    required_columns = RequiredColumns(source, origin)
    rows = open_file(
        path,
        origin,
        source.format,
        required_columns.names,
        required_columns.check_all,
        required_columns.check_identifying,
        progress,
    )
    progress.start(f"{source.source}: {path.name}", initial_stat.st_size)
    batch = Batch(
        batch_id=batch_id,
        source=source.source,
        kind=source.kind,
        origin=origin,
        fingerprint=content,
        now=loader.settings.now.replace(tzinfo=None),
    )
    try:
        report = loader.run(
            _UnchangedFile(
                rows,
                path,
                initial_stat.st_size,
                initial_stat.st_mtime_ns,
                wave_of_file(path) if source.wave == "file" else None,
            ),
            batch,
            required_columns,
        )
    except SourceError as failure:
        if file_fingerprint(path) == content:
            loader.unreadable.append((batch, failure.message.partition("\n")[0]))
        raise
    if report.status == "empty":
        loader.empty_batches.append(replace(batch, batch_id=empty_id))
    return report


@dataclass
class _UnchangedFile:
    """Rows of a file. Stops if the file changes while it is read, because then its fingerprint would be wrong. wave:
    the survey wave of all rows, if the file names it."""

    rows: RowSource
    path: Path
    size: int
    modified_ns: int
    wave: str | None = None

    @property
    def origin(self) -> str:
        return self.rows.origin

    @property
    def strict_times(self) -> bool:
        return self.rows.strict_times

    def chunks(self) -> Iterator[Any]:
        for chunk in self.rows.chunks():
            yield chunk if self.wave is None else _with_wave(chunk, self.wave)
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
            raise SourceError(
                f"{self.origin} changed while it was read; nothing was loaded", "load again when it is complete"
            )


def _with_wave(chunk: RawChunk, wave: str) -> RawChunk:
    import pyarrow as pa

    waves = pa.array([wave], pa.string()).take(pa.array([0] * chunk.table.num_rows, pa.int32()))
    return RawChunk(chunk.table.append_column(WAVE_COLUMN, waves), chunk.unparsable)


def _load_file_query(loader: Loader, loaded_ids: set[str], progress: Progress) -> BatchReport:
    """Load a query over named files. All of its files are one batch: if one of them changes, all are read again."""
    source, settings = loader.source, loader.settings
    required_columns = RequiredColumns(source, "the query")
    files = named_files(source, settings.workspace)
    content = fingerprint_of(source, files)
    rows = FileQuery(source, settings.workspace, files, content, required_columns.check_all, progress)
    batch_id = batch_id_for(source.source, content)
    if batch_id in loaded_ids:
        return BatchReport(source.source, rows.origin, "unchanged", batch_id)
    batch = Batch(
        batch_id=batch_id,
        source=source.source,
        kind=source.kind,
        origin=rows.origin,
        fingerprint=content,
        now=settings.now.replace(tzinfo=None),
    )
    progress.start(f"{source.source}: {rows.origin}", rows.size)
    with closing(rows):
        try:
            report = loader.run(rows, batch, required_columns)
        except SourceError as failure:
            if fingerprint_of(source, files) == content:
                reason = failure.message.partition("\n")[0]
                report = BatchReport(source.source, rows.origin, "refused", reason=reason)
                record_refused(loader.warehouse, batch, report, ())
            raise
    if report.status == "empty":
        record_empty(loader.warehouse, [batch])
    return report


def _load_query(loader: Loader, progress: Progress) -> BatchReport:
    source, settings = loader.source, loader.settings
    watermark = None if loader.replacing else greatest_watermark(cursor_values(loader.warehouse, source.source))
    required_columns = RequiredColumns(source, "the query")
    rows = Query(source, settings.workspace, watermark, required_columns.check_all, progress)
    batch = Batch(
        batch_id=batch_id_for(source.source, f"from {watermark}"),
        source=source.source,
        kind=source.kind,
        origin=rows.origin,
        fingerprint="",
        now=settings.now.replace(tzinfo=None),
    )
    progress.start(f"{source.source}: {rows.origin}")
    with closing(rows):
        return loader.run(rows, batch, required_columns)


def _with_content(batch: Batch, query: Query) -> Batch:
    """The batch of a query gets its id after reading, because the id depends on the content."""
    return replace(
        batch,
        batch_id=batch_id_for(batch.source, query.fingerprint),
        fingerprint=query.fingerprint,
        cursor_value=query.cursor_value,
    )


def settle(
    staging: Staging, transformer: Transformer, rows: RowSource, batch: Batch, warnings: Sequence[str] = ()
) -> BatchReport:
    """Mark duplicates and conflicts of the staged rows, find the new rejects, and add everything up.

    Raises:
        SystemFailure: the numbers do not add up.
    """
    staging.deduplicate()
    if staging.count_conflicts():
        for rejects in _conflict_rejects(staging, transformer, rows):
            staging.reject(rejects)
    staging.select_new_rejects()
    return balanced_report(staging.counts(), batch.source, batch.origin, batch.batch_id, warnings)


def _conflict_rejects(staging: Staging, transformer: Transformer, rows: RowSource) -> Iterator[pa.Table]:
    """Rejects of the rows whose id is taken. Reads the source a second time to get the original rows."""
    import pyarrow as pa

    for chunk in rows.chunks():
        numbers = chunk.table[ROW_COLUMN]
        if not len(numbers):
            continue
        seqs = staging.conflicting_rows(
            numbers[0].as_py() * PARTS_PER_ROW, numbers[-1].as_py() * PARTS_PER_ROW + PARTS_PER_ROW - 1
        )
        if seqs:
            constants = {"reason": CONFLICT_REASON, "detail": "the first row was kept", "severity": "warning"}
            columns = {name: pa.array([value] * len(seqs), pa.string()) for name, value in constants.items()}
            yield transformer.with_originals(chunk, pa.table({"seq": pa.array(seqs, pa.int64()), **columns}))
