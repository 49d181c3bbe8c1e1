"""Write files atomically, so that a reader never sees half a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jkpi.errors import SystemFailure


def write_atomically(path: Path, text: str) -> None:
    """Write to a temporary file in the same folder, then rename it.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SystemFailure(
            f"cannot write {path}: {error.strerror}", hint="check the permissions of the folder and the free space"
        ) from error
