"""A scenario to edit: a shipped one copied with its comments, under a name of its own."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from suandian.experiments.scenario.faults import unknown
from suandian.experiments.scenario.layers import shipped
from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["write_starter"]


def write_starter(folder: Path, source: str) -> Path:
    """Write `folder/scenario.yaml`, a copy of the shipped scenario `source`; returns its path.

    The folder's name becomes the study's. Raises `ScenarioError` for an unknown source or a file that exists.
    """
    known = shipped()
    if source not in known:
        raise ScenarioError([Fault("--from", unknown("scenario", source, known))], source="init")
    target = folder / "scenario.yaml"
    if target.exists():
        raise ScenarioError([Fault(str(target), "exists; choose another folder, or remove it first")], source="init")
    if folder.exists() and not folder.is_dir():
        raise ScenarioError([Fault(str(folder), "is a file; write the name of a folder")], source="init")
    text = known[source].read_text(encoding="utf-8")
    text = re.sub(r"^name: .*$", f"name: {_name(folder)}", text, count=1, flags=re.MULTILINE)
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(target, text)
    return target


def _name(folder: Path) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_0123456789")
    return plain[:64] or "my-study"


def _write_whole(target: Path, text: str) -> None:
    """The file appears complete or not at all, and never over another one."""
    handle, name = tempfile.mkstemp(prefix=".scenario-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        os.link(name, target)
    except FileExistsError:
        raise ScenarioError([Fault(str(target), "exists; choose another folder")], source="init") from None
    finally:
        Path(name).unlink(missing_ok=True)
