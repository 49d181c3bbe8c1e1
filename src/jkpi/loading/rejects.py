"""Rejected rows: list them, take them out to be mended, and send them through the door again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.loading.jsonlines import chunk_from_json
from jkpi.loading.landing import Staging, apply_validation
from jkpi.loading.load import conflict_rejects, pseudonym_key
from jkpi.loading.load_log import Batch, record_refused
from jkpi.loading.model import Source
from jkpi.loading.report import BatchReport
from jkpi.loading.rows import CHUNK_ROWS, HEADER_KEY, LINE_KEY, RawChunk, UnparsableRow
from jkpi.loading.transform import Transformer
from jkpi.loading.transform_sql import mapped_columns
from jkpi.protocols import ChunkValidator
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing

if TYPE_CHECKING:
    import pyarrow as pa

_LISTED_COLUMNS = ("reject_id", "source", "origin", "row_number", "reason", "detail", "severity", "rejected_at")
_EXPORT_COLUMNS = ("reject_id", "source", "origin", "row_number", "reason", "detail")


def list_rejects(
    warehouse: Warehouse, source: str | None = None, reason: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Open rejects, newest first, with what is kept of their original row as a dict under `original`."""
    ensure_landing(warehouse)
    where, parameters = _filter_sql(source, reason)
    rows = warehouse.rows(
        f"select {', '.join(_LISTED_COLUMNS)}, original from raw.rejected_rows where status = 'open' and {where}"
        " order by rejected_at desc, source, origin, row_number, reject_id limit :limit",
        {**parameters, "limit": limit},
    )
    return [{**row, "original": json.loads(row["original"])} for row in rows]


def count_rejects(warehouse: Warehouse, source: str | None = None, reason: str | None = None) -> list[dict[str, Any]]:
    """How many there are, replayed and expired ones too: source, reason, status, rows."""
    ensure_landing(warehouse)
    where, parameters = _filter_sql(source, reason)
    return warehouse.rows(
        f"select source, reason, status, count(*) as rows from raw.rejected_rows where {where}"
        " group by source, reason, status order by source, status, count(*) desc, reason",
        parameters,
    )


def export_rejects(warehouse: Warehouse, path: Path, source: str | None = None, reason: str | None = None) -> int:
    """Write open rejects to a .csv or .jsonl, to be mended there and replayed with it; how many they are.

    The first columns say what is wrong and where; behind them stand the columns of the original row. A row that does
    not divide into columns stands under `(line)`. Without any no file is written.

    Raises:
        InputError: another kind of file.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise InputError(f"{path.name}: rejects are written as .csv or .jsonl", "name the file so")
    rejects = list_rejects(warehouse, source, reason, limit=2**31)
    if not rejects:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            for reject in rejects:
                location = {name: reject[name] for name in _EXPORT_COLUMNS}
                file.write(json.dumps({**location, "original": reject["original"]}, ensure_ascii=False) + "\n")
        else:
            columns = list(dict.fromkeys(column for reject in rejects for column in reject["original"]))
            writer = csv.writer(file)
            writer.writerow([*_EXPORT_COLUMNS, *columns])
            for reject in rejects:
                original = reject["original"]
                cells = [_cell(original.get(column)) for column in columns]
                writer.writerow([*(reject[name] for name in _EXPORT_COLUMNS), *cells])
    return len(rejects)


def replay_rejects(
    source: Source,
    settings: Settings,
    warehouse: Warehouse,
    validator: ChunkValidator | None = None,
    corrected: Path | None = None,
) -> BatchReport:
    """Send the open rejects of a source through the same transformation again, after the YAML was corrected.

    Args:
        mended: a file from `export`, its original columns corrected; only the rows in it are sent, as they stand there.

    Returns:
        The numbers of this replay. Rows that landed have status 'replayed'; the others stay open, with today's reason.

    Raises:
        InputError: the mended file cannot be read, or speaks of rows that are not open.
    """
    ensure_landing(warehouse)
    rejects = warehouse.rows(
        "select reject_id, batch_id, row_number, original from raw.rejected_rows"
        " where source = :source and status = 'open' order by rejected_at, batch_id, row_number, reject_id",
        {"source": source.source},
    )
    if corrected is not None:
        rejects = _with_corrections(rejects, read_corrected(corrected))
    originals_text = "\n".join(f"{row['reject_id']} {row['original']}" for row in rejects)
    content = hashlib.sha256(f"replay {settings.now.isoformat()}\n{originals_text}".encode()).hexdigest()
    origin = f"replay of {corrected.name}" if corrected else "replay"
    batch = Batch(content[:32], source.source, source.kind, origin, content, settings.now.replace(tzinfo=None))
    original_rows = _OriginalRows(source, origin, list(dict.fromkeys(row["original"] for row in rejects)))
    if not rejects:
        return BatchReport(source.source, origin, "empty", warnings=(f"{source.source}: no open rejects",))
    key = pseudonym_key(source, settings)
    transformer = Transformer(source, settings.now, key, original_rows.strict_times)
    with closing(transformer), Staging(warehouse, transformer.landing, source.source, replaying=True) as staging:
        results: list[Mapping[str, Any]] = []
        for chunk in original_rows.chunks():
            transformed, refusal, chunk_results = apply_validation(transformer, chunk, transformer(chunk), validator)
            results.extend(chunk_results)
            if refusal is not None:
                report = BatchReport(source.source, origin, "refused", batch.batch_id, reason=refusal)
                return record_refused(warehouse, batch, report, results)
            staging.add(transformed)
        staging.deduplicate()
        if staging.count_conflicts():
            for conflict_rows in conflict_rejects(staging, transformer, original_rows):
                staging.reject(conflict_rows)
        report = staging.reconcile(batch)
        with warehouse.transaction():
            staging.commit(batch, report, results)
            _update_statuses(warehouse, rejects, original_rows.originals, staging.new_rejects())
    return report


def expire_rejects(warehouse: Warehouse, settings: Settings) -> None:
    """Delete the originals of open rejects older than `rejects_retention`, whatever their source.

    They stay counted, with status `expired`, and can no longer be replayed.
    """
    warehouse.execute(
        "update raw.rejected_rows set status = 'expired', original = null"
        " where status = 'open' and rejected_at < cast(:before as timestamp)",
        {"before": (settings.now - settings.rejects_retention).replace(tzinfo=None)},
    )


def read_corrected(path: Path) -> dict[str, dict[str, Any]]:
    """Mended rows by reject_id, from a .csv or .jsonl that `export` wrote.

    Raises:
        InputError: not there, or without the column reject_id.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".jsonl":
                return {
                    row["reject_id"]: row["original"] for line in file if line.strip() for row in [json.loads(line)]
                }
            return {row["reject_id"]: _corrected_cells(row) for row in csv.DictReader(file)}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (KeyError, ValueError, csv.Error):
        raise InputError(
            f"{path.name} is not a file of rejects: it has no reject_id on every row",
            "write one with: jkpi rejects export",
        ) from None


def _corrected_cells(row: Mapping[str, str]) -> dict[str, str]:
    cells = {column: value for column, value in row.items() if column not in _EXPORT_COLUMNS and value is not None}
    line, header = cells.pop(LINE_KEY, ""), cells.pop(HEADER_KEY, "")
    # Whoever mends a row that did not divide either corrects the line or fills in the columns.
    return {LINE_KEY: line, HEADER_KEY: header} if line and not any(cells.values()) else cells


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _filter_sql(source: str | None, reason: str | None) -> tuple[str, dict[str, Any]]:
    filters = {"source": source, "reason": reason}
    parameters = {name: value for name, value in filters.items() if value is not None}
    return " and ".join(f"{name} = :{name}" for name in parameters) or "true", parameters


def _with_corrections(
    rejects: Sequence[dict[str, Any]], corrected: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    unknown = set(corrected) - {row["reject_id"] for row in rejects}
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(corrected)} mended rows are not open rejects of this source, such as {min(unknown)}",
            "export them again",
        )
    return [
        {**row, "original": json.dumps(corrected[row["reject_id"]], ensure_ascii=False)}
        for row in rejects
        if row["reject_id"] in corrected
    ]


@dataclass
class _OriginalRows:
    """Original rows as a source of rows; the row number is the place in `originals`, from 1."""

    source: Source
    origin: str
    originals: list[str]

    @property
    def strict_times(self) -> bool:
        return self.source.origin.sql is None and self.source.format.type != "parquet"

    def chunks(self) -> Iterator[RawChunk]:
        for start in range(0, len(self.originals), CHUNK_ROWS):
            texts: dict[bool, list[str]] = {False: [], True: []}
            numbers: dict[bool, list[int]] = {False: [], True: []}
            unparsable: list[UnparsableRow] = []
            for number, text in enumerate(self.originals[start : start + CHUNK_ROWS], start=start + 1):
                split = split_line(text, self.source)
                if split is None:
                    line = json.loads(text)[LINE_KEY]
                    unparsable.append(UnparsableRow(number, "ragged row", "still does not divide into columns", line))
                else:
                    nested = self._is_nested(split)
                    texts[nested].append(split)
                    numbers[nested].append(number)
            for nested in (False, True):
                chunk_unparsable = tuple(unparsable) if not nested else ()
                if texts[nested] or chunk_unparsable:
                    yield chunk_from_json(
                        texts[nested], numbers[nested], mapped_columns(self.source), chunk_unparsable, pointers=nested
                    )

    def _is_nested(self, text: str) -> bool:
        """Whether JSON pointers of the YAML lead into the row: a row that was kept has their values by their names."""
        pointers = [column for column in mapped_columns(self.source) if column.startswith("/")]
        return bool(pointers) and _is_json_lines(self.source) and not set(pointers) <= json.loads(text).keys()


def split_line(original: str, source: Source) -> str | None:
    """The original as a JSON object by columns: as it is, or its line divided; None where that does not go."""
    row = json.loads(original)
    if LINE_KEY not in row:
        return original
    if HEADER_KEY not in row:
        return row[LINE_KEY] if _is_object(row[LINE_KEY]) else None
    header = json.loads(row[HEADER_KEY])
    lines = list(csv.reader([row[LINE_KEY]], delimiter=source.format.delimiter, quotechar=source.format.quote))
    if len(lines) != 1 or len(lines[0]) != len(header):
        return None
    return json.dumps(dict(zip(header, lines[0], strict=True)), ensure_ascii=False)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_json_lines(source: Source) -> bool:
    return source.format.type == "jsonl" or any(
        suffix in pattern for pattern in source.origin.files or () for suffix in (".jsonl", ".ndjson")
    )


def _update_statuses(
    warehouse: Warehouse, rejects: Sequence[Mapping[str, Any]], originals: Sequence[str], new_rejects: pa.Table
) -> None:
    """Rows without a new reject are replayed; the others stay open, with the reason of now."""
    import pyarrow as pa

    position = {original: number for number, original in enumerate(originals, start=1)}
    still_rejected = {row["row_number"]: row for row in reversed(new_rejects.to_pylist())}
    outcomes = [still_rejected.get(position[row["original"]], {}) for row in rejects]
    updates = {
        "reject_id": [row["reject_id"] for row in rejects],
        "reason": pa.array([row.get("reason") for row in outcomes], pa.string()),
        "detail": pa.array([row.get("detail") for row in outcomes], pa.string()),
    }
    warehouse.execute("create temp table staged_settled (reject_id text, reason text, detail text)")
    warehouse.insert("staged_settled", pa.table(updates))
    ids = "(select reject_id from staged_settled where reason is null)"
    # What has landed is not kept a second time.
    warehouse.execute(f"update raw.rejected_rows set status = 'replayed', original = null where reject_id in {ids}")
    warehouse.execute(
        "update raw.rejected_rows as r set reason = s.reason, detail = s.detail from staged_settled s"
        " where r.reject_id = s.reject_id and s.reason is not null"
    )
    warehouse.execute("drop table staged_settled")
