"""Rejected rows: list them, export them for correction, and load them again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.errors import InputError
from jkpi.loading.jsonlines import chunk_from_json
from jkpi.loading.load import pseudonym_key, settle
from jkpi.loading.load_log import Batch, record_refused
from jkpi.loading.model import Source
from jkpi.loading.pseudonyms import masked, unmasked
from jkpi.loading.report import BatchReport
from jkpi.loading.rows import CHUNK_ROWS, HEADER_KEY, LINE_KEY, RawChunk, UnparsableRow
from jkpi.loading.staging import Staging
from jkpi.loading.transform import Transformer
from jkpi.loading.transform_sql import mapped_columns
from jkpi.loading.validation import apply_validation
from jkpi.protocols import ChunkValidator
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing

if TYPE_CHECKING:
    import pyarrow as pa

_LISTED_COLUMNS = ("reject_id", "source", "origin", "row_number", "reason", "detail", "severity", "rejected_at")
_EXPORT_COLUMNS = ("reject_id", "source", "origin", "row_number", "reason", "detail")


Mask = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""(source, original row) -> the row as it may be shown."""


def mask_for(sources: Sequence[Source], key: bytes | None) -> Mask:
    """Hides the ids of rows of sources that ask for pseudonyms. A source that is not known any more hides nothing."""
    known = {source.source: source for source in sources}

    def mask(source: str, original: Mapping[str, Any]) -> dict[str, Any]:
        return masked(known[source], original, key) if source in known and key is not None else dict(original)

    return mask


def list_rejects(
    warehouse: Warehouse, mask: Mask, source: str | None = None, reason: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Open rejects, newest first, with their original row, masked, as a dict under `original`."""
    ensure_landing(warehouse)
    where, parameters = _filter_sql(source, reason)
    rows = warehouse.rows(
        f"select {', '.join(_LISTED_COLUMNS)}, original from raw.rejected_rows where status = 'open' and {where}"
        " order by rejected_at desc, source, origin, row_number, reject_id limit :limit",
        {**parameters, "limit": limit},
    )
    return [{**row, "original": mask(row["source"], json.loads(row["original"]))} for row in rows]


def count_rejects(warehouse: Warehouse, source: str | None = None, reason: str | None = None) -> list[dict[str, Any]]:
    """Counts of rejects by source, reason and status, including replayed and expired ones."""
    ensure_landing(warehouse)
    where, parameters = _filter_sql(source, reason)
    return warehouse.rows(
        f"select source, reason, status, count(*) as rows from raw.rejected_rows where {where}"
        " group by source, reason, status order by source, status, count(*) desc, reason",
        parameters,
    )


def export_rejects(
    warehouse: Warehouse, mask: Mask, path: Path, source: str | None = None, reason: str | None = None
) -> int:
    """Write open rejects to a .csv or .jsonl file, where they can be corrected for a replay. Returns their number.

    The first columns say what is wrong and where; the columns of the original row follow. A row that cannot be split
    into columns is written under `(line)`. Ids of a source that asks for pseudonyms are masked; a mask that is left as
    it is stands for the id. If there are no rejects, no file is written.

    Raises:
        InputError: the file name has another suffix.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise InputError(
            f"{path.name}: rejects are exported as .csv or .jsonl only", "use a file name with one of these suffixes"
        )
    rejects = list_rejects(warehouse, mask, source, reason, limit=2**31)
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
    """Load the open rejects of a source again, after the YAML or the rows were corrected.

    Args:
        corrected: a file from `export_rejects` with corrected rows; only its rows are loaded.

    Returns:
        The report of the replay. Rows that were loaded get status 'replayed'; the others stay open with their new
        reason.

    Raises:
        InputError: the corrected file cannot be read, or names rows that are not open.
    """
    ensure_landing(warehouse)
    rejects = warehouse.rows(
        "select reject_id, batch_id, row_number, original from raw.rejected_rows"
        " where source = :source and status = 'open' order by rejected_at, batch_id, row_number, reject_id",
        {"source": source.source},
    )
    if corrected is not None:
        rejects = _with_corrections(source, rejects, read_corrected(corrected), settings.pseudonym_key)
    originals_text = "\n".join(f"{row['reject_id']} {row['original']}" for row in rejects)
    content = hashlib.sha256(f"replay {settings.now.isoformat()}\n{originals_text}".encode()).hexdigest()
    origin = f"replay of {corrected.name}" if corrected else "replay"
    batch = Batch(
        batch_id=content[:32],
        source=source.source,
        kind=source.kind,
        origin=origin,
        fingerprint=content,
        now=settings.now.replace(tzinfo=None),
    )
    original_rows = _OriginalRows(source, origin, list(dict.fromkeys(row["original"] for row in rejects)))
    if not rejects:
        return BatchReport(source.source, origin, "empty", warnings=(f"{source.source}: no open rejects",))
    key = pseudonym_key(source, settings)
    transformer = Transformer(source, settings.now, key, settings.latest_row_time, original_rows.strict_times)
    with closing(transformer), Staging(warehouse, transformer.landing, source.source, replaying=True) as staging:
        results: list[Mapping[str, Any]] = []
        for chunk in original_rows.chunks():
            transformed, refusal, chunk_results = apply_validation(transformer, chunk, transformer(chunk), validator)
            results.extend(chunk_results)
            if refusal is not None:
                report = BatchReport(source.source, origin, "refused", batch.batch_id, reason=refusal)
                return record_refused(warehouse, batch, report, results)
            staging.add(transformed)
        report = settle(staging, transformer, original_rows, batch)
        with warehouse.transaction():
            staging.commit(batch, report, results)
            _update_statuses(warehouse, rejects, original_rows.originals, staging.new_rejects())
    return report


def read_corrected(path: Path) -> dict[str, dict[str, Any]]:
    """Corrected rows by reject_id, from a .csv or .jsonl file written by `export_rejects`.

    Raises:
        InputError: the file cannot be read, or a row has no reject_id.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".jsonl":
                return {
                    row["reject_id"]: row["original"] for line in file if line.strip() for row in [json.loads(line)]
                }
            return {row["reject_id"]: _corrected_values(row) for row in csv.DictReader(file)}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (KeyError, ValueError, csv.Error):
        raise InputError(
            f"{path.name} is not an export of rejects: not every row has a reject_id",
            "create one with: jkpi rejects export",
        ) from None


def _corrected_values(row: Mapping[str, str]) -> dict[str, str]:
    cells = {column: value for column, value in row.items() if column not in _EXPORT_COLUMNS and value is not None}
    line, header = cells.pop(LINE_KEY, ""), cells.pop(HEADER_KEY, "")
    # A row that could not be split is corrected either as a line or by filling in the columns.
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
    source: Source,
    rejects: Sequence[dict[str, Any]],
    corrected: Mapping[str, Mapping[str, Any]],
    key: bytes | None,
) -> list[dict[str, Any]]:
    unknown = set(corrected) - {row["reject_id"] for row in rejects}
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(corrected)} corrected rows are no open rejects of this source,"
            f" such as {min(unknown)}",
            "export them again",
        )
    rows = []
    for row in rejects:
        correction = corrected.get(row["reject_id"])
        if correction is None:
            continue
        restored = dict(correction) if key is None else unmasked(source, correction, json.loads(row["original"]), key)
        if restored is None:
            raise InputError(
                f"the corrected row {row['reject_id']} has the masked id of another row",
                "write the id itself, or leave its cell as it was exported",
            )
        rows.append({**row, "original": json.dumps(restored, ensure_ascii=False)})
    return rows


@dataclass
class _OriginalRows:
    """Original rows as a row source. The row number is the position in `originals`, from 1."""

    source: Source
    origin: str
    originals: list[str]

    @property
    def strict_times(self) -> bool:
        origin = self.source.origin
        return origin.sql is None and not origin.tables and self.source.format.type != "parquet"

    def chunks(self) -> Iterator[RawChunk]:
        for start in range(0, len(self.originals), CHUNK_ROWS):
            texts: dict[bool, list[str]] = {False: [], True: []}
            numbers: dict[bool, list[int]] = {False: [], True: []}
            unparsable: list[UnparsableRow] = []
            for number, text in enumerate(self.originals[start : start + CHUNK_ROWS], start=start + 1):
                split = split_line(text, self.source)
                if split is None:
                    line = json.loads(text)[LINE_KEY]
                    unparsable.append(UnparsableRow(number, "ragged row", "still cannot be split into columns", line))
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
        """Whether the row still needs the JSON pointers of the YAML; a stored row has their values by name."""
        pointers = [column for column in mapped_columns(self.source) if column.startswith("/")]
        return bool(pointers) and _is_json_lines(self.source) and not set(pointers) <= json.loads(text).keys()


def split_line(original: str, source: Source) -> str | None:
    """The original row as a JSON object by column; a stored line is split first. None if it cannot be split."""
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
        suffix in pattern for pattern in source.origin.patterns for suffix in (".jsonl", ".ndjson")
    )


def _update_statuses(
    warehouse: Warehouse, rejects: Sequence[Mapping[str, Any]], originals: Sequence[str], new_rejects: pa.Table
) -> None:
    """Rows without a new reject become replayed; the others stay open with their new reason."""
    import pyarrow as pa

    position = {original: number for number, original in enumerate(originals, start=1)}
    still_rejected = {row["row_number"]: row for row in reversed(new_rejects.to_pylist())}
    outcomes = [still_rejected.get(position[row["original"]], {}) for row in rejects]
    updates = {
        "reject_id": [row["reject_id"] for row in rejects],
        "reason": pa.array([row.get("reason") for row in outcomes], pa.string()),
        "detail": pa.array([row.get("detail") for row in outcomes], pa.string()),
    }
    warehouse.execute("create temp table staged_updates (reject_id text, reason text, detail text)")
    warehouse.insert("staged_updates", pa.table(updates))
    ids = "(select reject_id from staged_updates where reason is null)"
    # The original of a loaded row is no longer needed.
    warehouse.execute(f"update raw.rejected_rows set status = 'replayed', original = null where reject_id in {ids}")
    warehouse.execute(
        "update raw.rejected_rows as r set reason = s.reason, detail = s.detail from staged_updates s"
        " where r.reject_id = s.reject_id and s.reason is not null"
    )
    warehouse.execute("drop table staged_updates")
