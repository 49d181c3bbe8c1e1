"""Which ids of a source become pseudonyms, and how they are hidden in listed and exported rejected rows. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal

from jkpi.loading.model import Source
from jkpi.loading.rows import HEADER_KEY, LINE_KEY

HashedId = Literal["customer_id", "case_id", "row_id"]

_MASK = "pseudonym:"
_HIDDEN_LINE = "(not shown: this row cannot be split into columns, and it may contain ids)"


def pseudonym_of(key: bytes, text: str) -> str:
    """The pseudonym of an id: HMAC-SHA256 (RFC 2104) in hexadecimal, as the loader computes it in SQL."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def hashed_ids(source: Source) -> frozenset[HashedId]:
    """The ids of this source that become pseudonyms, if the workspace has a key. row_id: event_id, response_id or
    invitation_id."""
    hashed: set[HashedId] = set()
    if source.columns.customer_id and source.customer_ids != "as_is":
        hashed.add("customer_id")
    if source.columns.case_id and source.case_ids == "pseudonymise":
        hashed.add("case_id")
    if source.row_id_columns and source.row_ids == "pseudonymise":
        hashed.add("row_id")
    return frozenset(hashed)


def asks_for_pseudonyms(source: Source) -> bool:
    """Whether the YAML of the source itself asks for pseudonyms."""
    return "pseudonymise" in (source.customer_ids, source.case_ids, source.row_ids)


def masked(source: Source, original: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """The original row of a reject with masks in place of its ids, if the source asks for pseudonyms. The same id has
    the same mask."""
    if not asks_for_pseudonyms(source):
        return dict(original)
    if LINE_KEY in original:
        return {LINE_KEY: _HIDDEN_LINE, **({HEADER_KEY: original[HEADER_KEY]} if HEADER_KEY in original else {})}
    columns = _id_columns(source)
    return {
        name: f"{_MASK}{pseudonym_of(key, str(value))}" if name in columns and value not in (None, "") else value
        for name, value in original.items()
    }


def unmasked(
    source: Source, corrected: Mapping[str, Any], original: Mapping[str, Any], key: bytes
) -> dict[str, Any] | None:
    """A corrected row with its ids again: a mask that was left as it is stands for the id of the stored original. None
    if it has a mask that is not of this row."""
    masks = masked(source, original, key)
    restored = {
        name: original[name] if name in original and value == masks.get(name) else value
        for name, value in corrected.items()
    }
    if any(isinstance(value, str) and value.startswith((_MASK, _HIDDEN_LINE)) for value in restored.values()):
        return None
    return restored


def _id_columns(source: Source) -> frozenset[str]:
    columns, hashed = source.columns, hashed_ids(source)
    names = [
        *([columns.customer_id] if "customer_id" in hashed else []),
        *([columns.case_id] if "case_id" in hashed else []),
        *(source.row_id_columns if "row_id" in hashed else []),
    ]
    return frozenset(name for name in names if name)
