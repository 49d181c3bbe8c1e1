"""Whether both sides agree: the same readings, and each number in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

KEY = ("journey", "kpi", "statistic", "segment", "segment_value", "period", "period_start")
NUMBERS = ("value", "numerator", "denominator", "sample_size", "open_count", "ci_low", "ci_high")
NEAR = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Number of readings on each side and with a common key; differing: column -> readings in which it differs; tables:
    rows of other tables."""

    jkpi: int
    by_hand: int
    common: int
    differing: dict[str, int]
    only_jkpi: dict[str, int] = field(default_factory=dict)
    only_by_hand: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        counts = all(left == right for left, right in self.tables.values())
        return self.jkpi == self.by_hand == self.common and not any(self.differing.values()) and counts

    def lines(self) -> list[str]:
        """The comparison as text."""
        lines = [f"readings: {self.jkpi:,} by jkpi, {self.by_hand:,} by hand, {self.common:,} of the same key"]
        lines += [f"  only jkpi: {counts}" for counts in [self.only_jkpi] if counts]
        lines += [f"  only by hand: {counts}" for counts in [self.only_by_hand] if counts]
        wrong = {column: count for column, count in self.differing.items() if count}
        lines.append(f"  differing by more than {NEAR:g} (or in text): {wrong or 'none'}")
        lines += [f"    {column}: {example}" for column, examples in self.examples.items() for example in examples]
        for name, (left, right) in self.tables.items():
            lines.append(f"  {name}: {left:,} and {right:,}{'' if left == right else '   DIFFERENT'}")
        return lines


def compare(warehouse: Path, by_hand: Path) -> Comparison:
    """Compare the marts of warehouse with the tables of by_hand. Early readings are not part of the script."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as j (read_only); attach '{by_hand}' as h (read_only)")

        def count(sql: str) -> int:
            (row,) = connection.execute(sql).fetchone() or (0,)
            return int(row)

        sides = "from j.marts.fct_kpi_readings as l {join} join h.fct_kpi_readings as r using (" + ", ".join(KEY) + ")"
        columns = [*NUMBERS, "status", "matures_at"]
        differs = {
            column: f"(l.{column} is distinct from r.{column})"
            if column not in NUMBERS
            else f"((l.{column} is null) <> (r.{column} is null)"
            f" or abs(l.{column} - r.{column}) > {NEAR} * greatest(1, abs(r.{column})))"
            for column in columns
        }
        together = sides.format(join="inner")
        counted = ", ".join(f"count(*) filter (where {test})" for test in differs.values())
        row = connection.execute(f"select count(*), {counted} {together}").fetchone() or ()
        differing = dict(zip(columns, map(int, row[1:]), strict=True))
        examples = {
            column: [
                str(row)
                for row in connection.execute(
                    f"select {', '.join(KEY[1:])}, l.sample_size, l.{column}, r.{column} {together}"
                    f" where {differs[column]} order by all limit 2"
                ).fetchall()
            ]
            for column, many in differing.items()
            if many
        }
        alone = {
            side: dict(
                connection.execute(
                    f"select statistic, count(*) {sides.format(join='anti')} group by 1 order by 1"
                    if side == "j"
                    else "select statistic, count(*) from h.fct_kpi_readings as r anti join"
                    f" j.marts.fct_kpi_readings as l using ({', '.join(KEY)}) group by 1 order by 1"
                ).fetchall()
            )
            for side in ("j", "h")
        }
        pairs = {
            name: (count(sql.format(t=f"j.marts.{name.split()[0]}")), count(sql.format(t=f"h.{name.split()[0]}")))
            for name, sql in _TABLES.items()
        }
        return Comparison(
            count("select count(*) from j.marts.fct_kpi_readings"),
            count("select count(*) from h.fct_kpi_readings"),
            int(row[0]),
            differing,
            alone["j"],
            alone["h"],
            examples,
            pairs,
        )


_US = "coalesce(sum(epoch_us({column}) // 1000000), 0)::bigint"
_TABLES = {
    "fct_journey_instances": "select count(*) from {t}",
    "fct_journey_instances started": f"select {_US.format(column='started_at')} from {{t}}",
    "fct_journey_instances ended": f"select {_US.format(column='ended_at')} from {{t}}",
    "fct_journey_instances lost": "select count(*) from {t} where outcome = 'lost'",
    "fct_journey_instances path": "select (sum(hash(path)) % 1000000007)::bigint from {t}",
    "fct_stage_visits": "select count(*) from {t}",
    "fct_stage_visits number": "select sum(visit_number)::bigint from {t}",
    "fct_stage_visits exited": f"select {_US.format(column='exited_at')} from {{t}}",
    "fct_stage_visits moved_on": f"select {_US.format(column='moved_on_at')} from {{t}}",
    "fct_responses": "select count(*) from {t}",
    "fct_responses in an instance": "select count(instance_id) from {t}",
    "fct_responses top": "select count(*) filter (where is_top) from {t}",
    "fct_stage_transitions": "select count(*) from {t}",
    "fct_stage_transitions counted": "select sum(count_transitions)::bigint from {t}",
}
