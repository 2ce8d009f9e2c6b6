"""Write docs/images/report.png, the top of a real report: `python scripts/picture.py runs/…/report.en.html`."""

import shutil
import subprocess
import sys
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "report.png"
#: Width and height in pixels: verdict, cards and the first two groups of the table of key figures.
SIZE = (1240, 1603)


def main() -> int:
    """Photograph the report with a headless browser; exit code 2 where there is no report or no browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None or len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print("needs chromium and the path of a report", file=sys.stderr)
        return 2
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=15000"]
    place = [f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={PICTURE}", Path(sys.argv[1]).resolve().as_uri()]
    return subprocess.run([browser, *options, *place], stderr=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
