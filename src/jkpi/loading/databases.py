"""Read the rows of a query from any SQLAlchemy database, starting at a watermark."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.secrets import resolve_secret
from jkpi.errors import SourceError
from jkpi.loading.model import Source
from jkpi.loading.parquet_files import with_row_numbers
from jkpi.loading.rows import CHUNK_ROWS, RawChunk
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy.engine import Engine

_FETCH_ROWS = 10_000


@dataclass
class Query:
    """One run of a query. Its rows are kept in a temporary file, so that they can be read again without a second query.

    watermark: greatest cursor value of the run before. Rows at or after it are selected; rows that are loaded already
        are recognised by their ids, so rows that share the watermark's value are not lost.
    fingerprint, cursor_value: after reading, the SHA-256 of the rows and the new watermark.
    """

    source: Source
    workspace: Path
    watermark: str | None
    check: Callable[[list[str]], None]
    progress: Progress
    origin: str = "query"
    strict_times: bool = False
    chunk_rows: int = CHUNK_ROWS
    fingerprint: str = ""
    cursor_value: str | None = None
    _spool: Any = field(default=None, repr=False)

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks: from the database the first time, from the temporary file afterwards.

        Raises:
            SourceError: wrong URL, server not reachable, query refused, or no such cursor column.
        """
        if self._spool is not None:
            yield from self._reread()
            return
        import pyarrow as pa

        self.cursor_value = self.watermark
        content = hashlib.sha256()
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`, because it is read again)
        writer, row_offset = None, 0
        for names, rows in self._fetch_chunks():
            table = pa.table({name: _text_array([row[index] for row in rows]) for index, name in enumerate(names)})
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                content.update(repr(row).encode())
            if writer is None:
                writer = pa.ipc.new_stream(self._spool, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
            writer.write_table(table)
            self.progress.advance(len(rows))
            yield RawChunk(with_row_numbers(table, row_offset))
            row_offset += len(rows)
        if writer is not None:
            writer.close()
        self.fingerprint = content.hexdigest()

    def close(self) -> None:
        """Delete the temporary file."""
        if self._spool is not None:
            self._spool.close()

    def _reread(self) -> Iterator[RawChunk]:
        import pyarrow as pa

        self._spool.seek(0)
        row_offset = 0
        for batch in pa.ipc.open_stream(self._spool):
            yield RawChunk(with_row_numbers(pa.Table.from_batches([batch]), row_offset))
            row_offset += batch.num_rows

    def _fetch_chunks(self) -> Iterator[tuple[list[str], list[Any]]]:
        import sqlalchemy as sa

        origin = self.source.origin
        query = (origin.query or "").strip().rstrip(";")
        engine = _engine(self.source, self.workspace)
        where, parameters = "", {}
        if origin.cursor and self.watermark is not None:
            where = f" where fetched.{engine.dialect.identifier_preparer.quote(origin.cursor)} >= :watermark"
            parameters = {"watermark": _parse_watermark(self.watermark)}
        # A colon in the user's query is text, not a parameter.
        text = sa.text(f"select * from ({query.replace(':', chr(92) + ':')}) fetched{where}")
        try:
            with engine.connect() as connection:
                streaming = connection.execution_options(stream_results=True, max_row_buffer=_FETCH_ROWS)
                result = streaming.execute(text, parameters)
                names = list(result.keys())
                self.check(names)
                cursor_index = self._cursor_index(names)
                greatest = _parse_watermark(self.watermark) if self.watermark is not None else None
                while rows := result.fetchmany(self.chunk_rows):
                    if cursor_index is not None:
                        cursor_values = [row[cursor_index] for row in rows if row[cursor_index] is not None]
                        greatest = max([*cursor_values, *([greatest] if greatest is not None else [])], default=None)
                        self.cursor_value = _format_watermark(greatest) if greatest is not None else None
                    yield names, list(rows)
        except sa.exc.SQLAlchemyError as error:
            raise _database_error(self.source, error) from None
        finally:
            engine.dispose()

    def _cursor_index(self, names: list[str]) -> int | None:
        cursor = self.source.origin.cursor
        if cursor is None:
            return None
        if cursor not in names:
            raise SourceError(
                f"source {self.source.source}: the query has no column {cursor!r} for its cursor",
                f"it has: {', '.join(names)}",
            )
        return names.index(cursor)


def _engine(source: Source, workspace: Path) -> Engine:
    import sqlalchemy as sa

    url = resolve_secret(source.origin.sql or "", workspace)
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        path = workspace / url.removeprefix("sqlite:///")
        if not path.is_file():
            raise SourceError(f"source {source.source}: there is no database {path.name}", f"looked in {path.parent}")
        url = f"sqlite:///{path}"
    try:
        parsed_url = sa.make_url(url)
        if parsed_url.drivername in ("postgresql", "postgres"):
            parsed_url = parsed_url.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed_url)
    except sa.exc.ArgumentError as error:
        # SQLAlchemy's message may contain the URL with its password.
        unknown = isinstance(error, sa.exc.NoSuchModuleError)
        raise SourceError(
            f"source {source.source}: from.sql {'names an unknown database' if unknown else 'is not a database URL'}",
            "write dialect://user:password@host/database, behind env:NAME",
        ) from None
    except ModuleNotFoundError as error:
        raise SourceError(
            f"source {source.source}: the driver {error.name} is not installed", f"pip install {error.name}"
        ) from None


def _database_error(source: Source, error: Exception) -> SourceError:
    cause = getattr(error, "orig", None) or error
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return SourceError(f"source {source.source}: the database reports: {reason}", "check from.sql and from.query")


def _text_array(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array([_value_as_text(value) for value in values], pa.string())


def _value_as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="backslashreplace")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _format_watermark(value: Any) -> str:
    """A watermark as text with its type, such as `datetime 2026-03-01T10:00:00`."""
    if isinstance(value, datetime):
        return f"datetime {value.isoformat()}"
    if isinstance(value, date):
        return f"date {value.isoformat()}"
    if isinstance(value, int):
        return f"int {value}"
    if isinstance(value, float | Decimal):
        return f"decimal {value}"
    return f"text {value}"


def _parse_watermark(text: str) -> Any:
    kind, _, value = text.partition(" ")
    parsers: dict[str, Callable[[str], Any]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "int": int,
        "decimal": Decimal,
    }
    return parsers.get(kind, str)(value)


def greatest_watermark(values: list[str]) -> str | None:
    """The greatest of several watermarks; None if there is none."""
    return _format_watermark(max(map(_parse_watermark, values))) if values else None
