"""Fragments of DuckDB SQL: identifiers, literals, cleaned texts, numbers, times, hashes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from jkpi.loading.model import FileFormat, RowFilter, SegmentColumn
from jkpi.loading.zones import to_utc

_SEPARATOR, _NULL_MARK = "chr(31)", "chr(30)"
_ISO_REGEX = r"\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|[+-][\d:]+))?"
_ISO_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_CLOCK_CODE = re.compile(r"%-?[HIMSfgnpcXs]")
_TO_DAYS_END = " + interval '1 day' - interval '1 microsecond'"
_CODE_REGEX = {
    **dict.fromkeys("dmHIMSyewU", r"\d{1,2}"),
    **{"j": r"\d{1,3}", "Y": r"\d{4}", "f": r"\d+", "p": "[AaPp][Mm]", "z": r"(Z|[+-][\d:]+)"},
    **dict.fromkeys("aAbBZ", r"\w+"),
}


def quote_identifier(column: str) -> str:
    """A column's name, quoted."""
    return '"' + column.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text as SQL literal."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def cleaned(column: str, nulls: Iterable[str]) -> str:
    """The column without surrounding blanks; empty text and `nulls` become NULL."""
    trimmed = f"trim({quote_identifier(column)})"
    unknown = ", ".join(literal(text) for text in dict.fromkeys(["", *(text.strip() for text in nulls)]))
    if unknown == "''":
        return f"nullif({trimmed}, '')"
    return f"case when {trimmed} in ({unknown}) then null else {trimmed} end"


def case_expression(expression: str, values: Mapping[str, str | None], otherwise: str) -> str:
    """A simple CASE over known values."""
    branches = " ".join(f"when {literal(key)} then {literal(value)}" for key, value in values.items())
    return f"case {expression} {branches} else {otherwise} end"


def composite_id(parts: Sequence[str]) -> str:
    """Several texts joined reversibly; NULL if one of them is."""
    if len(parts) == 1:
        return parts[0]
    return " || ':' || ".join(f"replace(replace({part}, '%', '%25'), ':', '%3A')" for part in parts)


def md5_hash(parts: Iterable[str]) -> str:
    """An md5 over texts that distinguishes NULL from empty text. It identifies rows; it is no protection."""
    return f"md5(concat_ws({_SEPARATOR}, {', '.join(f'coalesce({part}, {_NULL_MARK})' for part in parts)}))"


def pseudonym(expression: str) -> str:
    """HMAC-SHA256 (RFC 2104) in hexadecimal; binds $inner and $outer, see `hmac_pads`."""
    return f"sha256($outer::blob || unhex(sha256($inner::blob || encode({expression}))))"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two padded keys of RFC 2104 for SHA-256, whose block has 64 bytes."""
    import hashlib

    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return {"inner": bytes(byte ^ 0x36 for byte in block), "outer": bytes(byte ^ 0x5C for byte in block)}


def json_object(members: Mapping[str, str]) -> str:
    """A JSON object as text; `members` maps keys to SQL."""
    if not members:
        return "'{}'"
    return f"json_object({', '.join(f'{literal(key)}, {value}' for key, value in members.items())})::varchar"


def condition_sql(column: str, condition: RowFilter, file_format: FileFormat) -> str:
    """The condition on a column as SQL that is true, false or NULL."""
    text = cleaned(column, file_format.nulls)
    value = as_number(f"({text})", file_format.decimal)
    tests = [f"({text}) = {literal(condition.is_)}"] if condition.is_ is not None else []
    if condition.is_not is not None:
        tests.append(f"({text}) <> {literal(condition.is_not)}")
    if condition.in_ is not None:
        tests.append(f"({text}) in ({', '.join(map(literal, condition.in_))})")
    bounds = {">": condition.above, "<": condition.below, ">=": condition.at_least, "<=": condition.at_most}
    tests += [f"({value}) {operator} {bound!r}" for operator, bound in bounds.items() if bound is not None]
    if condition.is_null is not None:
        tests.append(f"({text}) is {'' if condition.is_null else 'not '}null")
    return " and ".join(tests) or "true"


def segment_value(segment: SegmentColumn, file_format: FileFormat) -> str:
    """The value of a segment as SQL: as it is, renamed, or the band of its number. NULL if unknown or not a number."""
    text = f"({cleaned(segment.column, file_format.nulls)})"
    if segment.values:
        otherwise = (
            text if segment.otherwise is None else f"case when {text} is not null then {literal(segment.otherwise)} end"
        )
        return f"({case_expression(text, segment.values, otherwise)})"
    if segment.bands:
        number = f"({as_number(text, file_format.decimal)})"
        *below, highest = segment.band_names
        branches = " ".join(
            f"when {number} < {limit!r} then {literal(name)}" for limit, name in zip(segment.bands, below, strict=True)
        )
        return f"(case {branches} when {number} is not null then {literal(highest)} end)"
    return text


def as_number(text: str, decimal: str | None) -> str:
    """SQL of `text` as double, NULL if it is no number. decimal: as in `FileFormat`. The other sign may only separate
    groups of three digits, so that 9.0 is not read as ninety if the comma is the decimal sign."""
    if decimal is None:
        return f"try_cast({text} as double)"
    group_sign = "." if decimal == "," else ","
    shape = rf"[+-]?(\d+|\d{{1,3}}([{group_sign}]\d{{3}})+)?([{decimal}]\d+)?"
    normalized = f"replace(replace({text}, '{group_sign}', ''), '{decimal}', '.')"
    return f"case when regexp_full_match({text}, '{shape}') then try_cast({normalized} as double) end"


def looks_like_decimal_comma(text: str) -> str:
    """SQL that is true if `text` looks like a number with a decimal comma."""
    return rf"regexp_full_match({text}, '[+-]?\d{{1,3}}([.]?\d{{3}})*,\d+')"


class TimeParser:
    """SQL that converts time texts to UTC. strict=False: native times of databases and Parquet, as ISO text."""

    def __init__(self, file_format: FileFormat, strict: bool) -> None:
        self.zone = file_format.timezone
        self.formats = file_format.timestamps or ()
        self._iso = not self.formats or not strict

    def local(self, text: str, days_end: bool = False) -> list[str]:
        """SQL of the naive local times that `text` may mean. days_end: a date alone means the end of its day."""
        local_formats = [
            time_format
            for time_format in self.formats
            if time_format != "unix" and time_format != "unix_ms" and "%z" not in time_format.lower()
        ]
        candidates = [
            f"try_strptime({text}, {literal(time_format)})"
            f"{_TO_DAYS_END if days_end and not _CLOCK_CODE.search(time_format) else ''}"
            for time_format in local_formats
        ]
        iso = f"try_cast({text} as timestamp)"
        if days_end:
            iso = f"case when regexp_full_match({text}, '{_ISO_DATE}') then {iso}{_TO_DAYS_END} else {iso} end"
        return [*candidates, f"case when not {_has_offset(text)} then {iso} end"] if self._iso else candidates

    def utc(self, text: str, low: datetime | None, high: datetime | None, days_end: bool = False) -> str:
        """SQL of `text` as naive UTC, NULL if it cannot be read. days_end: a date alone means the end of its day."""
        if days_end and high is not None:
            high += timedelta(days=1)
        candidates = [to_utc(local, self.zone, low, high) for local in self.local(text, days_end)]
        for time_format in self.formats:
            if time_format in ("unix", "unix_ms"):
                micros = f"try_cast({text} as double) * {1_000_000 if time_format == 'unix' else 1_000}"
                # Beyond these bounds make_timestamp raises; 1e17 microseconds are in the year 5138.
                candidates.append(f"case when abs({micros}) < 1e17 then make_timestamp(cast({micros} as bigint)) end")
            elif "%z" in time_format.lower():
                candidates.append(f"timezone('UTC', try_strptime({text}, {literal(time_format)}))")
        if self._iso:
            # Cast to timestamptz, because a cast to timestamp would drop the offset silently.
            # The digit check excludes words that DuckDB accepts (infinity, epoch, now).
            starts_with_digit = f"left({text}, 1) between '0' and '9'"
            zoned = f"timezone('UTC', try_cast({text} as timestamptz))"
            candidates.append(f"case when {_has_offset(text)} and {starts_with_digit} then {zoned} end")
        return f"coalesce({', '.join(candidates)})" if len(candidates) > 1 else candidates[0]

    def is_impossible_date(self, text: str) -> str:
        """SQL that is true if an unreadable `text` has the right shape, such as 31/02/2026."""
        shapes = [_format_regex(time_format) for time_format in self.formats if "%" in time_format] + (
            [_ISO_REGEX] if self._iso else []
        )
        tests = [f"regexp_full_match({text}, {literal(shape)})" for shape in shapes]
        return f"({' or '.join(tests)})" if tests else "false"


def _has_offset(text: str) -> str:
    """SQL: whether an ISO time has an offset, by a non-digit at its end or a sign after its date."""
    time_part = f"substr({text}, 11)"
    return f"(contains({time_part}, '+') or contains({time_part}, '-') or right({text}, 1) not between '0' and '9')"


def _format_regex(time_format: str) -> str:
    pieces = re.split(r"%-?([A-Za-z%])", time_format)
    return "".join(
        _CODE_REGEX.get(piece, ".*?") if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)
    )
