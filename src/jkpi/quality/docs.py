"""Great Expectations' Data Docs, built from the stored results of the last checks, readable offline."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi.config.settings import Settings
from jkpi.quality.great_expectations import load_gx, silenced
from jkpi.quality.pages import SuiteResult, make_self_contained, write_index
from jkpi.quality.report import QualityResult
from jkpi.quality.suites import expectation_name, load_suite, suite_file, suite_parameters
from jkpi.quality.validate import unexpected_text
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

# The last run of the checkpoints landing and marts; of incoming, the last run of each source.
_LAST_RESULTS = """
select
    checkpoint,
    subject,
    suite,
    expectation,
    column_name,
    severity,
    bool_and(success) as success,
    bool_or(raised_exception) as raised_exception,
    cast(sum(checked) as bigint) as checked,
    cast(sum(unexpected) as bigint) as unexpected,
    max(detail) as detail,
    checked_at
from raw.quality_results as results
where
    checked_at = (
        select max(latest.checked_at)
        from raw.quality_results as latest
        where
            latest.checkpoint = results.checkpoint
            and (latest.checkpoint <> 'incoming' or latest.subject = results.subject)
    )
group by checkpoint, subject, suite, expectation, column_name, severity, checked_at
order by checkpoint, subject, suite, expectation
"""
_ROW_COUNT = re.compile(r"[\d,]+ of [\d,]+ rows?(?:, such as |$)")


def build_docs(settings: Settings) -> Path:
    """Write the Data Docs into `data_docs` of the site folder, replacing older ones. Returns the path of the index."""
    target = settings.site_dir / "data_docs"
    draft = target.with_name("data_docs.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    checks = [_to_suite_result(results) for results in last_results(settings)]
    with silenced():
        context = _context(draft)
        for suite_result in checks:
            _add_to_context(context, suite_result)
        context.build_data_docs()
    make_self_contained(draft)
    write_index(draft, checks, settings)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    return target / "index.html"


def last_results(settings: Settings) -> list[list[QualityResult]]:
    """The last results, one list per subject and suite."""
    with open_warehouse(settings) as warehouse:
        if not warehouse.table_exists("raw", "quality_results"):
            return []
        rows = warehouse.rows(_LAST_RESULTS)
    grouped: dict[tuple[str, str, str], list[QualityResult]] = {}
    for row in rows:
        recounted = {"detail": _recount_detail(row["detail"] or "", row["unexpected"], row["checked"])}
        result = QualityResult(**{**row, **recounted, "column_name": row["column_name"] or ""})
        grouped.setdefault((result.checkpoint, result.subject, result.suite), []).append(result)
    return list(grouped.values())


def _recount_detail(detail: str, unexpected: int, checked: int) -> str:
    """Replace the counts of one batch in `detail` with the counts over all batches."""
    match = _ROW_COUNT.match(detail)
    return unexpected_text(unexpected, checked, detail[match.end() :]) if match else detail


def _to_suite_result(results: Sequence[QualityResult]) -> SuiteResult:
    first = results[0]
    suite = load_suite(suite_file(first.suite))
    values = suite_parameters(first.checked_at)
    expectations = {item["meta"]["name"]: _with_values(item, values) for item in suite.expectations}
    order = {name: number for number, name in enumerate(expectations)}
    ordered = sorted(results, key=lambda item: order.get(item.expectation, -1))
    return SuiteResult(first.checkpoint, first.subject, first.suite, first.checked_at, tuple(ordered), expectations)


def _with_values(expectation: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The expectation with the values of its `$PARAMETER`s."""
    kwargs = {
        key: _iso_text(values[value["$PARAMETER"]]) if isinstance(value, Mapping) and "$PARAMETER" in value else value
        for key, value in expectation["kwargs"].items()
    }
    return {**expectation, "kwargs": kwargs}


def _iso_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _context(folder: Path) -> AbstractDataContext:
    """A context in memory with one site, in `folder`."""
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
    context: AbstractDataContext = load_gx().get_context(mode="ephemeral", project_config=config)
    return context


def _add_to_context(context: AbstractDataContext, suite_result: SuiteResult) -> None:
    """Add the suite and its results to the context, as if it had checked all chunks at once."""
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    suite = load_gx().ExpectationSuite(
        name=suite_result.suite, expectations=[dict(item) for item in suite_result.expectations.values()]
    )
    if suite_result.suite not in {item.name for item in context.suites.all()}:
        context.suites.add(suite)
    run = RunIdentifier(run_name=suite_result.checkpoint, run_time=suite_result.checked_at.replace(tzinfo=UTC))
    gx_results = [
        _gx_result(item, suite) for item in suite_result.results if item.expectation in suite_result.expectations
    ]
    count_passed = sum(item.success for item in gx_results)
    validation = ExpectationSuiteValidationResult(
        success=count_passed == len(gx_results),
        results=gx_results,
        suite_name=suite_result.suite,
        statistics={
            "evaluated_expectations": len(gx_results),
            "successful_expectations": count_passed,
            "unsuccessful_expectations": len(gx_results) - count_passed,
            "success_percent": 100 * count_passed / len(gx_results) if gx_results else None,
        },
        meta={
            "run_id": run,
            "batch_spec": {"data_asset_name": suite_result.subject},
            "great_expectations_version": version("great_expectations"),
        },
    )
    identifier = ValidationResultIdentifier(ExpectationSuiteIdentifier(suite_result.suite), run, suite_result.file_name)
    context.validation_results_store.set(identifier, validation)


def _gx_result(result: QualityResult, suite: ExpectationSuite) -> Any:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

    expectation = next(
        candidate for candidate in suite.expectations if expectation_name(candidate) == result.expectation
    )
    by_row = expectation.expectation_type.startswith(("expect_column_value", "expect_column_pair"))
    counts = {
        "element_count": result.checked,
        "unexpected_count": result.unexpected,
        "unexpected_percent": 100 * result.unexpected / result.checked if result.checked else 0.0,
        "partial_unexpected_list": [],
    }
    return ExpectationValidationResult(
        success=result.success,
        expectation_config=expectation.configuration,
        result=counts if by_row and not result.raised_exception else {},
        exception_info={
            "raised_exception": result.raised_exception,
            "exception_message": result.detail if result.raised_exception else None,
            "exception_traceback": "" if result.raised_exception else None,
        },
    )
