"""Helper modules beside these tests (`small_study`) are importable from them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
