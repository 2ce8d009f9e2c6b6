"""Write docs/reference/scenario.md from the scenario's types; `--check` only compares."""

import sys
from pathlib import Path

from suandian.experiments.scenario.reference import markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "scenario.md"


def main() -> int:
    """Write the page, or with `--check` tell whether it is current (exit code 1 if not)."""
    text = markdown()
    if "--check" in sys.argv:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("docs/reference/scenario.md is", "current" if same else "stale; run scripts/reference.py")
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
