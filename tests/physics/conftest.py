"""The small feeder beside these tests is importable."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]
