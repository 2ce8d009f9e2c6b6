"""The generators of trace files beside these tests are importable."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]
