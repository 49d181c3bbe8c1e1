"""Rows of a query on any database that SQLAlchemy knows, from a watermark on."""

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
from jkpi.loading.parquet_files import numbered
from jkpi.loading.rows import CHUNK_ROWS, RawChunk
from jkpi.protocols import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy.engine import Engine

_FETCH = 10_000


@dataclass
class Query:
    """One fetch. Its rows are kept in a temporary file, so that they can be read again without asking again.

    watermark: the cursor's greatest value of the fetch before; rows at or after it are asked for. Those that were
    loaded already are told apart by their ids, so rows that share the watermark's value are not lost.
    After reading, `fingerprint` is the SHA-256 of the rows and `cursor_value` the new watermark.
    """

    source: Source
    workspace: Path
    watermark: str | None
    check: Callable[[list[str]], None]
    progress: Progress
    origin: str = "query"
    strict_times: bool = False
    fingerprint: str = ""
    cursor_value: str | None = None
    _spool: Any = field(default=None, repr=False)

    def chunks(self) -> Iterator[RawChunk]:
        """Rows in chunks: from the database the first time, from the temporary file after it.

        Raises:
            SourceError: wrong URL, no server, refused query, no such cursor column.
        """
        if self._spool is not None:
            yield from self._again()
            return
        import pyarrow as pa

        self.cursor_value = self.watermark
        content = hashlib.sha256()
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 (closed with this object: it is read again)
        writer, before = None, 0
        for names, rows in self._fetched():
            table = pa.table({name: _texts([row[place] for row in rows]) for place, name in enumerate(names)})
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                content.update(repr(row).encode())
            if writer is None:
                writer = pa.ipc.new_stream(self._spool, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
            writer.write_table(table)
            self.progress.advance(len(rows))
            yield RawChunk(numbered(table, before))
            before += len(rows)
        if writer is not None:
            writer.close()
        self.fingerprint = content.hexdigest()

    def close(self) -> None:
        """Let go of the temporary file."""
        if self._spool is not None:
            self._spool.close()

    def _again(self) -> Iterator[RawChunk]:
        import pyarrow as pa

        self._spool.seek(0)
        before = 0
        for batch in pa.ipc.open_stream(self._spool):
            yield RawChunk(numbered(pa.Table.from_batches([batch]), before))
            before += batch.num_rows

    def _fetched(self) -> Iterator[tuple[list[str], list[Any]]]:
        import sqlalchemy as sa

        given = self.source.origin
        query = (given.query or "").strip().rstrip(";")
        engine = _engine(self.source, self.workspace)
        where, parameters = "", {}
        if given.cursor and self.watermark is not None:
            where = f" where fetched.{engine.dialect.identifier_preparer.quote(given.cursor)} >= :watermark"
            parameters = {"watermark": _watermark(self.watermark)}
        # A colon in the user's own query is text, not a parameter.
        text = sa.text(f"select * from ({query.replace(':', chr(92) + ':')}) fetched{where}")
        try:
            with engine.connect() as connection:
                streaming = connection.execution_options(stream_results=True, max_row_buffer=_FETCH)
                result = streaming.execute(text, parameters)
                names = list(result.keys())
                self.check(names)
                place = self._cursor_place(names)
                greatest = _watermark(self.watermark) if self.watermark is not None else None
                while rows := result.fetchmany(CHUNK_ROWS):
                    if place is not None:
                        seen = [row[place] for row in rows if row[place] is not None]
                        greatest = max([*seen, *([greatest] if greatest is not None else [])], default=None)
                        self.cursor_value = _spelled(greatest) if greatest is not None else None
                    yield names, list(rows)
        except sa.exc.SQLAlchemyError as error:
            raise _told(self.source, error) from None
        finally:
            engine.dispose()

    def _cursor_place(self, names: list[str]) -> int | None:
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
        place = workspace / url.removeprefix("sqlite:///")
        if not place.is_file():
            raise SourceError(f"source {source.source}: there is no database {place.name}", f"looked in {place.parent}")
        url = f"sqlite:///{place}"
    try:
        made = sa.make_url(url)
        if made.drivername in ("postgresql", "postgres"):
            made = made.set(drivername="postgresql+psycopg")
        return sa.create_engine(made)
    except sa.exc.ArgumentError as error:
        # SQLAlchemy's message may hold the URL, and that a password.
        unknown = isinstance(error, sa.exc.NoSuchModuleError)
        raise SourceError(
            f"source {source.source}: from.sql {'names an unknown database' if unknown else 'is not a database URL'}",
            "write dialect://user:password@host/database, behind env:NAME",
        ) from None
    except ModuleNotFoundError as error:
        raise SourceError(
            f"source {source.source}: the driver {error.name} is not installed", f"pip install {error.name}"
        ) from None


def _told(source: Source, error: Exception) -> SourceError:
    cause = getattr(error, "orig", None) or error
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return SourceError(f"source {source.source}: the database says: {reason}", "check from.sql and from.query")


def _texts(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
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


def _spelled(value: Any) -> str:
    """A watermark as text that keeps its type, such as `datetime 2026-03-01T10:00:00`."""
    if isinstance(value, datetime):
        return f"datetime {value.isoformat()}"
    if isinstance(value, date):
        return f"date {value.isoformat()}"
    if isinstance(value, int):
        return f"int {value}"
    if isinstance(value, float | Decimal):
        return f"decimal {value}"
    return f"text {value}"


def _watermark(text: str) -> Any:
    kind, _, value = text.partition(" ")
    read: dict[str, Callable[[str], Any]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "int": int,
        "decimal": Decimal,
    }
    return read.get(kind, str)(value)


def greatest_watermark(values: list[str]) -> str | None:
    """The furthest of several watermarks of one source."""
    return _spelled(max(map(_watermark, values))) if values else None
