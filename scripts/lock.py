"""Write requirements.lock (what the package needs) and requirements-dev.lock (what its tests add).

Run by `make lock`. Resolves in two fresh virtual environments, so that nothing installed by hand leaks in.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def resolved(requirements: list[str], constraints: Path | None) -> list[str]:
    """Pinned `name==version` lines of everything that `requirements` pull in."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        limit = ["-c", str(constraints)] if constraints else []
        subprocess.run([*pip, "install", "--quiet", *limit, *requirements], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    return [line for line in frozen.splitlines() if "==" in line]


def main() -> None:
    """Resolve everything together, so that both files agree; then what the package alone needs under the same pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = ROOT / "requirements.lock"
    needed = project["project"]["dependencies"]
    everything = resolved([*needed, *project["dependency-groups"]["dev"]], None)
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        pins.write_text("\n".join(everything) + "\n", encoding="utf-8")
        lines = resolved(needed, pins)
    runtime.write_text("\n".join(lines) + "\n", encoding="utf-8")
    extra = [line for line in everything if line not in lines]
    (ROOT / "requirements-dev.lock").write_text("\n".join(extra) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
