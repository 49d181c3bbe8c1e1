"""Calendars: when a business is open, as part of the map. Read from YAML, and laid out in time for the warehouse."""

from jkpi.journeys.calendars.model import Calendar, calendar_schema
from jkpi.journeys.calendars.reader import calendar_names, read_calendars
from jkpi.journeys.calendars.writing import write_calendars

__all__ = ["Calendar", "calendar_names", "calendar_schema", "read_calendars", "write_calendars"]
