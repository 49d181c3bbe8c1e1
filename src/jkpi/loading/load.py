"""Load a source: each file or fetch is one batch, which lands whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.errors import InputError, SourceError
from jkpi.loading.columns import Needs
from jkpi.loading.csv_files import CsvFile
from jkpi.loading.databases import Query, greatest_watermark
from jkpi.loading.files import file_type, find_files, fingerprint
from jkpi.loading.jsonlines import JsonLinesFile
from jkpi.loading.landing import CONFLICT, Staging, bounded, inspect_chunk
from jkpi.loading.load_log import Batch, cursor_values, loaded_batches, refuse, remember_empty
from jkpi.loading.model import Source
from jkpi.loading.parquet_files import ParquetFile
from jkpi.loading.prefetch import ahead
from jkpi.loading.report import BatchReport
from jkpi.loading.rows import PARTS, RowSource
from jkpi.loading.transform import Transformer
from jkpi.protocols import SILENCE, Inspector, Progress
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Loader:
    """What all batches of one load share."""

    source: Source
    settings: Settings
    warehouse: Warehouse
    inspect: Inspector | None
    replacing: bool = False
    results: list[Mapping[str, Any]] = field(default_factory=list)
    empty: list[Batch] = field(default_factory=list)
    unread: list[tuple[Batch, str]] = field(default_factory=list)

    def run(self, rows: RowSource, batch: Batch, needs: Needs) -> BatchReport:
        """One batch, from its rows to the ledger."""
        self.results = []
        query = rows if isinstance(rows, Query) else None
        key = pseudonym_key(self.source, self.settings)
        transformer = Transformer(self.source, self.settings.now, key, rows.strict_times)
        with (
            closing(transformer),
            Staging(self.warehouse, transformer.landing, self.source.source, self.replacing) as staging,
        ):
            refused, read = None, 0
            with ahead((chunk, transformer(chunk)) for chunk in rows.chunks()) as pairs:
                for chunk, transformed in pairs:
                    passed, refused, results = inspect_chunk(transformer, chunk, transformed, self.inspect)
                    self.results.extend(results)
                    read += passed.read
                    if refused is not None:
                        break
                    staging.add(passed)
            if refused is not None:
                report = BatchReport(
                    self.source.source, batch.origin, "refused", batch.batch_id, read=read, reason=refused
                )
                return refuse(self.warehouse, batch, report, self.results)
            if read == 0:
                return BatchReport(self.source.source, batch.origin, "empty")
            if query is not None:
                batch = _of_query(batch, query)
            staging.judge()
            if staging.count_conflicts():
                for rejects in conflicting(staging, transformer, rows):
                    staging.turn_away(rejects)
            report = staging.account(batch, needs.warnings())
            if query is not None and not self.replacing and report.read == report.duplicates + report.skipped:
                return BatchReport(self.source.source, batch.origin, "unchanged")
            report = staging.land(batch, report, self.results)
            self.replacing = False
            return report


def load_source(
    source: Source,
    settings: Settings,
    warehouse: Warehouse,
    inspect: Inspector | None = None,
    progress: Progress = SILENCE,
    replace: bool = False,
) -> list[BatchReport]:
    """Load what is new of a source.

    Args:
        inspect: the first door; None lets everything through.
        replace: take out what the source landed before, in the transaction of the first batch, and load all again.

    Returns:
        One report a file, in order of the paths, or one for the fetch.

    Raises:
        SourceError: what could not be read; whatever else could be read has landed.
        InputError: pseudonyms are asked for, and there is no key.
    """
    ensure_landing(warehouse)
    loader = Loader(source, settings, warehouse, inspect, replace)
    with bounded(warehouse, settings.memory_limit is not None):
        return _load_all(loader, progress)


def _load_all(loader: Loader, progress: Progress) -> list[BatchReport]:
    source = loader.source
    if source.origin.sql is not None:
        return [_load_query(loader, progress)]
    done = set() if loader.replacing else loaded_batches(loader.warehouse, source.source)
    reports: list[BatchReport] = []
    failures: list[SourceError] = []
    for path in find_files(source, loader.settings.workspace):
        try:
            report = _load_file(loader, path, done, progress)
        except SourceError as failure:
            failures.append(failure)
            continue
        done.add(report.batch_id)
        reports.append(report)
    # Only now: what is replaced takes its ledger with it.
    remember_empty(loader.warehouse, loader.empty)
    for batch, reason in loader.unread:
        refuse(loader.warehouse, batch, BatchReport(source.source, batch.origin, "refused", reason=reason), ())
    if failures:
        landed = f"; {len(reports)} other files were loaded" if reports else ""
        hints = dict.fromkeys(failure.hint for failure in failures if failure.hint)
        raise SourceError("\n".join(failure.message for failure in failures) + landed, "; ".join(hints))
    return reports


def pseudonym_key(source: Source, settings: Settings) -> bytes | None:
    """The key for this source's customer ids; None leaves them as they are.

    Raises:
        InputError: the source wants pseudonyms, and the workspace has no key.
    """
    if source.customer_ids == "as_is":
        return None
    if source.customer_ids == "pseudonymise" and settings.pseudonym_key is None:
        raise InputError(
            f"source {source.source}: customer_ids: pseudonymise needs a key",
            "set customer_ids.pseudonymise in jkpi.yml",
        )
    return settings.pseudonym_key


def batch_id_of(source: str, content: str) -> str:
    """The same content of the same source is the same batch, whatever its file is called."""
    return hashlib.sha256(f"{source}\n{content}".encode()).hexdigest()[:32]


def _load_file(loader: Loader, path: Path, done: set[str], progress: Progress) -> BatchReport:
    workspace, source = loader.settings.workspace, loader.source
    origin = str(path.relative_to(workspace)) if path.is_relative_to(workspace) else str(path)
    before = path.stat()
    content = fingerprint(path)
    batch_id = batch_id_of(source.source, content)
    # Empty files are alike: each is known by its name too.
    empty_id = batch_id_of(source.source, f"empty {origin}\n{content}")
    for known in (batch_id, empty_id):
        if known in done:
            return BatchReport(source.source, origin, "unchanged", known)
    needs = Needs(source, origin)
    kind = file_type(path, source.format)
    rows: RowSource
    if kind == "csv":
        rows = CsvFile(path, origin, source.format, needs.check, progress)
    elif kind == "jsonl":
        rows = JsonLinesFile(path, origin, source.format, needs.names, needs.check_keys, progress)
    else:
        rows = ParquetFile(path, origin, needs.check, progress)
    progress.start(f"{source.source}: {path.name}", before.st_size)
    batch = Batch(batch_id, source.source, source.kind, origin, content, loader.settings.now.replace(tzinfo=None))
    try:
        report = loader.run(_Steady(rows, path, before.st_size, before.st_mtime_ns), batch, needs)
    except SourceError as failure:
        if fingerprint(path) == content:
            loader.unread.append((batch, failure.message.partition("\n")[0]))
        raise
    if report.status == "empty":
        loader.empty.append(replace(batch, batch_id=empty_id))
    return report


@dataclass
class _Steady:
    """Rows of a file that must not change while it is read: its fingerprint would be of something else."""

    rows: RowSource
    path: Path
    size: int
    changed_at: int

    @property
    def origin(self) -> str:
        return self.rows.origin

    @property
    def strict_times(self) -> bool:
        return self.rows.strict_times

    def chunks(self) -> Iterator[Any]:
        yield from self.rows.chunks()
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.size, self.changed_at):
            raise SourceError(
                f"{self.origin} changed while it was read; nothing of it landed", "load again when it is whole"
            )


def _load_query(loader: Loader, progress: Progress) -> BatchReport:
    source, settings = loader.source, loader.settings
    watermark = None if loader.replacing else greatest_watermark(cursor_values(loader.warehouse, source.source))
    needs = Needs(source, "the query")
    rows = Query(source, settings.workspace, watermark, needs.check, progress)
    batch = Batch(
        batch_id_of(source.source, f"from {watermark}"),
        source.source,
        source.kind,
        rows.origin,
        "",
        settings.now.replace(tzinfo=None),
    )
    progress.start(f"{source.source}: {rows.origin}")
    with closing(rows):
        return loader.run(rows, batch, needs)


def _of_query(batch: Batch, query: Query) -> Batch:
    """The batch of a fetch is known by its content only when it has been read."""
    return Batch(
        batch_id_of(batch.source, query.fingerprint),
        batch.source,
        batch.kind,
        batch.origin,
        query.fingerprint,
        batch.now,
        query.cursor_value,
    )


def conflicting(staging: Staging, transformer: Transformer, rows: RowSource) -> Iterator[pa.Table]:
    """The original rows of those whose id is taken: the file is read once more, and only then."""
    import pyarrow as pa

    for chunk in rows.chunks():
        numbers = chunk.table["(row)"]
        if not len(numbers):
            continue
        seqs = staging.conflicts(numbers[0].as_py() * PARTS, numbers[-1].as_py() * PARTS + PARTS - 1)
        if seqs:
            fixed = {"reason": CONFLICT, "detail": "the first one stays", "severity": "warning"}
            told = {name: pa.array([value] * len(seqs), pa.string()) for name, value in fixed.items()}
            yield transformer.originals(chunk, pa.table({"seq": pa.array(seqs, pa.int64()), **told}))
