"""Files that a reader never meets half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jkpi.errors import SystemFailure


def write_whole(path: Path, text: str) -> None:
    """Beside its place first, then moved there in one step.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SystemFailure(
            f"the page {path} cannot be written: {error.strerror}", hint="look at the folder's rights and free space"
        ) from error
