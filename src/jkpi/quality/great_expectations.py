"""Load Great Expectations and keep its logs, warnings and progress bars off the terminal."""

from __future__ import annotations

import functools
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition


class LogCapture(logging.Handler):
    """Handler that captures log records. last: the last message, without its repeated prefix."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage().rsplit("not valid: ", 1)[-1]


@contextmanager
def silenced() -> Iterator[LogCapture]:
    """Capture logs and warnings of Great Expectations, and disable its analytics."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logger = logging.getLogger("great_expectations")
    captured = LogCapture()
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [captured], False
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield captured
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@functools.cache
def load_gx() -> Any:
    """Import Great Expectations on first use, because it takes seconds and prints warnings."""
    with silenced():
        import great_expectations

        return great_expectations


@functools.cache
def frame_batch_definition() -> BatchDefinition[Any]:
    """The batch definition for data frames: one in-memory context per process."""
    gx = load_gx()
    with silenced():
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.execution_engine import pandas_execution_engine

        # Skip the fingerprint of each frame: it is not used and takes longer than the checks.
        pandas_execution_engine.HASH_THRESHOLD = 0
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        context.enable_analytics(False)
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
        batch_definition: BatchDefinition[Any] = asset.add_batch_definition_whole_dataframe("whole")
        return batch_definition
