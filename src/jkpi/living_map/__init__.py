"""The living map: one self-contained HTML page a journey, drawn from the marts."""

from jkpi.living_map.digest.posting import DigestReport, post_digests
from jkpi.living_map.publish import publish_map

__all__ = ["DigestReport", "post_digests", "publish_map"]
