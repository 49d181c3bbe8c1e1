"""Validate one frame with one suite: the outcome of each expectation, and the unexpected rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jkpi.quality.great_expectations import frame_batch_definition, load_gx, silenced
from jkpi.quality.suites import Suite, expectation_columns, expectation_name

if TYPE_CHECKING:
    import pandas as pd

PRIVATE_COLUMNS = frozenset({"customer_id", "case_id", "comment"})
"""Columns whose values are never shown as examples."""
_MAX_EXAMPLES = 3
_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    # A query of all unexpected rows and their values would cost more than the checks; positions are enough.
    "return_unexpected_index_query": False,
    "exclude_unexpected_values": True,
}


@dataclass(frozen=True)
class ExpectationOutcome:
    """The outcome of one expectation on one frame.

    raised_exception: the expectation could not run; `detail` says why.
    positions: positions of the unexpected rows in the frame, from 0; empty for an expectation about the whole table.
    examples: a few unexpected values; "" if there are none to show.
    """

    expectation: str
    column: str
    severity: str
    notes: str
    success: bool
    raised_exception: bool
    checked: int
    unexpected: int
    positions: tuple[int, ...]
    detail: str
    examples: str = ""


def validate_frame(suite: Suite, frame: pd.DataFrame, parameters: Mapping[str, Any]) -> list[ExpectationOutcome]:
    """The outcome of each expectation, in the order of the file. An expectation on a missing column could not run.

    parameters: values of the suite's `$PARAMETER`s. Expectations that need more rows than the frame has are left out.
    """
    rows = len(frame)
    prepared = _prepare(frame, suite)
    with silenced():
        expected = [
            expectation
            for expectation in suite.gx.expectations
            if rows >= suite.min_rows[expectation_name(expectation)]
        ]
        gx_suite = suite.gx
        if len(expected) < suite.size:
            configurations = [expectation.configuration.to_json_dict() for expectation in expected]
            gx_suite = load_gx().ExpectationSuite(name=suite.name, expectations=configurations)
        batch = frame_batch_definition().get_batch({"dataframe": prepared})
        validation = batch.validate(gx_suite, result_format=_RESULT_FORMAT, expectation_parameters=dict(parameters))
    outcomes = {
        expectation_name(expectation.expectation_config): _outcome(expectation, frame, prepared)
        for expectation in validation.results
    }
    return [outcomes.get(expectation_name(expectation)) or _missing_outcome(expectation) for expectation in expected]


def _outcome(result: Any, frame: pd.DataFrame, prepared: pd.DataFrame) -> ExpectationOutcome:
    config = result.expectation_config
    exception = _exception(result.exception_info)
    counts = result.result or {}
    is_table_level = "element_count" not in counts
    positions = tuple(counts.get("unexpected_index_list") or ())
    unexpected = int(counts.get("unexpected_count") or 0)
    columns = expectation_columns({"kwargs": config.kwargs})
    checked = 1 if is_table_level else int(counts["element_count"])
    detail, examples = exception or "", ""
    if not exception and not result.success and is_table_level:
        detail, unexpected = _table_level_detail(config.kwargs, counts, prepared), 1
    elif not exception and not result.success:
        examples = _examples(frame, positions, columns)
        detail = unexpected_text(unexpected, checked, examples)
    return ExpectationOutcome(
        expectation=expectation_name(config),
        column=_column(config.kwargs),
        severity=str(getattr(config.severity, "value", config.severity)),
        notes=str(config.notes or ""),
        success=bool(result.success),
        raised_exception=exception is not None,
        checked=0 if exception else checked,
        unexpected=unexpected,
        positions=positions,
        detail=detail,
        examples=examples,
    )


def unexpected_text(unexpected: int, checked: int, examples: str) -> str:
    """The number of unexpected rows, with examples."""
    suffix = f", such as {examples}" if examples else ""
    return f"{unexpected:,} of {checked:,} {'row' if checked == 1 else 'rows'}{suffix}"


def _missing_outcome(expectation: Any) -> ExpectationOutcome:
    """The outcome of an expectation that Great Expectations returned no result for."""
    name, severity = expectation_name(expectation), str(getattr(expectation.severity, "value", expectation.severity))
    return ExpectationOutcome(
        name, "", severity, "", False, True, 0, 0, (), "Great Expectations returned no result for it"
    )


def _exception(info: Any) -> str | None:
    """Why an expectation could not run; None if it ran. `info`: of the expectation, or one info per metric."""
    infos = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    for expectation_info in infos:
        if isinstance(expectation_info, Mapping) and expectation_info.get("raised_exception"):
            lines = str(expectation_info.get("exception_message") or "").strip().splitlines()
            return lines[0] if lines else "it raised an exception without a message"
    return None


def _table_level_detail(kwargs: Mapping[str, Any], counts: Mapping[str, Any], prepared: pd.DataFrame) -> str:
    expected = [*kwargs.get("column_set", []), *([kwargs["column"]] if "column" in kwargs else [])]
    missing = [column for column in expected if column not in prepared.columns]
    if missing:
        return f"missing: {', '.join(missing)}"
    return f"found {counts.get('observed_value', 'something else')}"


def _examples(frame: pd.DataFrame, positions: tuple[int, ...], columns: list[str]) -> str:
    """A few unexpected values, without private columns."""
    visible = [column for column in dict.fromkeys(columns) if column not in PRIVATE_COLUMNS and column in frame.columns]
    if not visible or not positions:
        return ""
    sample = frame[visible].iloc[list(positions[:_MAX_EXAMPLES])]
    texts = [", ".join(f"{name} {_example_text(row[name])}" for name in visible) for row in sample.to_dict("records")]
    return " | ".join(dict.fromkeys(texts))


def _example_text(value: Any) -> str:
    text = "(none)" if value is None or value != value else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _column(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(str(kwargs[key]) for key in ("column", "column_A", "column_B") if key in kwargs)


def _prepare(frame: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """The columns the suite uses, with a fresh index and types that Great Expectations compares as vectors.

    It compares other types value by value, 40 times slower.
    """
    import pandas as pd

    prepared = frame[[column for column in frame.columns if column in suite.columns]].reset_index(drop=True)
    for name in prepared.columns:
        kind = prepared[name].dtype
        if pd.api.types.is_datetime64_any_dtype(kind):
            prepared[name] = _nanoseconds(prepared[name])
        elif pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            prepared[name] = prepared[name].astype("float64")
    return prepared


def _nanoseconds(times: pd.Series) -> pd.Series:
    """Timestamps as naive UTC nanoseconds, clipped to the years that nanoseconds can express (1678 to 2262)."""
    import pandas as pd

    naive_times = (
        times.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(times.dt, "tz", None) is not None else times
    )
    # Great Expectations expects numpy's type, not Arrow's.
    microseconds = naive_times.astype("datetime64[us]")
    first, last = pd.Timestamp("1678-01-01"), pd.Timestamp("2262-01-01")
    within = microseconds.mask(microseconds < first, first).mask(microseconds > last, last)
    return within.astype("datetime64[ns]")
