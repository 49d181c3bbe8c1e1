"""Keep customer journey maps alive: measure KPIs on a schedule, alert the owner when a moment of truth drops."""

__version__ = "0.1.0"
