"""Join the files of a source with a query: DuckDB SQL over these files and nothing else."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jkpi.errors import SourceError
from jkpi.loading.csv_files import CsvFile
from jkpi.loading.expressions import literal, quote_identifier
from jkpi.loading.files import file_fingerprint, file_type, matching_files
from jkpi.loading.jsonlines import JsonLinesFile
from jkpi.loading.model import FileFormat, Source
from jkpi.loading.parquet_files import ParquetFile, columns_as_text, with_row_numbers
from jkpi.loading.rows import CHUNK_ROWS, ROW_COLUMN, RawChunk, UnparsableRow
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_LOCKED_DOWN = (
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set python_enable_replacements = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)
"""The query reads the tables and nothing else: no file, no network, no extension, no Python variable."""
_RESULT = "query result"
_ANY_COLUMNS: Callable[[list[str]], None] = lambda names: None  # noqa: E731


@dataclass
class FileQuery:
    """The rows of a query over named files. Each becomes a table of texts, in which what is empty or among
    `format.nulls` is NULL.

    files: table -> its files. fingerprint: of the files, as `fingerprint_of` gives it. check: called with the columns
    of the query before any row is given out.
    """

    source: Source
    workspace: Path
    files: Mapping[str, Sequence[Path]]
    fingerprint: str
    check: Callable[[list[str]], None]
    progress: Progress
    strict_times: bool = False
    _unparsable: list[UnparsableRow] = field(default_factory=list, repr=False)
    _folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    _database: duckdb.DuckDBPyConnection | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        return f"query on {', '.join(self.files)}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for paths in self.files.values() for path in paths)

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks. A row of a file that cannot be split into columns comes last, numbered after the rows.

        Raises:
            SourceError: a file cannot be read or changes meanwhile, the query is refused, or a column is missing.
        """
        database = self._database or self._run_query()
        columns = [name for name, *_ in database.execute(f"describe {quote_identifier(_RESULT)}").fetchall()]
        self.check(columns)
        reader = database.sql(f"from {quote_identifier(_RESULT)}").to_arrow_reader(CHUNK_ROWS)
        row_offset = 0
        for batch in reader:
            table = with_row_numbers(columns_as_text(_as_table(batch)), row_offset)
            row_offset += batch.num_rows
            yield RawChunk(table)
        if self._unparsable:
            rows = tuple(
                replace(row, row_number=row_offset + number) for number, row in enumerate(self._unparsable, start=1)
            )
            yield RawChunk(_no_rows(columns), rows)

    def close(self) -> None:
        """Delete the temporary database."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _run_query(self) -> duckdb.DuckDBPyConnection:
        """A database with the files as tables, in which the result of the query is a table too."""
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="jkpi-query-")
        self._database = database = duckdb.connect(str(Path(self._folder.name) / "files.duckdb"))
        database.execute("set memory_limit = '768MB'")
        database.execute("set threads = 2")
        for table, paths in self.files.items():
            for path in paths:
                self._read_into_table(database, table, path)
        if fingerprint_of(self.source, self.files) != self.fingerprint:
            raise SourceError(
                f"{self.origin}: a file changed while it was read; nothing was loaded", "load again when it is complete"
            )
        for statement in _LOCKED_DOWN:
            database.execute(statement)
        query = single_select(self.source.origin.query or "", f"source {self.source.source}: from.query")
        try:
            database.execute(f"create table {quote_identifier(_RESULT)} as {query}")
        except duckdb.Error as error:
            reason = str(error).strip().partition("\n\nLINE")[0]
            raise SourceError(
                f"source {self.source.source}: the query is refused: {reason}", self._tables_hint()
            ) from None
        return database

    def _tables_hint(self) -> str:
        assert self._database is not None
        tables = []
        for table in self.files:
            rows = self._database.execute(f"describe {quote_identifier(table)}").fetchall()
            tables.append(f"{table} ({', '.join(name for name, *_ in rows)})")
        return f"its tables are: {'; '.join(tables)}; their columns are texts, so cast them to compare"

    def _read_into_table(self, database: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
        import duckdb

        name = quote_identifier(table)
        exists = bool(
            database.execute("select count(*) from duckdb_tables() where table_name = ?", [table]).fetchall()[0][0]
        )
        rows = open_file(path, self._origin_of(path), self.source.format, (), _ANY_COLUMNS, _ANY_COLUMNS, self.progress)
        if isinstance(rows, JsonLinesFile):
            rows.columns = _keys_of(rows)
        for chunk in rows.chunks():
            self._unparsable += [
                replace(row, detail=f"{path.name} row {row.row_number}: {row.detail}") for row in chunk.unparsable
            ]
            texts = chunk.table.drop_columns([ROW_COLUMN])
            database.register("chunk", texts)
            columns = ", ".join(self._known(column) for column in texts.column_names)
            into = f"insert into {name} by name" if exists else f"create table {name} as"
            try:
                database.execute(f"{into} select {columns} from chunk")
            except duckdb.Error as error:
                raise SourceError(
                    f"source {self.source.source}: {path.name} does not fit the other files of table {table}: {error}",
                    "give files with the same columns, or name them apart",
                ) from None
            finally:
                database.unregister("chunk")
            exists = True
        if not exists:
            raise SourceError(
                f"source {self.source.source}: {path.name} has no header, so table {table} has no columns",
                "write a file with a header, even if it has no rows",
            )

    def _known(self, column: str) -> str:
        """A column in which empty texts and those that mean unknown are NULL."""
        unknown = ", ".join(literal(text) for text in ("", *self.source.format.nulls))
        name = quote_identifier(column)
        return f"case when {name} not in ({unknown}) then {name} end as {name}"

    def _origin_of(self, path: Path) -> str:
        return str(path.relative_to(self.workspace)) if path.is_relative_to(self.workspace) else str(path)


def named_files(source: Source, workspace: Path) -> dict[str, list[Path]]:
    """Table -> its files, sorted by path.

    Raises:
        SourceError: a path or glob matches no file.
    """
    return {
        table: matching_files(source.source, patterns, workspace) for table, patterns in source.origin.tables.items()
    }


def fingerprint_of(source: Source, files: Mapping[str, Sequence[Path]]) -> str:
    """SHA-256 of the query and the files of its tables.

    Raises:
        SourceError: a file cannot be read.
    """
    content = hashlib.sha256((source.origin.query or "").strip().encode())
    for table, paths in sorted(files.items()):
        content.update(f"\n{table} {' '.join(file_fingerprint(path) for path in paths)}".encode())
    return content.hexdigest()


def single_select(query: str, what: str) -> str:
    """The query without a closing semicolon.

    Raises:
        SourceError: it is not SQL, or not exactly one select statement.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        reason = str(error).strip().partition("\n\nLINE")[0]
        raise SourceError(f"{what} is not SQL: {reason}", "write one select statement, in DuckDB's SQL") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise SourceError(f"{what} is not one select statement", "write select ... from ..., in DuckDB's SQL")
    return statements[0].query.strip().rstrip(";")


def open_file(
    path: Path,
    origin: str,
    file_format: FileFormat,
    columns: Sequence[str],
    check_all: Callable[[list[str]], None],
    check_identifying: Callable[[list[str]], None],
    progress: Progress,
) -> CsvFile | JsonLinesFile | ParquetFile:
    """The reader of a file. columns: those that are read from JSON Lines."""
    kind = file_type(path, file_format)
    if kind == "csv":
        return CsvFile(path, origin, file_format, check_all, progress)
    if kind == "jsonl":
        return JsonLinesFile(path, origin, file_format, columns, check_identifying, progress)
    return ParquetFile(path, origin, check_all, progress)


def _keys_of(rows: JsonLinesFile) -> list[str]:
    """The keys of the first chunk."""
    keys: list[str] = []
    for _ in replace(rows, check=keys.extend).chunks():
        break
    return keys


def _as_table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _no_rows(columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.schema([*((name, pa.string()) for name in columns), (ROW_COLUMN, pa.int64())]).empty_table()
