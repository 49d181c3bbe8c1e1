"""Journey maps: read from YAML, checked as a whole, and written as rows for the warehouse."""

from jkpi.journeys.json_schema import schema
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from jkpi.journeys.rows import map_rows
from jkpi.journeys.writing import write_map

__all__ = ["Journey", "map_rows", "read_journeys", "schema", "write_map"]
