"""YAML, links and pictures of the pages are valid, and the site needs no network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from jkpi.cli.app import app
from tests.docs.pages import DOCS, ROOT, blocks, pages, slug

WHOLE = {"source": "sources", "journey": "journeys", "calendar": "calendars"}
"""A block that begins with this key is a whole file of that folder."""


def jkpi(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def yaml_blocks() -> list[tuple[str, str]]:
    return [(str(page.relative_to(ROOT)), block) for page in dict.fromkeys(pages()) for block in blocks(page, "yaml")]


@pytest.mark.slow
def test_whole_files_pass_lint(tmp_path: Path) -> None:
    """Each is written into a starter workspace."""
    count = 0
    for number, (page, block) in enumerate(yaml_blocks()):
        content = yaml.safe_load(block)
        kind = next(iter(content))
        if kind not in WHOLE:
            continue
        folder = tmp_path / str(number)
        assert jkpi("init", str(folder))[0] == 0
        place = folder / WHOLE[kind]
        place.mkdir(exist_ok=True)
        (place / f"{content[kind]}.yml").write_text(block, encoding="utf-8")
        code, output = jkpi("lint", "-w", str(folder))
        assert code == 0, f"{page}:\n{block}\n{output}"
        count += 1
    assert count >= 8


def test_parts_of_files_fit_their_schema(tmp_path: Path) -> None:
    """Each key of a block is a key of its file, with a value of the right type."""
    assert jkpi("schema", "--output", str(tmp_path))[0] == 0
    schemas = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json"))]
    for page, block in yaml_blocks():
        content = _plain(yaml.safe_load(block))
        if next(iter(content)) in WHOLE:
            continue
        fitting = [schema for schema in schemas if set(content) <= set(schema["properties"])]
        assert fitting, f"{page}: of no file: {', '.join(content)}"
        errors = [list(Draft202012Validator({**schema, "required": []}).iter_errors(content)) for schema in fitting]
        assert [] in errors, f"{page}:\n{block}\n{[error.message for error in errors[0]]}"


def _plain(value: Any) -> Any:
    """Dates as text, as written in the file."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def test_links_and_pictures_exist() -> None:
    anchors = {page.resolve(): _anchors(page) for page in pages()}
    broken, count = [], 0
    for page in pages():
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            count += 1
            path, _, anchor = target.partition("#")
            place = (page.parent / path).resolve() if path else page.resolve()
            is_there = place.exists() and (not anchor or anchor in anchors.get(place, set()))
            if not is_there:
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
    assert count > 100


def _anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {slug(re.sub(r"[`*]", "", heading)) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def test_every_picture_is_used() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in pages())
    assert [path.name for path in (DOCS / "images").iterdir() if path.name not in shown] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.slow
def test_reference_pages_match_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.reference", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_site_builds_and_needs_no_network(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    fetched = re.compile(
        r"<(?:script|img|link|iframe)\b[^>]*(?:src|href)=\"(?:https?:)?//(?!.*canonical)", re.IGNORECASE
    )
    asks = [path.name for path in (tmp_path / "site").rglob("*.html") if fetched.search(path.read_text())]
    assert asks == []
    styles = [
        path.name for path in (tmp_path / "site").rglob("*.css") if re.search(r"url\(['\"]?https?:", path.read_text())
    ]
    assert styles == []
