"""The small map and its calendar are beside the tests of the maps."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
