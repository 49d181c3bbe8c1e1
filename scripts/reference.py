"""Write the reference pages of docs/reference from the code: `make docs` runs it, a test compares the pages with it.

With `--check` nothing is written: the pages that are not what the code says are named, and the exit code is 1.
Names are read when it runs. A webhook field without a description is an error.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import typer.main
import yaml
from typer.testing import CliRunner

# --- The only lines that name modules of the product ------------------------------------------------------------------
import jkpi.alerts.notifications.model as notification_model
import jkpi.alerts.transitions.model as transition_model
from jkpi.cli.app import app as command_line
from jkpi.errors import JkpiError
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.state.tables import metadata as state_tables

ROOT = Path(__file__).resolve().parent.parent
WEBHOOK = ROOT / "src" / "jkpi" / "alerts" / "receivers" / "webhook.py"
MARTS = ROOT / "dbt_project" / "models" / "marts"
# ----------------------------------------------------------------------------------------------------------------------

FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py. Change the code, then run: make docs -->"
SHARED = ("--workspace", "--now", "--json")
FILES = {"workspace": "jkpi.yml"}
TITLES = {
    "statistic": "first statistic",
    "better": "better",
    "levels": "of a",
    "needs_journey_window": "window of the journey decides",
}
TYPES = {"utcdatetime": "time (UTC)", "string": "text"}
EVENTS = {
    "alerts.changed": "something changed about alerts",
    "alerts.acknowledged": "somebody acknowledged an alert",
    "digest.weekly": "the weekly digest of an owner",
    "promises.monthly": "the monthly list of the segments of a moment that are below their promise",
    "message.undelivered": "a message to another receiver could not be delivered",
    "receiver.test": "a test message",
}
WEBHOOK_FIELDS = {
    "type": "what the message is about, see below",
    "timestamp": "as-of time of the message, UTC",
    "data.notification_id": "the id of the message, the same on every attempt; also the header `webhook-id`",
    "data.workspace": "the name of the workspace",
    "data.synthetic": "true if the data are synthetic",
    "data.title": "one line",
    "data.severity": "`failure`, `warning`, `success` or `info`",
    "data.replies_to": "ids of the messages that first reported these alerts",
    "data.tables": "the table of a list, such as the segments below their promise; else empty",
    "data.tables[].title": "the heading",
    "data.tables[].columns": "the names of the columns",
    "data.tables[].rows": "the rows: a text for each column",
    "data.sections": "what a digest or a list holds besides, a list; else empty",
    "data.sections[].title": "the heading, such as `Firing`",
    "data.sections[].lines": "the lines below it",
    "data.alerts": "the alerts that are reported in full, a list",
    "data.alerts[].alert_id": "which alert",
    "data.alerts[].number": "the number of its newest transition, from 1",
    "data.alerts[].notification_type": "why it is sent",
    "data.alerts[].transition": "what happened to the alert",
    "data.alerts[].kind": "the kind of alert",
    "data.alerts[].series_id": "the series: `journey/moment`, with `/segment=value` for a segment",
    "data.alerts[].headline": "what it is about, in one line",
    "data.alerts[].owner": "the owner of the moment, map or source",
    "data.alerts[].is_closed": "true if this closes the alert",
    "data.alerts[].figures": "its figures, in the unit and direction of the KPI; days are ISO dates."
    " `value` is as counted; `effect_size` is the drop as estimated; `driven_by` and `breakdown` are shares of it,"
    " which add up to 1; `includes` are drops that are part of it",
    "data.alerts[].queries": "the SQL that returns the value and the readings behind it",
    "data.alerts[].acknowledge_url": "the signed link that acknowledges it; null where there is none",
    "data.summaries": "the alerts that are reported in one line, a list",
    "data.summaries[].alert_id": "which alert",
    "data.summaries[].headline": "what it is about",
    "data.omitted_count": "how many more there are",
    "data.text": "the text of a test, an acknowledgement or an undelivered message; else empty",
}


def main() -> int:
    """Write the pages, or check them. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is not up to date")
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    code = 0
    for name, text in pages().items():
        path = FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            sys.stderr.write(f"docs/reference/{name} is not what the code says; run: make docs\n")
            code = 1
        else:
            path.write_text(text, encoding="utf-8")
    return code


def pages() -> dict[str, str]:
    """File name -> text."""
    written = {
        "index.md": index(),
        "cli.md": cli(),
        "yaml.md": yaml_keys(),
        "kpis.md": kpis(),
        "marts.md": marts(),
        "webhook.md": webhook(),
        "exit-codes.md": exit_codes(),
        "state.md": state(),
    }
    return {name: f"{NOTE}\n\n{text.strip()}\n" for name, text in written.items()}


def index() -> str:
    """The list of pages."""
    return """# Reference

These pages are written by a program from the code, so they are always complete.

| page | content |
|---|---|
| [Command line](cli.md) | every command with its options |
| [YAML keys](yaml.md) | every key of `jkpi.yml`, journeys, sources and calendars |
| [KPI kinds](kpis.md) | every kind of KPI with its keys |
| [Marts](marts.md) | the public tables of the warehouse, column by column |
| [Webhook](webhook.md) | what a program receives |
| [Exit codes](exit-codes.md) | what a scheduler can conclude from them |
| [State database](state.md) | the tables in which jkpi remembers alerts and messages |
"""


# --- Command line -----------------------------------------------------------------------------------------------------


def cli() -> str:
    """Each command of the command line, with its options."""
    root = typer.main.get_command(command_line)
    shared = {option: row for command in _commands(root) for option, row in _options(command[1]) if option in SHARED}
    parts = [
        "# Command line",
        _prose(root.help or ""),
        "[Exit codes](exit-codes.md) are the same for all commands.",
        "Most commands take these options; each command says which:",
        _table(("option", "meaning"), [shared[name] for name in SHARED if name in shared]),
        _table(
            ("command", "what it does"),
            [(f"[`jkpi {name}`](#{_slug(f'jkpi {name}')})", _first(found)) for name, found in _commands(root)],
        ),
    ]
    for name, command in _commands(root):
        own = [row for option, row in _options(command) if option not in SHARED]
        takes = [f"`{option}`" for option, _ in _options(command) if option in SHARED]
        text, _, example = (command.help or "").partition("Example:")
        parts += [f"## jkpi {name}", _prose(text)]
        if example.strip():
            parts.append(f"```text\n{example.strip()}\n```")
        if own:
            parts.append(_table(("argument or option", "meaning"), own))
        if takes:
            parts.append(f"Also {', '.join(takes)}.")
    return "\n\n".join(parts)


def _commands(command: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, found in sorted(getattr(command, "commands", {}).items()):
        if not getattr(found, "hidden", False):
            yield f"{prefix}{name}", found
            yield from _commands(found, f"{prefix}{name} ")


def _options(command: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """(long name, (how it is written, what it means))."""
    for found in command.params:
        if getattr(found, "hidden", False) or found.name == "help":
            continue
        is_option = found.opts[0].startswith("-")
        long = max(found.opts, key=len) if is_option else found.name
        written = ", ".join(f"`{name}`" for name in sorted(found.opts, key=len, reverse=True))
        default = found.default
        meaning = (getattr(found, "help", "") or "").strip()
        if found.required:
            meaning += " Required."
        elif default not in (None, False, True, "", ()):
            meaning += f" Default: `{default}`."
        yield long, (written if is_option else f"`{found.name.upper()}`", meaning.strip())


def _first(command: Any) -> str:
    return (command.help or "").strip().partition("\n")[0]


# --- YAML keys --------------------------------------------------------------------------------------------------------


def yaml_keys() -> str:
    """Each key of each file, from the JSON Schemas that `jkpi schema` writes."""
    parts = [
        "# YAML keys",
        "An unknown key is an error, with file, line, column and the nearest known key. `jkpi schema --output DIR`"
        " writes these definitions as JSON Schemas, for editors.",
        "A duration is a number and a unit: `90s`, `15m`, `4h`, `30d`, `2w`. Where years make sense, `1y` works too."
        " A secret is written as `env:NAME` or `file:PATH`.",
    ]
    for kind, schema in schemas().items():
        file = FILES.get(kind, f"{kind}s/*.yml")
        hidden = _kpi_definitions(schema)
        parts += [f"## {file}", _prose(schema.get("description", "")), _keys(schema, kind, hidden)]
        definitions = schema.get("$defs", {})
        for name in dict.fromkeys(_referred(schema["properties"], definitions)):
            if "properties" in definitions[name] and name not in hidden:
                parts += [f"### {_called(kind, name)}", _prose(definitions[name].get("description", ""))]
                parts.append(_keys(definitions[name], kind, hidden))
    return "\n\n".join(part for part in parts if part)


def schemas() -> dict[str, dict[str, Any]]:
    """Kind of file -> its JSON Schema, as a user gets it."""
    with tempfile.TemporaryDirectory() as folder:
        done = CliRunner().invoke(command_line, ["schema", "--output", folder])
        if done.exit_code:
            raise SystemExit(f"jkpi schema failed: {done.output}")
        found = {path.name.partition(".")[0]: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}
    first = [kind for kind in ("workspace", "journey", "source", "calendar") if kind in found]
    return {kind: found[kind] for kind in [*first, *sorted(set(found) - set(first))]}


def _referred(node: Any, definitions: Mapping[str, Any]) -> Iterator[str]:
    """The names of definitions in the order in which a reader meets them."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            yield name
            yield from _referred(definitions[name].get("properties", {}), definitions)
        for key, value in node.items():
            if key not in ("$ref", "discriminator", "default"):
                yield from _referred(value, definitions)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(value, definitions)


def _kpi_definitions(schema: Mapping[str, Any]) -> set[str]:
    """KPI kinds have a page of their own."""
    names = {kind.__name__ for kind in KPI_KINDS.values()}
    return names & set(schema.get("$defs", {}))


def _called(kind: str, name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("File")).lower()
    return f"{kind}: {words}"


def _keys(definition: Mapping[str, Any], kind: str, hidden: set[str]) -> str:
    required = set(definition.get("required", ()))
    rows = []
    for key, found in definition.get("properties", {}).items():
        meaning = _prose(found.get("description", ""))
        default = "required" if key in required else _default(found)
        rows.append((f"`{key}`", _type(found, kind, hidden), default, meaning))
    return _table(("key", "value", "default", "meaning"), rows)


def _default(found: Mapping[str, Any]) -> str:
    value = found.get("default")
    if value is None or isinstance(value, dict) or value == []:
        return ""
    if isinstance(value, str):
        return f"`{_iso_duration(value) or value}`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _iso_duration(text: str) -> str | None:
    """`P14D` as `14d`; None where it is no duration."""
    match = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", text)
    if match is None or text == "P":
        return None
    years, weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = (((years * 365 + weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    if total >= 365 * 86400:
        return f"{round(total / 86400 / 365, 1):g}y"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if total >= size and total % size == 0:
            return f"{total // size:g}{unit}"
    return f"{total:g}s"


def _type(found: Mapping[str, Any], kind: str, hidden: set[str]) -> str:
    """A schema in a few words."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        if name in hidden:
            return "a [KPI](kpis.md)"
        return f"[{_called('', name).removeprefix(': ')}](#{_slug(_called(kind, name))})"
    if "const" in found:
        return f"`{found['const']}`"
    if "enum" in found:
        return ", ".join(f"`{value}`" for value in found["enum"])
    options = [one for one in (*found.get("anyOf", ()), *found.get("oneOf", ())) if one.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(_type(one, kind, hidden) for one in options))
    type_ = found.get("type")
    if type_ == "array":
        if "prefixItems" in found:
            return f"[{', '.join(_type(one, kind, hidden) for one in found['prefixItems'])}]"
        return f"list of {_type(found.get('items', {}), kind, hidden)}"
    if type_ == "object":
        values = found.get("additionalProperties")
        return f"name → {_type(values, kind, hidden)}" if isinstance(values, dict) and values else "mapping"
    if type_ == "string":
        if "smhd" in found.get("pattern", ""):
            return "duration"
        return {"date": "day", "date-time": "time", "path": "path"}.get(str(found.get("format")), "text")
    names = {"integer": "whole number", "boolean": "true or false", "number": "number"}
    return " or ".join(names.get(str(one), "text") for one in (type_ if isinstance(type_, list) else [type_]))


# --- KPI kinds --------------------------------------------------------------------------------------------------------


def kpis() -> str:
    """Each kind of KPI: what is fixed about it, and its keys."""
    definitions = schemas()["journey"]["$defs"]
    fixed = [name for name in _class_variables() if name in TITLES or name == "unit"]
    rows = [
        (f"[`{kind}`](#{_slug(kind)})", *(_shown(getattr(found, name, "")) for name in fixed))
        for kind, found in KPI_KINDS.items()
    ]
    parts = [
        "# KPI kinds",
        "[KPIs and readings](../concepts/kpis.md) has the formulas and intervals. This page lists the keys of each"
        " kind.",
        _table(("kind", *(TITLES.get(name, name) for name in fixed)), rows),
    ]
    for kind, found in KPI_KINDS.items():
        parts += [f"## {kind}", _prose(found.__doc__ or ""), _keys(definitions[found.__name__], "journey", set())]
        reason = getattr(found, "no_promise", "")
        if reason:
            parts.append(f"No moment of truth can rest on it: {reason}.")
    return "\n\n".join(parts)


def _class_variables() -> list[str]:
    base = next(iter(KPI_KINDS.values()))
    for parent in base.__mro__:
        annotated = [name for name, hint in vars(parent).get("__annotations__", {}).items() if "ClassVar" in str(hint)]
        if annotated and any(name in TITLES for name in annotated):
            found = annotated
    return found


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(sorted(value, reverse=True)) if isinstance(value, frozenset | set | tuple) else str(value)


# --- Marts ------------------------------------------------------------------------------------------------------------


def marts() -> str:
    """The public tables, from the properties files of dbt."""
    models = [
        model
        for path in sorted(MARTS.rglob("*.yml"))
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", [])
    ]
    parts = [
        "# Marts",
        "These tables are the public interface of the warehouse: the schema `marts`. Everything else is internal and"
        " may change. Times are UTC. Where there is no data, a value is NULL, never 0.",
        _table(
            ("table", "content"),
            [(f"[`{one['name']}`](#{one['name']})", _sentence(one.get("description", ""))) for one in models],
        ),
    ]
    for model in models:
        parts += [f"## {model['name']}", _prose(model.get("description", ""))]
        grain = _grain(model)
        if grain:
            parts.append(f"One row for each {', '.join(f'`{name}`' for name in grain)}.")
        columns = [
            (f"`{one['name']}`", one.get("data_type", ""), _prose(one.get("description", "")))
            for one in model.get("columns", [])
        ]
        parts.append(_table(("column", "type", "meaning"), columns))
    return "\n\n".join(parts)


def _grain(model: Mapping[str, Any]) -> list[str]:
    for test in (*model.get("data_tests", ()), *model.get("tests", ())):
        if isinstance(test, dict):
            for name, given in test.items():
                if "grain" in name and isinstance(given, dict):
                    return list((given.get("arguments") or given).get("columns", ()))
    return []


# --- Webhook ----------------------------------------------------------------------------------------------------------


def webhook() -> str:
    """The fields of the document that a webhook gets, as the code builds it."""
    fields = list(_fields(_document()))
    undescribed = [name for name in fields if name not in WEBHOOK_FIELDS]
    unknown = [name for name in WEBHOOK_FIELDS if name not in fields]
    if undescribed or unknown:
        raise SystemExit(
            "scripts/reference.py, WEBHOOK_FIELDS: "
            + "; ".join(
                [*(f"describe {name}" for name in undescribed), *(f"{name} no longer exists" for name in unknown)]
            )
        )
    values = {
        "notification_type": _literal(notification_model, "escalation"),
        "transition": [*_literal(transition_model, "opened"), "acknowledged"],
        "kind": _literal(transition_model, "unmapped"),
    }
    rows = []
    for name in fields:
        known = values.get(name.rpartition(".")[2], ())
        meaning = WEBHOOK_FIELDS[name]
        rows.append((f"`{name}`", f"{meaning}: {', '.join(f'`{value}`' for value in known)}" if known else meaning))
    return "\n\n".join(
        [
            "# Webhook",
            "A receiver of kind `webhook` gets one JSON document a message, by `POST`. It is signed by the"
            " [Standard Webhooks](https://www.standardwebhooks.com) scheme: check the header `webhook-signature` before"
            " you believe anything. The header `webhook-id` is the same on every attempt, so that you know a message"
            " that arrives twice.",
            _table(("field", "meaning"), rows),
            "## Types",
            _table(("type", "meaning"), [(f"`{name}`", meaning) for name, meaning in EVENTS.items()]),
        ]
    )


def _document() -> ast.Dict:
    """The largest dictionary that the module writes as it stands: the document."""
    tree = ast.parse(WEBHOOK.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return max(found, key=lambda node: len(list(ast.walk(node))))


def _fields(node: ast.AST, prefix: str = "") -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                name = f"{prefix}{key.value!s}"
                if not isinstance(value, ast.Dict):
                    yield name
                yield from _fields(value, f"{name}.")
    elif isinstance(node, ast.ListComp):
        yield from _fields(node.elt, f"{prefix.removesuffix('.')}[].")


def _literal(module: ModuleType, member: str) -> list[str]:
    """The values of the Literal of a module that has this one."""
    for found in vars(module).values():
        if get_origin(found) is Literal and member in get_args(found):
            return list(get_args(found))
    raise SystemExit(f"{module.__name__} has no Literal with {member!r}")


# --- Exit codes and state ---------------------------------------------------------------------------------------------


def exit_codes() -> str:
    """From the tree of errors."""
    by_code: dict[int, list[str]] = {}
    for error in _errors(JkpiError):
        meaning = "an error that jkpi did not expect" if error is JkpiError else _sentence(error.__doc__ or "")
        by_code.setdefault(error.exit_code, []).append(f"`{error.__name__}`: {meaning}")
    retry = {1: "no: a person has to look", 2: "no: a person has to fix it", 3: "yes"}
    rows = [("0", "everything is fine", "")]
    rows += [(str(code), "<br>".join(lines), retry.get(code, "")) for code, lines in sorted(by_code.items())]
    rows.append(("130", "stopped by you (Ctrl-C). What was not finished has been undone", ""))
    return "\n\n".join(
        [
            "# Exit codes",
            _table(("code", "meaning", "try again?"), rows),
            "`jkpi run` returns the gravest code of its steps. With `--json`, an error is printed as a JSON document on"
            " stdout as well.",
        ]
    )


def _errors(error: type[JkpiError]) -> Iterator[type[JkpiError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == JkpiError.__module__:
            yield from _errors(child)


def state() -> str:
    """The tables of the state database, with their comments."""
    parts = [
        "# State database",
        "Here jkpi remembers alerts, messages and acknowledgements: a SQLite file in the workspace by default, or"
        " PostgreSQL (`state` in `jkpi.yml`). Migrations run by themselves. Read it if you like; write to it by the"
        " command line only. Times are UTC.",
    ]
    for table in state_tables.sorted_tables:
        rows = []
        for column in table.columns:
            marks = ["primary key"] * column.primary_key
            marks += [f"refers to `{key.target_fullname}`" for key in column.foreign_keys]
            marks += ["may be NULL"] * (bool(column.nullable) and not column.primary_key)
            rows.append((f"`{column.name}`", _stored(column.type), ", ".join(marks), column.comment or ""))
        heads = ("column", "type", "", "meaning")
        shown = len(heads) if any(row[3] for row in rows) else 3
        parts += [
            f"## {table.name}",
            _prose(f"{table.comment or ''}"),
            _table(heads[:shown], [row[:shown] for row in rows]),
        ]
    return "\n\n".join(part for part in parts if part)


def _stored(type_: object) -> str:
    name = type(type_).__name__.lower()
    return TYPES.get(name, name)


# --- Text -------------------------------------------------------------------------------------------------------------


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Paragraphs without the line breaks and the indentation of the code."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(re.sub(r"\s+", " ", one).strip().replace("<", "&lt;") for one in paragraphs)


def _sentence(text: str) -> str:
    first = re.split(r"(?<=\.)\s", _prose(text), maxsplit=1)[0]
    return first


def _slug(text: str) -> str:
    """As MkDocs makes an anchor of a heading."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", text.lower()).strip())


if __name__ == "__main__":
    sys.exit(main())
