"""The living map: one self-contained HTML page a journey, drawn from the marts."""

from jkpi.living_map.digest.writing import write_digests
from jkpi.living_map.publish import publish_map

__all__ = ["publish_map", "write_digests"]
