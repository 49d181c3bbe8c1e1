"""Great Expectations speaks through logging, warnings and progress bars; here it speaks to us alone."""

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


class Said(logging.Handler):
    """What was logged meanwhile; `last` is the last message, without its repeated beginning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage().rsplit("not valid: ", 1)[-1]


@contextmanager
def quietly() -> Iterator[Said]:
    """Nothing of Great Expectations reaches the terminal, and nothing of it leaves the machine."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logger = logging.getLogger("great_expectations")
    said = Said()
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [said], False
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield said
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@functools.cache
def library() -> Any:
    """Great Expectations, imported when it is first needed: it takes seconds, and warns of what it is made of."""
    with quietly():
        import great_expectations

        return great_expectations


@functools.cache
def frames() -> BatchDefinition[Any]:
    """The door through which frames go to be checked: one context in memory for the whole process."""
    gx = library()
    with quietly():
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.execution_engine import pandas_execution_engine

        # A fingerprint of each frame, which nobody reads, would take longer than the checks.
        pandas_execution_engine.HASH_THRESHOLD = 0
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        context.enable_analytics(False)
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
        whole: BatchDefinition[Any] = asset.add_batch_definition_whole_dataframe("whole")
        return whole
