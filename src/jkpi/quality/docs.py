"""Great Expectations' Data Docs, built from what the last checks left in the warehouse, readable without a network."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.great_expectations import library, quietly
from jkpi.quality.pages import Check, make_self_contained, write_index
from jkpi.quality.report import Result
from jkpi.quality.suites import load_suite, name_of, parameters, suite_file
from jkpi.quality.validate import in_words
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

# Of the checks of landing and marts the last run; of what came in, the last of each source.
_LAST = """
select
    door,
    subject,
    suite,
    expectation,
    column_name,
    severity,
    bool_and(success) as success,
    bool_or(raised) as raised,
    cast(sum(checked) as bigint) as checked,
    cast(sum(unexpected) as bigint) as unexpected,
    max(detail) as detail,
    checked_at
from raw.quality_results as results
where
    checked_at = (
        select max(latest.checked_at)
        from raw.quality_results as latest
        where latest.door = results.door and (latest.door <> 'incoming' or latest.subject = results.subject)
    )
group by door, subject, suite, expectation, column_name, severity, checked_at
order by door, subject, suite, expectation
"""
_COUNTED = re.compile(r"[\d,]+ of [\d,]+ rows?(?:, such as |$)")


def build_docs(settings: Settings) -> Path:
    """Write the Data Docs into `data_docs` of the output folder, in place of older ones; the path of their index."""
    target = settings.output / "data_docs"
    fresh = target.with_name("data_docs.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    checks = [_as_check(results) for results in last_results(settings)]
    with quietly():
        context = _context(fresh)
        for check in checks:
            _remember(context, check)
        context.build_data_docs()
    make_self_contained(fresh)
    write_index(fresh, checks, settings)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return target / "index.html"


def last_results(settings: Settings) -> list[list[Result]]:
    """The last results of each subject with each suite, as lists of one check each."""
    with open_warehouse(settings) as warehouse:
        if not warehouse.table_exists("raw", "quality_results"):
            return []
        rows = warehouse.rows(_LAST)
    grouped: dict[tuple[str, str, str], list[Result]] = {}
    for row in rows:
        told = {"detail": _recounted(row["detail"] or "", row["unexpected"], row["checked"])}
        result = Result(**{**row, **told, "column_name": row["column_name"] or ""})
        grouped.setdefault((result.door, result.subject, result.suite), []).append(result)
    return list(grouped.values())


def _recounted(detail: str, unexpected: int, checked: int) -> str:
    """A detail that counts the rows of one part, as it counts those of all of them."""
    found = _COUNTED.match(detail)
    return in_words(unexpected, checked, detail[found.end() :]) if found else detail


def _as_check(results: Sequence[Result]) -> Check:
    first = results[0]
    suite = load_suite(suite_file(first.suite))
    values = parameters(first.checked_at)
    written = {one["meta"]["name"]: _with_values(one, values) for one in suite.written}
    place = {name: number for number, name in enumerate(written)}
    ordered = sorted(results, key=lambda one: place.get(one.expectation, -1))
    return Check(first.door, first.subject, first.suite, first.checked_at, tuple(ordered), written)


def _with_values(expectation: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The expectation as it was checked: times and numbers in place of `$PARAMETER`s."""
    kwargs = {
        key: _spelled(values[value["$PARAMETER"]]) if isinstance(value, Mapping) and "$PARAMETER" in value else value
        for key, value in expectation["kwargs"].items()
    }
    return {**expectation, "kwargs": kwargs}


def _spelled(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _context(folder: Path) -> AbstractDataContext:
    """A context in memory whose one site is that folder."""
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

    stores = {
        "expectations_store": "ExpectationsStore",
        "validation_results_store": "ValidationResultsStore",
        "checkpoint_store": "CheckpointStore",
        "validation_definition_store": "ValidationDefinitionStore",
    }
    config = DataContextConfig(
        config_version=4.0,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        stores={name: {"class_name": kind} for name, kind in stores.items()},
        expectations_store_name="expectations_store",
        validation_results_store_name="validation_results_store",
        checkpoint_store_name="checkpoint_store",
        data_docs_sites={
            "jkpi": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        },
    )
    context: AbstractDataContext = library().get_context(mode="ephemeral", project_config=config)
    return context


def _remember(context: AbstractDataContext, check: Check) -> None:
    """Give the context the suite and what it said, as if it had checked all chunks at once."""
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = library().ExpectationSuite(name=check.suite, expectations=[dict(one) for one in check.written.values()])
    if check.suite not in {one.name for one in context.suites.all()}:
        context.suites.add(suite)
    run = RunIdentifier(run_name=check.door, run_time=check.checked_at.replace(tzinfo=UTC))
    said = [_said(one, suite) for one in check.results if one.expectation in check.written]
    good = sum(one.success for one in said)
    whole = ExpectationSuiteValidationResult(
        success=good == len(said),
        results=said,
        suite_name=check.suite,
        statistics={
            "evaluated_expectations": len(said),
            "successful_expectations": good,
            "unsuccessful_expectations": len(said) - good,
            "success_percent": 100 * good / len(said) if said else None,
        },
        meta={
            "run_id": run,
            "batch_spec": {"data_asset_name": check.subject},
            "great_expectations_version": version("great_expectations"),
        },
    )
    place = ValidationResultIdentifier(ExpectationSuiteIdentifier(check.suite), run, check.file_name)
    context.validation_results_store.set(place, whole)


def _said(result: Result, suite: ExpectationSuite) -> Any:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

    expectation = next(one for one in suite.expectations if name_of(one) == result.expectation)
    by_row = expectation.expectation_type.startswith(("expect_column_value", "expect_column_pair"))
    counted = {
        "element_count": result.checked,
        "unexpected_count": result.unexpected,
        "unexpected_percent": 100 * result.unexpected / result.checked if result.checked else 0.0,
        "partial_unexpected_list": [],
    }
    return ExpectationValidationResult(
        success=result.success,
        expectation_config=expectation.configuration,
        result=counted if by_row and not result.raised else {},
        exception_info={
            "raised_exception": result.raised,
            "exception_message": result.detail if result.raised else None,
            "exception_traceback": "" if result.raised else None,
        },
    )
