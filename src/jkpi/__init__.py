"""Customer journey maps kept alive: KPIs measured on schedule, falls of a moment of truth alerted to their owner."""

__version__ = "0.1.0"
