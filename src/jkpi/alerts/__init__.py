"""Falls of a moment of truth: judged, told once to its owner, with evidence."""

from jkpi.alerts.announce import AlertReport, Told, judge_and_announce
from jkpi.alerts.backtest import Backtest, backtest
from jkpi.alerts.book import moment_states
from jkpi.alerts.delivery import DeliveryReport, deliver
from jkpi.alerts.digests import Digest, post_digests
from jkpi.alerts.evidence import Story, story
from jkpi.alerts.flags import Acknowledged, acknowledge, current_silences, silence, unsilence
from jkpi.alerts.hushes import Silence
from jkpi.alerts.listing import AlertSummary, list_alerts
from jkpi.alerts.serving import make_server
from jkpi.alerts.trying import Tried, try_receiver

__all__ = [
    "Acknowledged",
    "AlertReport",
    "AlertSummary",
    "Backtest",
    "DeliveryReport",
    "Digest",
    "Silence",
    "Story",
    "Told",
    "Tried",
    "acknowledge",
    "backtest",
    "current_silences",
    "deliver",
    "judge_and_announce",
    "list_alerts",
    "make_server",
    "moment_states",
    "post_digests",
    "silence",
    "story",
    "try_receiver",
    "unsilence",
]
