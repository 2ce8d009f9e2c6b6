"""What README and docs tell people to type is run here, in an empty folder, as it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:    |\$ )?(?:\.venv/bin/)?(suandian [^\n#]+?)\s*(?:#.*)?$", re.MULTILINE)
#: Needs data that does not ship.
NEEDS = "--data"


def commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    shell = [body for kind, body in FENCE.findall(text) if kind in ("sh", "bash", "console")]
    indented = re.findall(r"(?:^    [^\n]+\n)+", FENCE.sub("", text), re.MULTILINE)
    return [c for part in [*shell, *indented] for c in COMMAND.findall(part)]


def blocks(kind: str) -> list[tuple[str, str]]:
    return [
        (page.relative_to(ROOT).as_posix(), body)
        for page in PAGES
        for found, body in FENCE.findall(page.read_text(encoding="utf-8"))
        if found == kind
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda p: p.name)
def test_commands_work(page: Path, tmp_path: Path) -> None:
    for command in commands(page):
        if NEEDS in command:
            continue
        words = [sys.executable, "-m", "suandian", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=lambda v: v if len(v) < 60 else "")
def test_python_blocks_work(page: str, body: str, tmp_path: Path) -> None:
    script = tmp_path / "block.py"
    guarded = "if __name__ == '__main__':\n" + "\n".join(f"    {line}" for line in body.splitlines())
    script.write_text(guarded, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{page}\n{done.stderr}"


@pytest.mark.parametrize(("page", "body"), blocks("yaml"), ids=lambda v: v if len(v) < 60 else "")
def test_yaml_blocks_pass_the_check(page: str, body: str, tmp_path: Path) -> None:
    import suandian as sd

    if "extends:" not in body and "time:" not in body:
        pytest.skip("a fragment, not a scenario")
    file = tmp_path / "scenario.yaml"
    file.write_text(body, encoding="utf-8")
    assert sd.load(file).name, page


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", FENCE.sub("", page.read_text(encoding="utf-8")))
    assert [t for t in targets if not (page.parent / t).exists()] == []
