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
    """Resolve twice and write both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = ROOT / "requirements.lock"
    lines = resolved(project["project"]["dependencies"], None)
    runtime.write_text("\n".join(lines) + "\n", encoding="utf-8")
    development = resolved([*lines, *project["dependency-groups"]["dev"]], runtime)
    extra = [line for line in development if line not in lines]
    (ROOT / "requirements-dev.lock").write_text("\n".join(extra) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
