"""The six alignment diagrams as views of one map: each is a choice of lanes in an order, with the lines it draws.

The six kinds follow J. Kalbach, "Mapping Experiences". A view names the lanes that are empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jkpi.living_map.views import LaneView, StageView

LANES = (
    LaneView("goals", "Goals", "what they want", "customer"),
    LaneView("thoughts", "Thoughts", "what goes through their mind", "customer"),
    LaneView("actions", "Actions", "what they do", "customer"),
    LaneView("stories", "Stories", "by release", "customer"),
    LaneView("touchpoints", "Touchpoints", "where we meet, and how often", "customer"),
    LaneView("self_service", "Self-service", "touchpoints without staff", "customer"),
    LaneView("staffed", "Staffed", "touchpoints with staff", "customer"),
    LaneView("front", "Front stage", "what the customer sees of us", "customer"),
    LaneView("paths", "Observed paths", "stage transitions, 26 weeks", "customer"),
    LaneView("feelings", "Feelings", "from the map; presence where measured", "customer"),
    LaneView("satisfaction", "Satisfaction", "mean response, each question on its own scale", "customer"),
    LaneView("pains", "Pains", "what hurts", "customer"),
    LaneView("moments", "Moments of truth", "promise and state", "company"),
    LaneView("kpis", "KPIs", "latest final week, last 26 weeks", "company"),
    LaneView("waits", "Waits", "time KPIs", "company"),
    LaneView("back", "Back stage", "what they do not see", "company"),
    LaneView("support", "Support", "systems and partners behind it", "company"),
    LaneView("opportunities", "Opportunities", "what could help", "company"),
    LaneView("initiatives", "Initiatives", "what is being done", "company"),
    LaneView("owners", "Owners", "who is responsible", "company"),
    LaneView("data", "Data", "freshness and confirmation of each touchpoint", "company"),
)
"""Every lane. A lane is a template `lanes/<key>.html`, or `lanes/texts.html` for plain sentences."""


@dataclass(frozen=True)
class Diagram:
    """One view. dividers: (lane, label of the line above it)."""

    key: str
    title: str
    question: str
    lanes: tuple[str, ...]
    dividers: tuple[tuple[str, str], ...] = ()


DIAGRAMS = (
    Diagram(
        "journey",
        "Customer journey",
        "How does a customer experience it, and do we keep our promises?",
        (
            *("goals", "actions", "touchpoints", "paths", "feelings", "satisfaction", "pains"),
            *("moments", "kpis", "opportunities", "initiatives", "owners", "data"),
        ),
        (("moments", "company side"),),
    ),
    Diagram(
        "experience",
        "Experience",
        "What is it like, with any supplier?",
        ("goals", "actions", "thoughts", "feelings", "satisfaction", "pains", "opportunities"),
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
        "What do they want to achieve, and what do we offer for it?",
        ("goals", "thoughts", "actions", "feelings", "touchpoints", "opportunities"),
        (("touchpoints", "the horizon: what supports it"),),
    ),
    Diagram(
        "stories",
        "User stories",
        "What do we build, in which order?",
        ("goals", "actions", "stories", "opportunities", "initiatives"),
        (("stories", "the backbone ends, the slices begin"),),
    ),
    Diagram(
        "workflow",
        "Workflow",
        "Who does what, and where does it go next?",
        ("self_service", "staffed", "back", "paths", "waits", "owners"),
        (("staffed", "line of interaction"), ("back", "line of visibility")),
    ),
)


def has_content(stage: StageView, lane: str) -> bool:
    """Whether the map, or the data, has something for this lane of this stage."""
    if lane in stage.texts:
        return bool(stage.texts[lane]) or (lane == "back" and any(t.side == "back" for t in stage.touchpoints))
    content_by_lane = {
        "touchpoints": bool(stage.touchpoints),
        "data": any(t.has_events for t in stage.touchpoints),
        "front": any(t.side == "front" for t in stage.touchpoints),
        "self_service": True,  # a stage without self-service or staff may be intended
        "staffed": True,
        "back": any(t.side == "back" for t in stage.touchpoints),
        "paths": bool(stage.transitions),
        "satisfaction": stage.score is not None,
        "moments": True,  # not every stage decides the relationship
        "initiatives": True,  # not every stage has initiatives
        "kpis": bool(stage.kpis),
        "waits": True,
        "stories": bool(stage.stories),
        "owners": bool(stage.owners),
    }
    return content_by_lane[lane]


def missing_lanes(diagram: Diagram, stages: Sequence[StageView]) -> tuple[str, ...]:
    """`stories: Repair on site, Confirm that it runs`; a lane that is empty everywhere is named alone."""
    titles = {lane.key: lane.title.lower() for lane in LANES}
    missing_labels = []
    for lane in diagram.lanes:
        empty_stages = [stage.title for stage in stages if not has_content(stage, lane)]
        if empty_stages:
            missing_labels.append(
                titles[lane] if len(empty_stages) == len(stages) else f"{titles[lane]}: {', '.join(empty_stages)}"
            )
    return tuple(missing_labels)
