"""Determinism, sizes, and that EXPECTED.json agrees with the files (read here without jkpi)."""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import io
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jkpi.errors import InputError
from jkpi.synthetic.generator import generate
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLE_DROPS, EXAMPLES
from tests.synthetic.example import Example

DELIMITERS = {"calls": ";", "erp": ";", "answers_call": ";", "answers_repair": ";", "desk": "\t"}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@functools.cache
def records(path: Path) -> list[dict[str, object] | None]:
    """All rows of a file, None for those that cannot be split into columns."""
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    text = data.decode("latin-1" if path.parent.name == "erp" else "utf-8")
    if "jsonl" in path.name:
        return [parsed(line) for line in text.splitlines()]
    header, *rows = list(csv.reader(io.StringIO(text), delimiter=DELIMITERS.get(path.parent.name, ",")))
    return [dict(zip(header, row, strict=True)) if len(row) == len(header) else None for row in rows]


def parsed(line: str) -> dict[str, object] | None:
    try:
        return dict(json.loads(line))
    except json.JSONDecodeError:
        return None


def all_records(example: Example, source: str) -> list[dict[str, object] | None]:
    return [row for file in sorted((example.data / source).iterdir()) for row in records(file)]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_same_seed_writes_same_bytes(name: str, tmp_path: Path) -> None:
    generate(name, tmp_path / "first", seed=3)
    generate(name, tmp_path / "second", seed=3)
    generate(name, tmp_path / "other", seed=4)
    first, second, other = (digests(tmp_path / folder) for folder in ("first", "second", "other"))
    assert first == second
    assert len(first) > 50
    assert sum(first[file] == other.get(file) for file in first) == 0


def test_unknown_example_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no example 'spare_part'") as error:
        generate("spare_part", tmp_path)
    assert "spare_parts" in error.value.hint


def test_examples_have_the_documented_size(example: Example) -> None:
    assert 195_000 < example.expected["events"] < 220_000
    assert 18_000 < example.expected["responses"] < 22_000


def test_expected_numbers_add_up(example: Example) -> None:
    for source, tally in example.expected["sources"].items():
        rest = tally["duplicates"] + sum(tally["rejected"].values()) + tally["ignored"]
        assert tally["read"] == tally["loaded"] + rest, source
        assert tally["loaded"] > 0 and tally["duplicates"] > 0 and tally["late"] > 0, source


def test_files_hold_the_expected_number_of_rows(example: Example) -> None:
    for source, tally in example.expected["sources"].items():
        folder = "answers_repair" if source == "answers_recommend" else source
        assert sorted(tally["files"]) == sorted(path.name for path in (example.data / folder).iterdir())
        assert tally["rows"] == len(all_records(example, folder)), source


def test_files_hold_the_expected_unreadable_rows(example: Example) -> None:
    for source, tally in example.expected["sources"].items():
        if source == "answers_recommend":
            continue
        unreadable = sum(row is None for row in all_records(example, source))
        expected = tally["rejected"].get("ragged row", 0) + tally["rejected"].get("not a JSON object", 0)
        assert unreadable == expected, source


@pytest.mark.parametrize("example", ["equipment_repair"], indirect=True)
def test_calls_have_the_expected_outcomes(example: Example) -> None:
    tally = example.expected["sources"]["calls"]
    rows = [row for row in all_records(example, "calls") if row is not None]
    outcomes: Counter[str] = Counter()
    seen = set()
    for row in rows:
        outcome = outcome_of_call(row)
        if outcome == "valid":
            outcome = "duplicate" if tuple(row.items()) in seen else "loaded"
            seen.add(tuple(row.items()))
        outcomes[outcome] += 1
    assert (outcomes["loaded"], outcomes["duplicate"]) == (tally["loaded"], tally["duplicates"])
    assert outcomes["ignored"] == tally["ignored"]
    rejected = {reason: count for reason, count in tally["rejected"].items() if reason != "ragged row"}
    assert {reason: outcomes[reason] for reason in rejected} == rejected


def outcome_of_call(row: dict[str, object]) -> str:
    if row["disposition"] == "VOICEMAIL":
        return "ignored"
    if not row["case_no"] and not row["account"]:
        return "no customer and no case"
    try:
        at = datetime.strptime(str(row["call_time"]), "%d/%m/%Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Istanbul"))
    except ValueError:
        return "impossible date"
    if at > AS_OF:
        return "date in the future"
    return "valid" if row["disposition"] in ("NEW", "XFER", "TOLD AGAIN") else "unknown touchpoint"


def test_wide_rows_hold_the_expected_milestones(example: Example) -> None:
    source, key, columns = {
        "equipment_repair": ("visits", "visit", ("requested", "part_picked", "on_site", "running")),
        "spare_parts": ("parcels", "consignment", ("handed_over", "delivered", "signed")),
    }[example.name]
    tally = example.expected["sources"][source]
    rows = [row for row in all_records(example, source) if row is not None]
    events = [(row[key], column, row[column]) for row in rows for column in columns if row[column]]
    assert len(events) == tally["read"] - tally["rejected"].get("ragged row", 0)
    distinct = len(set(events))
    bad = sum(count for reason, count in tally["rejected"].items() if reason != "ragged row")
    assert distinct - bad == tally["loaded"]


def test_no_events_on_the_lost_day(example: Example) -> None:
    drop = EXAMPLE_DROPS[example.name]
    spelling = {"visits": "%Y-%m-%d", "erp": "%d.%m.%Y"}[drop.lost_source]
    rows = [row for row in all_records(example, drop.lost_source) if row is not None]
    columns = {"visits": ("requested", "part_picked", "on_site", "running"), "erp": ("Zeitpunkt",)}[drop.lost_source]

    def events_on(day: date) -> int:
        text = day.strftime(spelling)
        return sum(str(row[column]).startswith(text) for row in rows for column in columns)

    assert events_on(drop.lost_on) == 0
    assert min(events_on(drop.lost_on + timedelta(days=shift)) for shift in (-1, 1)) > 100
    assert example.expected["lost_day"]["events"] > 100


def test_files_are_cut_by_arrival(example: Example) -> None:
    """A file holds late rows of the month before, and nothing that arrived after `as_of`."""
    source, column = {"equipment_repair": ("tickets", "state_since"), "spare_parts": ("shop", "ts")}[example.name]
    march = records(example.data / source / f"{source}_2026-03{ {'tickets': '.parquet', 'shop': '.jsonl.gz'}[source] }")
    months = Counter(str(row[column])[:7] for row in march if row is not None)
    assert months["2026-02"] >= 5
    assert months["2026-04"] == 0
    times = [str(row[column]).replace("T", " ") for row in all_records(example, source) if row is not None]
    assert max(time for time in times if time < "2030") < "2026-06-30 12"


def test_one_month_was_sent_again_with_overlap(example: Example) -> None:
    source, month = {"equipment_repair": ("calls", "2026-03"), "spare_parts": ("erp", "2026-04")}[example.name]
    first = {str(row) for row in records(example.data / source / f"{source}_{month}.csv") if row is not None}
    again = {str(row) for row in records(example.data / source / f"{source}_{month}_resent.csv") if row is not None}
    assert len(first & again) > 500
    assert len(again - first) > 300
