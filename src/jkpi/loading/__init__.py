"""Track: sources of touchpoint events, survey answers, invitations and customers, into the landing."""

from jkpi.loading.load import load_source
from jkpi.loading.model import Source
from jkpi.loading.rejects import count_rejects, expire_rejects, export_rejects, list_rejects, replay_rejects
from jkpi.loading.report import BatchReport, reasons_of, set_aside
from jkpi.loading.workspace import read_sources, schema

__all__ = [
    "BatchReport",
    "Source",
    "count_rejects",
    "expire_rejects",
    "export_rejects",
    "list_rejects",
    "load_source",
    "read_sources",
    "reasons_of",
    "replay_rejects",
    "schema",
    "set_aside",
]
