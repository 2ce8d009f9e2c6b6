"""Helper modules beside these tests (`finding_factory`) are importable from them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
