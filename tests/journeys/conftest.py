"""The maps of these tests are in a module of their own beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
