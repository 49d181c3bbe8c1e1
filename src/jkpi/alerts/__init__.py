"""Falls of a moment of truth: judged, told once to its owner, with evidence."""

from jkpi.alerts.announce import AlertReport, Told, judge_and_announce
from jkpi.alerts.book import AlertSummary, list_alerts, moment_states
from jkpi.alerts.delivery import DeliveryReport, deliver

__all__ = [
    "AlertReport",
    "AlertSummary",
    "DeliveryReport",
    "Told",
    "deliver",
    "judge_and_announce",
    "list_alerts",
    "moment_states",
]
