"""Stage transitions against the map, and the satisfaction curve. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jkpi.formatting.numbers import format_count, titleize
from jkpi.living_map import page_text
from jkpi.living_map.page_data import JOURNEY_END, JourneyInsights, StageTransition
from jkpi.living_map.views import ScoreView, TransitionView


@dataclass(frozen=True)
class StageOrder:
    """The stages in the order of the map, by key, with their titles."""

    stages: tuple[str, ...]
    titles: Mapping[str, str]


def transition_views(
    stage_order: StageOrder, transitions: Sequence[StageTransition]
) -> dict[str, tuple[TransitionView, ...]]:
    """Stage -> its transitions, the one on the map first, then by count."""
    views_by_stage = {}
    for position, stage in enumerate(stage_order.stages):
        stage_transitions = [transition for transition in transitions if transition.stage == stage]
        total = sum(transition.count for transition in stage_transitions)
        next_on_map = stage_order.stages[position + 1] if position + 1 < len(stage_order.stages) else JOURNEY_END
        views = [
            _transition_view(stage_order, position, transition, total, next_on_map) for transition in stage_transitions
        ]
        views_by_stage[stage] = tuple(sorted(views, key=lambda view: (view.kind != "on_map", -view.share)))
    return views_by_stage


def _transition_view(
    stage_order: StageOrder, position: int, transition: StageTransition, total: int, next_on_map: str
) -> TransitionView:
    title = stage_order.titles.get(transition.next_stage, titleize(transition.next_stage))
    if transition.next_stage == next_on_map:
        kind, label = "on_map", "the end" if next_on_map == JOURNEY_END else title
    elif transition.next_stage == JOURNEY_END:
        kind, label = "dropped_off", "dropped off"
    elif transition.next_stage in stage_order.stages and stage_order.stages.index(transition.next_stage) <= position:
        kind, label = "back", f"back to {title}"
    else:
        kind, label = "skip", f"skipped to {title}"
    proportion = transition.count / total
    return TransitionView(
        transition.next_stage,
        kind,
        label,
        format_count(transition.count),
        page_text.format_percent(proportion),
        proportion,
    )


def score_views(
    stage_order: StageOrder, insights: JourneyInsights, stage_by_touchpoint: Mapping[str, str]
) -> dict[str, ScoreView]:
    """Stage -> its point of the curve, from the question with most responses there, and its share of peaks and ends."""
    most_answered = {}
    for score in sorted(insights.scores, key=lambda s: s.count):
        if score.stage is not None:
            most_answered[score.stage] = score
    peak_end_proportions = {
        name: _proportions_by_stage(counts, stage_by_touchpoint)
        for name, counts in (("peak", insights.peaks), ("end", insights.ends))
    }
    views = {}
    for position, stage in enumerate(stage_order.stages):
        stage_score = most_answered.get(stage)
        if stage_score is None:
            continue
        neighbours = [
            stage_order.stages[n] if 0 <= n < len(stage_order.stages) else "" for n in (position - 1, position + 1)
        ]
        previous, following = (most_answered[name].mean if name in most_answered else None for name in neighbours)
        views[stage] = ScoreView(
            kpi=stage_score.kpi,
            value=f"{stage_score.mean:.2f}",
            n=format_count(stage_score.count),
            curve=satisfaction_curve(previous, stage_score.mean, following),
            peak_end_notes=tuple(
                f"{'peak' if name == 'peak' else 'end'} of {page_text.format_percent(shares[stage])} of instances"
                for name, shares in peak_end_proportions.items()
                if stage in shares
            ),
        )
    return views


def _proportions_by_stage(
    counts: Sequence[tuple[str, int]], stage_by_touchpoint: Mapping[str, str]
) -> dict[str, float]:
    total = sum(count for _, count in counts)
    proportions: dict[str, float] = {}
    for touchpoint, count in counts:
        stage = stage_by_touchpoint.get(touchpoint)
        if stage is not None:
            proportions[stage] = proportions.get(stage, 0.0) + count / total
    return proportions


def satisfaction_curve(previous: float | None, current: float, following: float | None) -> Markup:
    """The part of the satisfaction curve in one column, from 0 at the bottom to 1 at the top.

    It breaks at a neighbour without responses.

    Args:
        previous, current, following: Mean responses scaled to 0..1.
    """

    def y(score: float) -> float:
        return 44.0 - 40.0 * score

    parts = []
    for neighbour, edge in ((previous, -0.4), (following, 100.4)):
        if neighbour is not None:
            half = y((current + neighbour) / 2)
            parts.append(Markup('<path class="line" d="M{:g} {:.2f}L50 {:.2f}"/>').format(edge, half, y(current)))
    dot = Markup('<path class="curve-dot" d="M50 {:.2f}h.01"/>').format(y(current))
    return Markup(
        '<svg class="curve" viewBox="0 0 100 48" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="axis" d="M0 24H100"/>{}{}</svg>'
    ).format(Markup("").join(parts), dot)
