"""The command line as a user meets it: its output and its exit code. Verbs that run steps are processes."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from jkpi.cli.app import app

JKPI = Path(sys.executable).parent / "jkpi"
VERBS = ["init", "lint", "schema", "load", "check", "measure", "evaluate", "deliver", "alerts", "publish", "run",
         "status", "coverage", "digest", "demo", "serve"]  # fmt: skip
STEPS = ["load", "check landing", "measure", "check marts", "evaluate", "publish"]
GROUPS = ["rejects list", "rejects export", "rejects replay", "alerts list", "alerts show", "alerts ack",
          "alerts silence", "alerts unsilence", "alerts test-receiver"]  # fmt: skip


def jkpi(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([JKPI, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done


def verb(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The same in the process of the test, which saves the start of Python and its imports."""
    output, errors = io.StringIO(), io.StringIO()
    given = [*map(str, arguments)]
    with redirect_stdout(output), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
        app(given, prog_name="jkpi")
    done = subprocess.CompletedProcess(given, int(ended.value.code or 0), output.getvalue(), errors.getvalue())
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, dbt: None) -> Path:
    """The starter, made and run once."""
    folder = tmp_path_factory.mktemp("cli") / "starter"
    jkpi("init", folder)
    jkpi("run", "-w", folder)
    return folder


@pytest.mark.parametrize("name", [*VERBS, *GROUPS])
def test_help_has_an_example(name: str) -> None:
    assert f"Example: jkpi {name}" in verb(*name.split(), "--help").stdout


def test_no_verb_prints_the_verbs_and_the_exit_codes() -> None:
    done = subprocess.run([JKPI], capture_output=True, text=True)
    assert done.returncode == 2
    assert all(name in done.stderr for name in VERBS)
    assert "0 ok, 1 a check failed, 2 invalid input, 3 system error" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_the_starter_runs_and_its_numbers_are_there(workspace: Path) -> None:
    document = json.loads(jkpi("run", "-w", workspace, "--json").stdout)
    assert [(step["name"], step["status"]) for step in document["steps"]] == [(name, "ok") for name in STEPS]
    statuses = {batch["status"] for source in document["steps"][0]["result"] for batch in source["batches"]}
    assert statuses == {"unchanged"}
    page = (workspace / "site" / "first_order.html").read_text(encoding="utf-8")
    assert "From a first visit to a first order" in page
    status = json.loads(jkpi("status", "-w", workspace, "--json").stdout)
    assert {row["source"]: row["loaded"] for row in status["sources"]} == {"answers": 16, "shop": 153}
    assert [row["moment"] for row in status["moments"]] == ["arrives_in_time"]
    assert "arrives_in_time" in jkpi("status", "-w", workspace).stdout


@pytest.mark.slow
def test_coverage_shows_elements_without_events_and_unmapped_touchpoints(workspace: Path) -> None:
    elements = json.loads(jkpi("coverage", "-w", workspace, "--json").stdout)["elements"]
    drawn = {row["name"] for row in elements if row["element"] == "touchpoint"}
    assert {"product_viewed", "order_placed"} <= drawn
    assert sum(row["count_events"] for row in elements if row["element"].endswith("touchpoint")) == 153
    output = jkpi("coverage", "-w", workspace).stdout
    assert "without events" in output
    assert all(row["name"] in output for row in elements)


def test_coverage_before_anything_was_measured(tmp_path: Path) -> None:
    verb("init", tmp_path / "fresh")
    done = verb("coverage", "-w", tmp_path / "fresh", code=2)
    assert "nothing has been measured yet" in done.stderr


@pytest.mark.slow
def test_rejected_rows_are_listed_exported_corrected_and_replayed(workspace: Path, tmp_path: Path) -> None:
    bad = workspace / "data" / "shop_2.csv"
    bad.write_text("at,visit,customer,action,channel,country\n2026-06-31 10:00,V900,C900,view,web,FR\n")
    try:
        loaded = jkpi("load", "-w", workspace, "--source", "shop").stdout
        assert "rejected: 1 impossible date" in loaded
        assert "2026-06-31" in jkpi("rejects", "list", "-w", workspace, "--json").stdout
        corrected = tmp_path / "corrected.csv"
        jkpi("rejects", "export", corrected, "-w", workspace, "--source", "shop")
        corrected.write_text(corrected.read_text().replace("2026-06-31", "2026-06-28"))
        replayed = jkpi("rejects", "replay", "-w", workspace, "--source", "shop", "--file", corrected, "--json").stdout
        assert json.loads(replayed)["loaded"] == 1
        assert "no rejected rows" in jkpi("rejects", "list", "-w", workspace, "--reason", "open").stdout
    finally:
        bad.unlink()


@pytest.mark.slow
def test_files_without_rows_are_one_line_after_rejected_rows(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    jkpi("init", folder)
    header = "at,visit,customer,action,channel,country\n"
    for day in range(1, 6):
        (folder / "data" / f"shop_2_{day}.csv").write_text(header)
    (folder / "data" / "shop_3.csv").write_text(f"{header}2026-06-31 10:00,V900,C900,view,web,FR\n")
    first = jkpi("load", "-w", folder, "--source", "shop").stdout
    assert first.splitlines()[-2:] == [
        "shop: rejected: 1 impossible date",
        "shop: 5 files have no rows: data/shop_2_1.csv, data/shop_2_2.csv, data/shop_2_3.csv and 2 more",
    ]
    assert first.count("have no rows") == 1 and "has no rows" not in first
    (folder / "data" / "shop_2_6.csv").write_text(header)
    assert jkpi("load", "-w", folder, "--source", "shop").stdout.splitlines()[-1] == (
        "shop: data/shop_2_6.csv has no rows"
    )
    assert "no rows" not in jkpi("load", "-w", folder, "--source", "shop").stdout


@pytest.mark.slow
def test_the_next_load_deletes_old_rejected_rows(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    jkpi("init", folder)
    (folder / "data" / "shop_2.csv").write_text(
        "at,visit,customer,action,channel,country\n2026-06-31 10:00,V900,C900,view,web,FR\n"
    )
    settings = folder / "jkpi.yml"
    settings.write_text(settings.read_text() + "\nrejects_retention: 30d\n")
    jkpi("load", "-w", folder)
    jkpi("load", "-w", folder, "--now", "2030-01-01T00:00:00Z")
    counts = json.loads(jkpi("rejects", "list", "-w", folder, "--json").stdout)
    assert [(row["status"], row["rows"]) for row in counts["counts"]] == [("expired", 1)]
    assert counts["rows"] == []


def test_all_problems_of_the_yaml_are_reported_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    verb("init", folder)
    journey = folder / "journeys" / "first_order.yml"
    journey.write_text(
        journey.read_text().replace("goals:", "gaols:", 1).replace("order.time_to_resolve", "order.time")
    )
    source = folder / "sources" / "shop.yml"
    source.write_text(source.read_text().replace("occurred_at: at", "occured_at: at"))
    errors = verb("lint", "-w", folder, code=2).stderr
    assert "journeys/first_order.yml:13:5: unknown key 'gaols' (did you mean 'goals'?)" in errors
    assert "order.time_to_resolve" in errors
    assert "did you mean 'occurred_at'?" in errors
    document = json.loads(verb("lint", "-w", folder, "--json", code=2).stdout)
    assert document["exit_code"] == 2
    assert len(document["problems"]) >= 3


def test_lint_warns_of_a_segment_that_no_source_supplies(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    verb("init", folder)
    assert "warning:" not in verb("lint", "-w", folder).stdout
    journey = folder / "journeys" / "first_order.yml"
    journey.write_text(journey.read_text().replace("segments: [country]", "segments: [contry]"))
    output = "warning: first_order: no source supplies the segment 'contry' (did you mean 'country'?)"
    assert output in verb("lint", "-w", folder).stdout
    later = journey.read_text().replace("journey: first_order", "journey: later").replace("first_order:", "later:")
    for name in ("product_viewed", "basket_filled", "order_placed", "order_received"):
        later = later.replace(name, f"later_{name}")
    later = later.replace("viewpoint: {", "viewpoint: {segment: {country: [fr]}, ").replace("contry", "country")
    (folder / "journeys" / "later.yml").write_text(later)
    output = (
        "warning: later: no source of its touchpoints supplies the segment 'country';"
        " shop does, for touchpoints of another map"
    )
    assert output in verb("lint", "-w", folder).stdout
    (folder / "journeys" / "later.yml").unlink()
    source = folder / "sources" / "shop.yml"
    source.write_text(source.read_text().replace("received: order_received", "received: order_recieved"))
    output = "warning: shop: the touchpoint 'order_recieved' is on no map (did you mean 'order_received'?)"
    assert output in verb("lint", "-w", folder).stdout


def test_calendars_are_linted_and_have_a_schema(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    verb("init", folder)
    assert (folder / "schemas" / "calendar.schema.json").is_file()
    assert "A jkpi calendar" in verb("schema", "calendar").stdout
    (folder / "calendars").mkdir()
    calendar = folder / "calendars" / "shop_hours.yml"
    calendar.write_text(
        'calendar: shop_hours\ntimezone: Europe/Paris\nversions:\n  - hours: {mon-fri: ["09:00-18:00"]}\n'
    )
    output = verb("lint", "-w", folder).stdout
    assert "ok: calendars shop_hours" in output
    assert "warning: shop_hours: no KPI uses this calendar" in output
    journey = folder / "journeys" / "first_order.yml"
    written = journey.read_text()
    assert written.count("tolerance: 3d}") == 1
    journey.write_text(written.replace("tolerance: 3d}", "tolerance: 3d, calendar: shop_hour}"))
    calendar.write_text(calendar.read_text().replace("18:00", "25:00"))
    errors = verb("lint", "-w", folder, code=2).stderr
    assert "this workspace has no calendar 'shop_hour' (did you mean 'shop_hours'?)" in errors
    assert "calendars/shop_hours.yml:4:23: '09:00-25:00' is not an interval of hours" in errors


@pytest.mark.slow
def test_history_is_rewritten_on_demand(tmp_path: Path) -> None:
    import duckdb

    folder = tmp_path / "w"
    jkpi("init", folder)
    jkpi("load", "-w", folder)
    jkpi("measure", "-w", folder)
    journey = folder / "journeys" / "first_order.yml"
    journey.write_text(journey.read_text().replace("version: 1", "version: 2"))
    jkpi("measure", "-w", folder)

    def versions() -> list[tuple[int, bool]]:
        (place,) = folder.rglob("*.duckdb")
        with duckdb.connect(str(place), read_only=True) as warehouse:
            return warehouse.execute("select version, is_current from raw.map_journeys order by 1").fetchall()

    assert versions() == [(1, False), (2, True)]
    journey.write_text(
        journey.read_text().replace("tolerance: 3d", "tolerance: 2d").replace("title: Choose", "title: Look")
    )
    for name in ("measure", "run"):
        refused = jkpi(name, "-w", folder, code=2)
        output = refused.stdout + refused.stderr
        assert (
            "version 2 of journey first_order has already been measured, and order.time_to_resolve was edited since"
            in output
        )
        assert "raise the version (version: 3)" in output and "jkpi measure --rewrite-history" in output
    jkpi("measure", "-w", folder, "--rewrite-history")
    assert versions() == [(2, True)]


@pytest.mark.slow
def test_nothing_is_measured_while_a_source_cannot_be_read(workspace: Path, tmp_path: Path) -> None:
    """Cases without the rows of that source would count as lost."""
    folder = tmp_path / "w"
    shutil.copytree(workspace, folder)
    source = folder / "sources" / "answers.yml"
    source.write_text(source.read_text().replace("data/answers", "data/renamed"))
    done = jkpi("run", "-w", folder, "--json", code=2)
    steps = {step["name"]: step["status"] for step in json.loads(done.stdout)["steps"]}
    assert steps == {**dict.fromkeys(STEPS, "ok"), "load": "failed", "measure": "skipped", "check marts": "skipped"}
    assert "nothing was measured" in done.stderr and "jkpi run --despite-unread-sources" in done.stderr
    asked = jkpi("run", "-w", folder, "--json", "--despite-unread-sources", code=2)
    steps = {step["name"]: step["status"] for step in json.loads(asked.stdout)["steps"]}
    assert steps == {**dict.fromkeys(STEPS, "ok"), "load": "failed"}


@pytest.mark.slow
def test_a_file_of_nearly_only_bad_rows_fails_the_load(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    jkpi("init", folder)
    rows = [f"yesterday,V{n},C{n},view,web,FR" for n in range(30)]
    (folder / "data" / "shop_2.csv").write_text("\n".join(["at,visit,customer,action,channel,country", *rows]))
    done = jkpi("load", "-w", folder, code=1)
    assert "most rows were rejected" in done.stderr
    assert "shop_2.csv: 30 of 30" in done.stderr


@pytest.mark.slow
def test_another_key_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    jkpi("init", folder)
    jkpi("load", "-w", folder, "--source", "answers")
    (folder / ".jkpi" / "pseudonym.key").unlink()
    assert "another key" in jkpi("load", "-w", folder, code=2).stderr
    (folder / ".jkpi" / "pseudonym.key").write_text("")
    assert "has only 0 characters" in jkpi("load", "-w", folder, code=2).stderr


def test_a_state_file_that_is_no_database(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    jkpi("init", folder)
    (folder / "state.db").write_text("this is no database, however long one looks at it" * 100)
    assert "file is not a database" in jkpi("alerts", "-w", folder, code=3).stderr


@pytest.mark.slow
def test_an_earlier_now_does_not_reject_later_rows(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    jkpi("init", folder)
    jkpi("run", "-w", folder, "--now", "2026-06-10T06:00Z")
    status = json.loads(jkpi("status", "-w", folder, "--json").stdout)
    assert {row["source"]: row["loaded"] for row in status["sources"]} == {"answers": 16, "shop": 153}
    assert status["rejected"] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "-w", "/nowhere"], "is no workspace"),
        (["init", "x", "--example", "spare_prts"], "did you mean 'spare_parts'?"),
        (["schema", "jurney"], "unknown kind of file 'jurney'"),
        (["check", "--checkpoint", "back", "-w", "WORKSPACE"], "unknown checkpoint 'back'"),
        (["load", "--source", "shp", "-w", "WORKSPACE"], "did you mean 'shop'?"),
        (["status", "--now", "yesterday", "-w", "WORKSPACE"], "'yesterday' is not a time"),
    ],
)
def test_invalid_input_is_reported_in_a_sentence(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verb("init", tmp_path / "w")
    given = [str(tmp_path / "w") if argument == "WORKSPACE" else argument for argument in arguments]
    assert expected in verb(*given, code=2).stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for arguments in (["init", tmp_path / "file" / "w"], ["schema", "--output", tmp_path / "file" / "schemas"]):
        output = verb(*arguments, code=3).stderr
        assert "file" in output and "not a directory" in output
        assert "unexpected error" not in output


@pytest.mark.slow
def test_a_missing_secret_is_an_error_only_where_it_is_needed(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    jkpi("init", folder)
    settings = folder / "jkpi.yml"
    hook = "receivers:\n  hook: {kind: slack, url: env:JKPI_NO_HOOK}"
    settings.write_text(
        settings.read_text().replace("receivers:", hook, 1)
        + '\nsuperset: {url: "http://127.0.0.1:1", username: u, password: env:JKPI_NO_PASSWORD}\n'
    )
    written = settings.read_text().splitlines()
    line, last = next(n for n, text in enumerate(written, 1) if "hook:" in text), len(written)
    of_hook = f"jkpi.yml:{line}:28: receiver 'hook': the environment variable JKPI_NO_HOOK is not set"
    of_superset = f"jkpi.yml:{last}:62: superset: the environment variable JKPI_NO_PASSWORD is not set"
    output = jkpi("lint", "-w", folder).stdout
    assert f"warning: {of_hook}" in output and f"warning: {of_superset}" in output
    for name in ("load", "check", "measure", "evaluate", "deliver", "status"):
        jkpi(name, "-w", folder)
    refused = jkpi("alerts", "test-receiver", "hook", "-w", folder, code=2).stderr
    assert of_hook in refused and "export JKPI_NO_HOOK=" in refused
    jkpi("publish", "maps", "-w", folder)
    refused = jkpi("publish", "dashboards", "-w", folder, code=2).stderr
    assert of_superset in refused and "export JKPI_NO_PASSWORD=" in refused


def test_a_receiver_that_is_down_is_reported_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    verb("init", folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: whoever comes is refused
        port = taken.getsockname()[1]
        web = f"{{kind: slack, url: 'http://127.0.0.1:{port}/x', allow_private: true}}"
        mail = f"{{kind: mail, server: 'smtp://127.0.0.1:{port}', from: a@example.org, to: [b@example.org]}}"
        written = (folder / "jkpi.yml").read_text()
        (folder / "jkpi.yml").write_text(written.replace("receivers:", f"receivers:\n  web: {web}\n  post: {mail}", 1))
        for name in ("web", "post"):
            output = verb("alerts", "test-receiver", name, "-w", folder, code=3).stderr
            assert "could not be reached: connection refused" in output


def test_init_does_not_write_over_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "not empty" in jkpi("init", tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_status_lists_each_source_those_without_a_file_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    jkpi("init", folder)
    source = folder / "sources" / "shop.yml"
    source.write_text(source.read_text().replace("data/shop*.csv", "dta/shop*.csv"))
    assert "no file dta/shop*.csv" in jkpi("load", "-w", folder, code=2).stderr
    sources = json.loads(jkpi("status", "-w", folder, "--json").stdout)["sources"]
    assert {one["source"]: one["loaded"] > 0 for one in sources} == {"answers": True, "shop": False}


@pytest.mark.slow
def test_a_source_that_is_missing_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    jkpi("init", folder)
    (folder / "data" / "answers.csv").unlink()
    done = jkpi("load", "-w", folder, "--json", code=2)
    outcomes = {outcome["source"]: outcome for outcome in json.loads(done.stdout)}
    assert sum(batch["loaded"] for batch in outcomes["shop"]["batches"]) == 153
    assert "answers" in done.stderr


def test_evaluate_before_anything_was_measured(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    verb("init", folder)
    done = verb("evaluate", "-w", folder, code=3)
    assert "jkpi" in done.stderr
