"""Journey maps and calendars: read from YAML, checked as a whole, and written as rows for the warehouse."""

from jkpi.journeys.calendars import Calendar, calendar_schema, read_calendars
from jkpi.journeys.editing import refuse_rewriting
from jkpi.journeys.json_schema import schema
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from jkpi.journeys.rows import map_rows
from jkpi.journeys.writing import forget_past_versions, write_map

__all__ = [
    "Calendar",
    "Journey",
    "calendar_schema",
    "forget_past_versions",
    "map_rows",
    "read_calendars",
    "read_journeys",
    "refuse_rewriting",
    "schema",
    "write_map",
]
