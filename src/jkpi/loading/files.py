"""The files of a source: paths, types, fingerprints, and their content as UTF-8."""

from __future__ import annotations

import codecs
import difflib
import glob
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jkpi.errors import SourceError
from jkpi.loading.model import Source
from jkpi.protocols import Progress

if TYPE_CHECKING:
    from jkpi.loading.model import FileFormat

_COMPRESSION_BY_SUFFIX = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_TYPE_BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_BLOCK = 1 << 20
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_files(source: Source, workspace: Path) -> list[Path]:
    """The files of a source, sorted by path, each once.

    Raises:
        SourceError: a path or glob matches no file; the hint names similar files.
    """
    return matching_files(source.source, source.origin.patterns, workspace)


def matching_files(source_name: str, patterns: Sequence[str], workspace: Path) -> list[Path]:
    """The files of some paths and globs, sorted by path, each once.

    Raises:
        SourceError: a path or glob matches no file; the hint names similar files.
    """
    unique_files: dict[Path, None] = {}
    for pattern in patterns:
        matches = sorted(Path(match) for match in glob.glob(str(workspace / pattern), recursive=True))  # noqa: PTH207
        files = [match for match in matches if match.is_file()]
        if not files:
            raise SourceError(
                f"source {source_name}: no file {pattern}", _nearest_files(workspace / pattern, workspace)
            )
        unique_files.update(dict.fromkeys(files))
    return sorted(unique_files)


def _nearest_files(pattern: Path, workspace: Path) -> str:
    folder = pattern.parent
    while "*" in str(folder) or "?" in str(folder) or not folder.is_dir():
        if folder == folder.parent:
            return ""
        folder = folder.parent
    folder_name = folder.relative_to(workspace) if folder.is_relative_to(workspace) else folder
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if not names:
        return f"the folder {folder_name} is empty"
    suggestions = difflib.get_close_matches(pattern.name, names, n=3, cutoff=0.4) or names[:5]
    return f"in {folder_name} there is: {', '.join(suggestions)}"


def file_type(path: Path, file_format: FileFormat) -> str:
    """csv, jsonl or parquet: from the YAML, else from the file name.

    Raises:
        SourceError: the file name has no known suffix.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSION_BY_SUFFIX:
        suffixes.pop()
    detected = file_format.type or (_TYPE_BY_SUFFIX.get(suffixes[-1]) if suffixes else None)
    if detected is None:
        raise SourceError(f"{path.name}: the file type is unknown", "write format: {type: csv}, jsonl or parquet")
    return detected


def wave_of_file(path: Path) -> str:
    """The survey wave that a file is named after: its name without folder and suffixes. `data/2016-q1.csv.gz` is
    2016-q1."""
    name = path.name
    for suffixes in (_COMPRESSION_BY_SUFFIX, _TYPE_BY_SUFFIX):
        if Path(name).suffix.lower() in suffixes:
            name = Path(name).stem
    return name


def file_fingerprint(path: Path) -> str:
    """SHA-256 of the bytes of a file.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None


class CountingFile(io.RawIOBase):
    """A file that reports the number of bytes read."""

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


class Utf8Stream(io.RawIOBase):
    """A byte stream in any encoding, converted to UTF-8 without byte-order mark."""

    def __init__(self, file: Any, encoding: str, origin: str) -> None:
        super().__init__()
        self._file = file
        self._origin = origin
        self._encoding = encoding
        plain = codecs.lookup(encoding).name in ("utf-8", "ascii", "utf-8-sig")
        self._decoder = None if plain else codecs.getincrementaldecoder(encoding)()
        self._is_at_start = True
        self._pushed_back = b""
        self._line = 1

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._pushed_back:
            block, self._pushed_back = self._pushed_back, b""
            return block
        while True:
            raw = self._read_raw(size)
            block = self._decode(raw)
            if block or not raw:
                return block

    def push_back(self, block: bytes) -> None:
        """Return bytes that were read too far."""
        self._pushed_back = block + self._pushed_back

    def _read_raw(self, size: int) -> bytes:
        try:
            return bytes(self._file.read(size if size > 0 else _BLOCK))
        except (OSError, EOFError) as error:
            raise SourceError(f"{self._origin} is damaged: {error}", "compress or copy it again") from None

    def _decode(self, raw: bytes) -> bytes:
        is_at_start, self._is_at_start = self._is_at_start, False
        if is_at_start:
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
            position, reason = "", str(error)
            if isinstance(error, UnicodeDecodeError):
                line = self._line + error.object[: error.start].count(b"\n")
                position, reason = f"near line {line}, ", error.reason
            raise SourceError(
                f"{self._origin} is not {self._encoding}: {position}{reason}",
                "correct format.encoding in the source's YAML",
            ) from None
        self._line += text.count("\n")
        return text.removeprefix("\ufeff").encode() if is_at_start else text.encode()


@contextmanager
def open_text(path: Path, encoding: str, progress: Progress) -> Iterator[Utf8Stream]:
    """The text of a file, plain or compressed, as UTF-8 bytes.

    Raises:
        SourceError: the file cannot be read, is damaged, or has another encoding.
    """
    import pyarrow as pa

    try:
        raw = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    compression = _COMPRESSION_BY_SUFFIX.get(path.suffix.lower())
    with CountingFile(raw, progress) as counting_file:
        stream = (
            pa.CompressedInputStream(pa.PythonFile(counting_file, "r"), compression) if compression else counting_file
        )
        yield Utf8Stream(stream, encoding, path.name)
