"""From files to one mapping: a parent through `extends`, named `overrides` blocks, and single settings."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from suandian.experiments.scenario.document import Document, read_document, read_value
from suandian.experiments.scenario.faults import path_text, unknown
from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["Layered", "layered", "settings_from_texts", "shipped"]

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Layered:
    """The merged mapping, the folder of the file asked for (None if it is a shipped one), and where values come from.

    places   path → `file.yaml line 14`, or the override or setting that gave the value
    """

    values: dict[str, Any]
    folder: Path | None
    places: Mapping[str, str]


def shipped() -> dict[str, Path]:
    """The scenarios in the package: name → file."""
    folder = Path(str(files("suandian.experiments"))) / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def layered(
    name_or_path: str | Path, *, overrides: Sequence[str] = (), settings: Mapping[str, object] | None = None
) -> Layered:
    """Read a shipped scenario by name or a file by path, with its parent, then apply overrides and settings.

    Mappings merge, everything else is replaced, and `null` takes out what the parent says. Two overrides, or an
    override and a setting, may not touch the same place. Raises `ScenarioError`.
    """
    path = _find(str(name_or_path))
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    blocks: dict[str, Any] = {}
    for document in reversed(list(_ancestors(path))):
        own = dict(document.values)
        for name, block in _mapping(own.pop("overrides", {}), "overrides", document).items():
            # Inside a block null is not gone: it takes out what the scenario says once the block is applied.
            blocks = (
                merged(blocks, {name: None}) if block is None else blocks | {name: _laid_over(blocks.get(name), block)}
            )
        own.pop("extends", None)
        values = merged(values, own)
        places |= {where: f"{document.source} line {line}" for where, line in document.lines.items()}
    changes = _chosen(blocks, overrides, path.name)
    for where, value in (settings or {}).items():
        segments = _segments(where)
        if not segments:
            raise ScenarioError([Fault(f"--set {where}", "names no place; write e.g. time.step")], source=path.name)
        changes.append((f"setting {where}", segments, value))
    _refuse_collisions(changes, path.name)
    for who, spot, value in changes:
        values = _changed(values, spot, value, path.name)
        where = path_text(spot)
        places = {other: place for other, place in places.items() if not other.startswith(where)} | {where: who}
    return Layered(values, None if str(name_or_path) in shipped() else path.parent, places)


def merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """`child` over `parent`: mappings merge, null removes, everything else replaces. Neither argument is changed."""
    result = copy.deepcopy(dict(parent))
    for key, value in child.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _laid_over(below: Any, above: Any) -> Any:  # noqa: ANN401
    """Like `merged`, with null kept as a value."""
    if not isinstance(above, dict) or not isinstance(below, dict):
        return copy.deepcopy(above)
    return {key: _laid_over(below.get(key), above[key]) if key in above else value for key, value in below.items()} | {
        key: copy.deepcopy(value) for key, value in above.items() if key not in below
    }


def settings_from_texts(texts: Sequence[str]) -> dict[str, object]:
    """`["time.step=5 min"]` → `{"time.step": "5 min"}`. Raises `ScenarioError` with every fault."""
    settings: dict[str, object] = {}
    faults = []
    for text in texts:
        where, equals, value = text.partition("=")
        if not equals or not where.strip():
            faults.append(Fault(f"--set {text}", "is no setting; write --set path=value, e.g. --set 'time.step=5 min'"))
        elif where.strip() in settings:
            faults.append(Fault(f"--set {where.strip()}", "is given twice; keep one of them"))
        else:
            settings[where.strip()] = read_value(value, source=f"--set {where.strip()}")
    if faults:
        raise ScenarioError(faults, source="command line")
    return settings


def _find(name_or_path: str) -> Path:
    known = shipped()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if path.is_dir():
        path /= "scenario.yaml"
    looks_like_file = path.suffix in {".yaml", ".yml"} or len(path.parts) > 1
    if not path.is_file() and not looks_like_file:
        message = unknown("scenario", name_or_path, known) + "; or write the path of a file"
        raise ScenarioError([Fault("", message)], source=name_or_path)
    return path


def _ancestors(path: Path) -> Iterator[Document]:
    """The document at `path`, then its parent, and so on."""
    seen: list[Path] = []
    here: Path | None = path
    while here is not None:
        resolved = here.resolve()
        if resolved in seen:
            chain = " → ".join(step.name for step in [*seen, resolved])
            raise ScenarioError(
                [Fault("extends", f"goes in a circle: {chain}; take one of them out")], source=path.name
            )
        seen.append(resolved)
        document = read_document(here)
        yield document
        here = _parent(document, here)


def _parent(document: Document, path: Path) -> Path | None:
    name = document.values.get("extends")
    if name is None:
        return None
    if not isinstance(name, str):
        raise ScenarioError(
            [Fault("extends", f"{name!r} is not one name; a scenario has one parent, e.g. `extends: county-noon`")],
            source=document.source,
        )
    known = shipped()
    if name in known and known[name].resolve() != path.resolve():
        return known[name]
    parent = path.parent / name
    if parent.suffix not in {".yaml", ".yml"}:
        raise ScenarioError(
            [Fault("extends", unknown("scenario", name, known) + "; or write a file beside this one, e.g. base.yaml")],
            source=document.source,
        )
    if not parent.resolve().is_relative_to(path.parent.resolve()):
        raise ScenarioError(
            [Fault("extends", f"{name} lies outside the scenario's folder; put the parent beside or below this file")],
            source=document.source,
        )
    if not parent.is_file():
        raise ScenarioError(
            [Fault("extends", f"no such file: {name}; write a shipped name or a file beside this one")],
            source=document.source,
        )
    return parent


def _mapping(value: object, where: str, document: Document) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ScenarioError(
            [Fault(where, "is not a mapping; write `name:` with the changed keys below, indented")],
            source=document.source,
        )
    return value


_Tree = dict[str, Any] | list[Any] | str | float | bool | None
_Change = tuple[str, Path_, object]


def _chosen(blocks: Mapping[str, Any], names: Sequence[str], source: str) -> list[_Change]:
    faults = [Fault("overrides", unknown("override", name, blocks)) for name in names if name not in blocks]
    faults += [
        Fault(f"overrides.{name}", "is not a mapping; write the changed keys below, indented")
        for name in names
        if name in blocks and not isinstance(blocks[name], dict)
    ]
    if faults:
        raise ScenarioError(faults, source=source)
    return [(f"overrides.{name}", where, value) for name in names for where, value in _leaves(blocks[name])]


def _leaves(tree: Mapping[str, Any], prefix: Path_ = ()) -> Iterator[tuple[Path_, object]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def _refuse_collisions(changes: Sequence[_Change], source: str) -> None:
    faults = []
    for index, (who, where, _) in enumerate(changes):
        for other, there, _ in changes[:index]:
            shared = min(len(where), len(there))
            if where[:shared] == there[:shared]:
                faults.append(Fault(path_text(where), f"is set by {other} and by {who}; keep one of them"))
    if faults:
        raise ScenarioError(faults, source=source)


def _segments(where: str) -> Path_:
    parts = re.findall(r"[^.\[\]]+", where)
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _changed(values: dict[str, Any], where: Path_, value: object, source: str) -> dict[str, Any]:
    result = copy.deepcopy(values)
    here: _Tree = result
    for depth, part in enumerate(where[:-1]):
        here = _entered(here, part, where[: depth + 1], source)
    _put(here, where, value, source)
    return result


def _entered(here: _Tree, part: str | int, path: Path_, source: str) -> _Tree:
    if isinstance(here, dict):
        below = here.get(str(part))
        if below is None:
            below = here[str(part)] = {}
        child: _Tree = below
        return child
    items, index = _index(here, part, path, source)
    entry: _Tree = items[index]
    return entry


def _put(here: _Tree, where: Path_, value: object, source: str) -> None:
    if not isinstance(here, dict):
        items, index = _index(here, where[-1], where, source)
        items[index] = copy.deepcopy(value)
    elif value is None:
        here.pop(str(where[-1]), None)
    else:
        here[str(where[-1])] = copy.deepcopy(value)


def _index(here: _Tree, part: str | int, path: Path_, source: str) -> tuple[list[Any], int]:
    if not isinstance(here, list):
        told = "is no mapping, so nothing can be set below it; set the whole value"
        raise ScenarioError([Fault(path_text(path[:-1]), told)], source=source)
    if not isinstance(part, int) or part >= len(here):
        told = f"the list has {len(here)} entries; write an index from 0 to {len(here) - 1}"
        raise ScenarioError([Fault(path_text(path), told)], source=source)
    return here, part
