"""What README and docs tell people to type is run here, in an empty folder, as it stands.

One substitution: a `suandian run` that names no end of its own gets `--set time.end=…`, one day after the shipped
study's start, because a month for every page would take minutes. Blocks with a title are written as files first; what a
`console` block shows below its command is compared with what the command says.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:    |\$ )?(?:\.venv/bin/)?((?:suandian|sed) [^\n#]+?)\s*(?:#.*)?$", re.MULTILINE)
ANSWER = re.compile(r"^\$ (suandian [^\n]+)\n(.*?)(?=^\$ |\Z)", re.DOTALL | re.MULTILINE)
#: Needs data that does not ship.
NEEDS = "--data"
#: One day after the start of county-noon and of what extends it, and of the other shipped study.
SHORT_END, SHORT_ENDS = "2026-04-02", {"east-west": "2026-04-07"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands(page: Path) -> list[str]:
    """What is to be typed, in the order of the page; commands of `console` blocks are tested with their answers."""
    shell = re.sub(FENCE, lambda m: m[3] if m[1] in ("sh", "bash") else "", text_of(page))
    return [c for c in COMMAND.findall(shell) if NEEDS not in c]


def blocks(kind: str) -> list[tuple[str, str]]:
    return [
        (page.relative_to(ROOT).as_posix(), body)
        for page in PAGES
        for found, _, body in FENCE.findall(text_of(page))
        if found == kind
    ]


def answers() -> list[tuple[str, str]]:
    return [found for _, body in blocks("console") for found in ANSWER.findall(body)]


def typed(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    words = shlex.split(command)
    if words[0] == "suandian":
        end = SHORT_ENDS.get(words[2] if len(words) > 2 else "", SHORT_END)
        short = ["--set", f"time.end={end}"] if words[1] == "run" and "time.end=" not in command else []
        words = [sys.executable, "-m", *words, *short]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda p: p.name)
def test_commands_work(page: Path, tmp_path: Path) -> None:
    for _, rest, body in FENCE.findall(text_of(page)):
        if title := re.search(r'title="([^"/]+)"', rest):
            (tmp_path / title[1]).write_text(body, encoding="utf-8")
    for command in commands(page):
        done = typed(command, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(("command", "shown"), answers(), ids=lambda v: v if len(v) < 60 else "")
def test_answers_are_those_shown(command: str, shown: str, tmp_path: Path) -> None:
    done = typed(command, tmp_path)
    assert (done.stdout + done.stderr).strip() == shown.strip()


@pytest.mark.slow
@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=lambda v: v if len(v) < 60 else "")
def test_python_blocks_work(page: str, body: str, tmp_path: Path) -> None:
    script = tmp_path / "block.py"
    script.write_text(body, encoding="utf-8")
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
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", FENCE.sub("", text_of(page)))
    assert [t for t in targets if not (page.parent / t).exists()] == []
