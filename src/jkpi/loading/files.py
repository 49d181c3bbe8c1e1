"""Files of a source: which there are, what is in them by fingerprint, and their bytes as UTF-8."""

from __future__ import annotations

import codecs
import difflib
import glob
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jkpi.errors import SourceError
from jkpi.loading.model import Source
from jkpi.protocols import Progress

if TYPE_CHECKING:
    from jkpi.loading.model import Format

_COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_TYPES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_BLOCK = 1 << 20
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_files(source: Source, workspace: Path) -> list[Path]:
    """The files of a source, sorted by path, each once.

    Raises:
        SourceError: a path or glob that meets no file; it names the nearest there are.
    """
    found: dict[Path, None] = {}
    for pattern in source.origin.files or ():
        met = sorted(Path(place) for place in glob.glob(str(workspace / pattern), recursive=True))  # noqa: PTH207
        files = [place for place in met if place.is_file()]
        if not files:
            raise SourceError(
                f"source {source.source}: no file {pattern}", _nearest_files(workspace / pattern, workspace)
            )
        found.update(dict.fromkeys(files))
    return sorted(found)


def _nearest_files(wanted: Path, workspace: Path) -> str:
    folder = wanted.parent
    while "*" in str(folder) or "?" in str(folder) or not folder.is_dir():
        if folder == folder.parent:
            return ""
        folder = folder.parent
    place = folder.relative_to(workspace) if folder.is_relative_to(workspace) else folder
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if not names:
        return f"the folder {place} is empty"
    near = difflib.get_close_matches(wanted.name, names, n=3, cutoff=0.4) or names[:5]
    return f"in {place} there is: {', '.join(near)}"


def file_type(path: Path, form: Format) -> str:
    """csv, jsonl or parquet: as the YAML says, else by the name.

    Raises:
        SourceError: the name does not tell.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    known = form.type or (_TYPES.get(suffixes[-1]) if suffixes else None)
    if known is None:
        raise SourceError(
            f"{path.name}: its name does not tell what it is", "write format: {type: csv}, jsonl or parquet"
        )
    return known


def fingerprint(path: Path) -> str:
    """SHA-256 of the bytes as they stand on the disk.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None


class Counted(io.RawIOBase):
    """A file that tells how many of its bytes were read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        super().__init__()
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._progress.advance(len(block))
        return block

    def close(self) -> None:
        self._file.close()
        super().close()


class Utf8(io.RawIOBase):
    """A stream of bytes in any encoding, as UTF-8 and without byte-order mark."""

    def __init__(self, file: Any, encoding: str, origin: str) -> None:
        super().__init__()
        self._file = file
        self._origin = origin
        self._encoding = encoding
        plain = codecs.lookup(encoding).name in ("utf-8", "ascii", "utf-8-sig")
        self._decoder = None if plain else codecs.getincrementaldecoder(encoding)()
        self._first = True
        self._ahead = b""
        self._line = 1

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._ahead:
            block, self._ahead = self._ahead, b""
            return block
        while True:
            raw = self._raw(size)
            block = self._decoded(raw)
            if block or not raw:
                return block

    def unread(self, block: bytes) -> None:
        """Give back what was read too far."""
        self._ahead = block + self._ahead

    def _raw(self, size: int) -> bytes:
        try:
            return bytes(self._file.read(size if size > 0 else _BLOCK))
        except (OSError, EOFError) as error:
            raise SourceError(f"{self._origin} is damaged: {error}", "compress or copy it again") from None

    def _decoded(self, raw: bytes) -> bytes:
        first, self._first = self._first, False
        if first:
            mark = next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), None)
            if self._decoder is None and mark and mark[1] == "utf-16":
                raise SourceError(f"{self._origin} is UTF-16, not {self._encoding}", "write format: {encoding: utf-16}")
            if self._decoder is None and mark:
                raw = raw[len(mark[0]) :]
        if self._decoder is None:
            return raw
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeError as error:
            where, reason = "", str(error)
            if isinstance(error, UnicodeDecodeError):
                line = self._line + error.object[: error.start].count(b"\n")
                where, reason = f"near line {line}, ", error.reason
            raise SourceError(
                f"{self._origin} is not {self._encoding}: {where}{reason}",
                "correct format.encoding in the source's YAML",
            ) from None
        self._line += text.count("\n")
        return text.removeprefix("\ufeff").encode() if first else text.encode()


@contextmanager
def opened(path: Path, encoding: str, progress: Progress) -> Iterator[Utf8]:
    """The text of a file, plain or compressed, as UTF-8 bytes.

    Raises:
        SourceError: it cannot be read, is damaged, or is not in that encoding.
    """
    import pyarrow as pa

    try:
        raw = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    compression = _COMPRESSED.get(path.suffix.lower())
    with Counted(raw, progress) as counted:
        stream = pa.CompressedInputStream(pa.PythonFile(counted, "r"), compression) if compression else counted
        yield Utf8(stream, encoding, path.name)
