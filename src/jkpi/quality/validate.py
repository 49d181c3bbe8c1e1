"""One suite on one frame: what each expectation says, and at which rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jkpi.quality.great_expectations import frames, library, quietly
from jkpi.quality.suites import Suite, columns_of, name_of

if TYPE_CHECKING:
    import pandas as pd

PRIVATE = frozenset({"customer_id", "case_id", "comment"})
"""Columns whose values are never shown as examples."""
_EXAMPLES = 3
_FORMAT = {
    "result_format": "COMPLETE",
    # The text of a query over all bad rows, and all bad values, cost more than the checks; positions are enough.
    "return_unexpected_index_query": False,
    "exclude_unexpected_values": True,
}


@dataclass(frozen=True)
class Outcome:
    """What one expectation says of one frame.

    raised: it could not be run, which is neither success nor an unexpected row; `detail` says why.
    positions: of the unexpected rows in the frame, from 0; empty where the expectation is about the whole.
    examples: a few of the unexpected values, '' where there are none to show.
    """

    expectation: str
    column: str
    severity: str
    notes: str
    success: bool
    raised: bool
    checked: int
    unexpected: int
    positions: tuple[int, ...]
    detail: str
    examples: str = ""


def check(suite: Suite, frame: pd.DataFrame, parameters: Mapping[str, Any]) -> list[Outcome]:
    """The suite's expectations on a frame, in the order of the file; columns that are not there raise.

    `parameters` are the values of the suite's `$PARAMETER`s. Expectations for larger frames are left out.
    """
    rows = len(frame)
    ready = _prepared(frame, suite)
    with quietly():
        expected = [one for one in suite.gx.expectations if rows >= suite.from_rows[name_of(one)]]
        used = suite.gx
        if len(expected) < suite.size:
            configured = [one.configuration.to_json_dict() for one in expected]
            used = library().ExpectationSuite(name=suite.name, expectations=configured)
        batch = frames().get_batch({"dataframe": ready})
        said = batch.validate(used, result_format=_FORMAT, expectation_parameters=dict(parameters))
    found = {name_of(one.expectation_config): _outcome(one, frame, ready) for one in said.results}
    return [found.get(name_of(one)) or _unheard(one) for one in expected]


def _outcome(result: Any, frame: pd.DataFrame, ready: pd.DataFrame) -> Outcome:
    config = result.expectation_config
    raised = _exception(result.exception_info)
    counted = result.result or {}
    whole = "element_count" not in counted
    positions = tuple(counted.get("unexpected_index_list") or ())
    unexpected = int(counted.get("unexpected_count") or 0)
    columns = columns_of({"kwargs": config.kwargs})
    checked = 1 if whole else int(counted["element_count"])
    detail, examples = raised or "", ""
    if not raised and not result.success and whole:
        detail, unexpected = _about_whole(config.kwargs, counted, ready), 1
    elif not raised and not result.success:
        examples = _examples(frame, positions, columns)
        detail = in_words(unexpected, checked, examples)
    return Outcome(
        expectation=name_of(config),
        column=_column(config.kwargs),
        severity=str(getattr(config.severity, "value", config.severity)),
        notes=str(config.notes or ""),
        success=bool(result.success),
        raised=raised is not None,
        checked=0 if raised else checked,
        unexpected=unexpected,
        positions=positions,
        detail=detail,
        examples=examples,
    )


def in_words(unexpected: int, checked: int, examples: str) -> str:
    """How many rows were not as expected, and how some of them look."""
    such = f", such as {examples}" if examples else ""
    return f"{unexpected:,} of {checked:,} {'row' if checked == 1 else 'rows'}{such}"


def _unheard(one: Any) -> Outcome:
    """An expectation that Great Expectations was given and said nothing of."""
    name, severity = name_of(one), str(getattr(one.severity, "value", one.severity))
    return Outcome(name, "", severity, "", False, True, 0, 0, (), "Great Expectations returned no result for it")


def _exception(info: Any) -> str | None:
    """Why an expectation could not be run, or None. The info is about the expectation, or one for each metric of it."""
    every = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    for one in every:
        if isinstance(one, Mapping) and one.get("raised_exception"):
            lines = str(one.get("exception_message") or "").strip().splitlines()
            return lines[0] if lines else "it raised an exception that says nothing"
    return None


def _about_whole(kwargs: Mapping[str, Any], counted: Mapping[str, Any], ready: pd.DataFrame) -> str:
    wanted = [*kwargs.get("column_set", []), *([kwargs["column"]] if "column" in kwargs else [])]
    missing = [column for column in wanted if column not in ready.columns]
    if missing:
        return f"missing: {', '.join(missing)}"
    return f"found {counted.get('observed_value', 'something else')}"


def _examples(frame: pd.DataFrame, positions: tuple[int, ...], columns: list[str]) -> str:
    """A few of the values that were not expected, for people to recognise the mistake by."""
    shown = [column for column in dict.fromkeys(columns) if column not in PRIVATE and column in frame.columns]
    if not shown or not positions:
        return ""
    sample = frame[shown].iloc[list(positions[:_EXAMPLES])]
    texts = [", ".join(f"{name} {_text(row[name])}" for name in shown) for row in sample.to_dict("records")]
    return " | ".join(dict.fromkeys(texts))


def _text(value: Any) -> str:
    text = "(none)" if value is None or value != value else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _column(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(str(kwargs[key]) for key in ("column", "column_A", "column_B") if key in kwargs)


def _prepared(frame: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """The columns the suite speaks of, rows counted from 0, in the types that Great Expectations compares as vectors.

    It compares other times and numbers one by one, 40 times slower.
    """
    import pandas as pd

    ready = frame[[column for column in frame.columns if column in suite.columns]].reset_index(drop=True)
    for name in ready.columns:
        kind = ready[name].dtype
        if pd.api.types.is_datetime64_any_dtype(kind):
            ready[name] = _nanoseconds(ready[name])
        elif pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            ready[name] = ready[name].astype("float64")
    return ready


def _nanoseconds(times: pd.Series) -> pd.Series:
    """Naive times as nanoseconds; those beyond what nanoseconds reach (1677 to 2262) become the last they reach."""
    import pandas as pd

    naive = times.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(times.dt, "tz", None) is not None else times
    # Great Expectations looks for numpy's own type, which Arrow's is not.
    plain = naive.astype("datetime64[us]")
    first, last = pd.Timestamp("1678-01-01"), pd.Timestamp("2262-01-01")
    within = plain.mask(plain < first, first).mask(plain > last, last)
    return within.astype("datetime64[ns]")
