"""The six alignment diagrams as views of one map: each is a choice of lanes in an order, with the lines it draws.

The six kinds follow J. Kalbach, "Mapping Experiences". A view says what the map lacks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jkpi.living_map.views import LaneView, StageView

LANES = (
    LaneView("goals", "Goals", "what they want", "customer"),
    LaneView("thoughts", "Thoughts", "what goes through their mind", "customer"),
    LaneView("actions", "Actions", "what they do", "customer"),
    LaneView("stories", "Stories", "by the release they come in", "customer"),
    LaneView("touchpoints", "Touchpoints", "where we meet, and how often", "customer"),
    LaneView("self", "Customer alone", "touchpoints without a person of ours", "customer"),
    LaneView("staffed", "Customer and us", "touchpoints where somebody answers", "customer"),
    LaneView("front", "Front stage", "what the customer sees of us", "customer"),
    LaneView("paths", "What they really do", "where visits went, 26 weeks", "customer"),
    LaneView("feelings", "Feelings", "as drawn; present or absent where measured", "customer"),
    LaneView("curve", "Satisfaction", "mean answer, each question on its own scale", "customer"),
    LaneView("pains", "Pains", "what hurts", "customer"),
    LaneView("moments", "Moments of truth", "promise and state", "company"),
    LaneView("kpis", "KPIs", "latest final week, 26 weeks behind it", "company"),
    LaneView("waits", "Waits", "time KPIs", "company"),
    LaneView("back", "Back stage", "what they do not see", "company"),
    LaneView("support", "Support", "systems and partners behind it", "company"),
    LaneView("opportunities", "Opportunities", "what could help", "company"),
    LaneView("under_way", "Under way", "what is being done", "company"),
    LaneView("owners", "Owners", "who answers for it", "company"),
    LaneView("evidence", "Data behind it", "freshness and proof of each touchpoint", "company"),
)
"""Every lane. A lane is a template `lanes/<key>.html`, or `lanes/texts.html` for plain sentences."""


@dataclass(frozen=True)
class Diagram:
    """One view. lines: (lane, what the line above it is called)."""

    key: str
    title: str
    question: str
    lanes: tuple[str, ...]
    lines: tuple[tuple[str, str], ...] = ()


DIAGRAMS = (
    Diagram(
        "journey",
        "Customer journey",
        "How does one customer live it, and does it hold what we promise?",
        (
            *("goals", "actions", "touchpoints", "paths", "feelings", "curve", "pains"),
            *("moments", "kpis", "opportunities", "under_way", "owners", "evidence"),
        ),
        (("moments", "the company's side"),),
    ),
    Diagram(
        "experience",
        "Experience",
        "What is it like, whoever the supplier is?",
        ("goals", "actions", "thoughts", "feelings", "curve", "pains", "opportunities"),
    ),
    Diagram(
        "blueprint",
        "Service blueprint",
        "What must happen, seen and unseen, so that it works?",
        ("actions", "front", "back", "support", "waits", "owners"),
        (("front", "line of interaction"), ("back", "line of visibility"), ("support", "line of internal interaction")),
    ),
    Diagram(
        "mental",
        "Mental model",
        "What do they mean to do, and what do we offer for it?",
        ("goals", "thoughts", "actions", "feelings", "touchpoints", "opportunities"),
        (("touchpoints", "the horizon: what supports it"),),
    ),
    Diagram(
        "stories",
        "User stories",
        "What do we build, in which order?",
        ("goals", "actions", "stories", "opportunities", "under_way"),
        (("stories", "the backbone ends, the slices begin"),),
    ),
    Diagram(
        "workflow",
        "Workflow",
        "Who does what, and where does it go next?",
        ("self", "staffed", "back", "paths", "waits", "owners"),
        (("staffed", "line of interaction"), ("back", "line of visibility")),
    ),
)


def filled(stage: StageView, lane: str) -> bool:
    """Whether the map, or the data, has something for this lane of this stage."""
    if lane in stage.texts:
        return bool(stage.texts[lane]) or (lane == "back" and any(t.side == "back" for t in stage.touchpoints))
    has = {
        "touchpoints": bool(stage.touchpoints),
        "evidence": any(t.seen for t in stage.touchpoints),
        "front": any(t.side == "front" for t in stage.touchpoints),
        "self": True,  # a stage in which the customer is never alone, or never with us, is drawn so on purpose
        "staffed": True,
        "back": any(t.side == "back" for t in stage.touchpoints),
        "paths": bool(stage.paths),
        "curve": stage.score is not None,
        "moments": True,  # not every stage decides the relationship
        "under_way": True,  # nor is everything in work
        "kpis": bool(stage.kpis),
        "waits": True,
        "stories": bool(stage.stories),
        "owners": bool(stage.owners),
    }
    return has[lane]


def lacks(diagram: Diagram, stages: Sequence[StageView]) -> tuple[str, ...]:
    """`stories: Repair on site, Confirm that it runs`; a lane that is empty everywhere is named alone."""
    titles = {lane.key: lane.title.lower() for lane in LANES}
    said = []
    for lane in diagram.lanes:
        missing = [stage.title for stage in stages if not filled(stage, lane)]
        if missing:
            said.append(titles[lane] if len(missing) == len(stages) else f"{titles[lane]}: {', '.join(missing)}")
    return tuple(said)
