"""Helper modules beside these tests (`finding_factory`), and the small study of the simulation's, are importable."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "simulation")]
