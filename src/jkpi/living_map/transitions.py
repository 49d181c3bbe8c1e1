"""What customers really do against the drawn path, and where they are glad or not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jkpi.formatting import page_text
from jkpi.living_map.page_data import END, Insights, Move
from jkpi.living_map.views import PathView, ScoreView


@dataclass(frozen=True)
class Way:
    """The stages in their drawn order, by key, with their titles."""

    stages: tuple[str, ...]
    titles: Mapping[str, str]


def path_views(way: Way, moves: Sequence[Move]) -> dict[str, tuple[PathView, ...]]:
    """Stage -> where its visits went, the drawn way first, then by number."""
    found = {}
    for place, stage in enumerate(way.stages):
        here = [move for move in moves if move.stage == stage]
        total = sum(move.count for move in here)
        drawn = way.stages[place + 1] if place + 1 < len(way.stages) else END
        views = [_path(way, place, move, total, drawn) for move in here]
        found[stage] = tuple(sorted(views, key=lambda view: (view.kind != "drawn", -view.share)))
    return found


def _path(way: Way, place: int, move: Move, total: int, drawn: str) -> PathView:
    title = way.titles.get(move.next_stage, page_text.humanise(move.next_stage))
    if move.next_stage == drawn:
        kind, word = "drawn", "the end" if drawn == END else title
    elif move.next_stage == END:
        kind, word = "left", "left for good"
    elif move.next_stage in way.stages and way.stages.index(move.next_stage) <= place:
        kind, word = "back", f"back to {title}"
    else:
        kind, word = "skip", f"straight to {title}"
    share = move.count / total
    return PathView(move.next_stage, kind, word, page_text.count(move.count), page_text.share(share), share)


def score_views(way: Way, insights: Insights, touched: Mapping[str, str]) -> dict[str, ScoreView]:
    """Stage -> its point of the curve, by the question that most answered there; where the peaks and ends lie.

    Args:
        touched: touchpoint -> its stage.
    """
    best = {}
    for score in sorted(insights.scores, key=lambda s: s.count):
        if score.stage is not None:
            best[score.stage] = score
    marks = {name: _where(found, touched) for name, found in (("peak", insights.peaks), ("end", insights.ends))}
    views = {}
    for place, stage in enumerate(way.stages):
        here = best.get(stage)
        if here is None:
            continue
        near = [way.stages[n] if 0 <= n < len(way.stages) else "" for n in (place - 1, place + 1)]
        before, after = (best[name].mean if name in best else None for name in near)
        views[stage] = ScoreView(
            kpi=here.kpi,
            value=f"{here.mean:.2f}",
            n=page_text.count(here.count),
            drawing=curve(before, here.mean, after),
            marks=tuple(
                f"{'peak' if name == 'peak' else 'end'} of {page_text.share(shares[stage])} of passages"
                for name, shares in marks.items()
                if stage in shares
            ),
        )
    return views


def _where(found: Sequence[tuple[str, int]], touched: Mapping[str, str]) -> dict[str, float]:
    total = sum(count for _, count in found)
    shares: dict[str, float] = {}
    for touchpoint, count in found:
        stage = touched.get(touchpoint)
        if stage is not None:
            shares[stage] = shares.get(stage, 0.0) + count / total
    return shares


def curve(before: float | None, here: float, after: float | None) -> Markup:
    """The piece of the satisfaction curve in one column, 0 at the foot and 1 at the top; it breaks where a neighbour
    has no answers.

    Args:
        before, here, after: Mean answers scaled to 0..1.
    """

    def y(score: float) -> float:
        return 44.0 - 40.0 * score

    parts = []
    for other, edge in ((before, -0.4), (after, 100.4)):
        if other is not None:
            half = y((here + other) / 2)
            parts.append(Markup('<path class="line" d="M{:g} {:.2f}L50 {:.2f}"/>').format(edge, half, y(here)))
    dot = Markup('<path class="curve-dot" d="M50 {:.2f}h.01"/>').format(y(here))
    return Markup(
        '<svg class="curve" viewBox="0 0 100 48" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="axis" d="M0 24H100"/>{}{}</svg>'
    ).format(Markup("").join(parts), dot)
