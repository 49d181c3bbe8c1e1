"""What everything of a workspace is called in Superset. Pure.

Each has a UUID that follows from the workspace and from what it is, so that the same thing is the same object in every
run; each name begins with `jkpi`, because Superset takes over what has the same name.
"""

from __future__ import annotations

import re
import uuid

_NAMESPACE = uuid.UUID("0b3a0e52-6a4f-5d0c-9a55-6d6b70690001")


def certifier(workspace: str) -> str:
    """See `Bundle.signature`."""
    return f"jkpi {workspace}"


def slug_start(workspace: str) -> str:
    """What the addresses of a workspace's dashboards begin with: its name, and where that is no plain word a few digits
    that tell it from others, for Superset takes over what has the same address."""
    plain = re.sub(r"[^a-z0-9_]+", "-", workspace.lower()).strip("-")
    return f"jkpi-{plain}-" if plain == workspace else f"jkpi-{plain}-{stable_uuid(workspace, 'slug', '')[:6]}-"


def stable_uuid(workspace: str, kind: str, key: str) -> str:
    """The UUID of a thing of a workspace (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, f"{workspace}/{kind}/{key}"))
