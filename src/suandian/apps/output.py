"""What the command line says: one JSON document, or lines for people; and how a fault becomes an exit code.

Exit codes: 0 done, 1 internal fault, 2 the user's fault, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from suandian.quantity.errors import Fault, Infeasible, InvariantBroken, ScenarioError, SuandianError

__all__ = [
    "ProgressLine",
    "document_text",
    "emit",
    "exit_code",
    "kpi_table",
    "listed",
    "tell_error",
    "write_whole",
]

DONE, INTERNAL_FAULT, USER_FAULT, INTERRUPTED = 0, 1, 2, 130


def emit(document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Write the answer of a command to stdout: the document, or its text for people."""
    print(document_text(document) if as_json else text)


def document_text(document: Mapping[str, object]) -> str:
    """One JSON document; NaN is no JSON and raises `ValueError`."""
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def write_whole(path: Path, text: str) -> None:
    """The file appears complete or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def exit_code(error: BaseException) -> int:
    """2 for what the user can put right, 1 for what is ours."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, InvariantBroken):
        return INTERNAL_FAULT
    if isinstance(error, SuandianError | OSError):
        return USER_FAULT
    code = getattr(error, "exit_code", INTERNAL_FAULT)  # usage errors of the command line library carry theirs
    return code if isinstance(code, int) else INTERNAL_FAULT


def tell_error(error: BaseException, *, as_json: bool) -> None:
    """The error as one JSON document on stdout, or as text on stderr; never a traceback."""
    if as_json:
        faults = [{"path": fault.path, "message": fault.message} for fault in _faults(error)]
        print(json.dumps({"error": {"type": type(error).__name__, "faults": faults}}, ensure_ascii=False, indent=1))
    else:
        print(_text(error), file=sys.stderr)


def _faults(error: BaseException) -> list[Fault]:
    if isinstance(error, ScenarioError):
        return list(error.faults)
    if isinstance(error, Infeasible):
        return [Fault(", ".join(error.constraints), str(error))]
    return [Fault("", _text(error).removeprefix("error: "))]


def _text(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; nothing was kept"
    if isinstance(error, SuandianError) and not isinstance(error, InvariantBroken):
        return f"error: {error}"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"error: {place}{error.strerror or error}"
    usage = getattr(error, "format_message", None)
    if usage is not None:
        return f"error: {str(usage()).rstrip('.')}; see suandian --help"
    return (
        f"internal fault: {type(error).__name__}: {error}\n"
        "This is ours, not yours. Please report it with the command, the scenario and `suandian --version`; "
        "SUANDIAN_TRACEBACK=1 shows where it happened."
    )


class ProgressLine:
    """One line on stderr with the share done of every arm; silent where stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._on = not quiet and sys.stderr.isatty()
        self._shares: dict[str, float] = {}
        self._drawn_s = 0.0

    def __call__(self, arm: str, share: float) -> None:
        self._shares[arm] = share
        now_s = time.monotonic()
        if self._on and (now_s - self._drawn_s > 0.1 or share >= 1.0):
            self._drawn_s = now_s
            width = shutil.get_terminal_size().columns - 1
            running = [f"{name} {_bar(done)} {done:4.0%}" for name, done in self._shares.items() if done < 1.0]
            done = sum(1 for value in self._shares.values() if value >= 1.0)
            print(f"\r{'  '.join([f'{done} done', *running])[:width]:<{width}}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Clear the line."""
        if self._on and self._shares:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)


def _bar(share: float, cells: int = 12) -> str:
    full = round(share * cells)
    return "█" * full + "░" * (cells - full)


def kpi_table(records: Mapping[str, Mapping[str, float]], *, control: str, columns: int | None = None) -> str:
    """KPIs as rows, arms as columns, right-aligned; as many blocks as the width of the terminal asks for."""
    width = columns if columns is not None else shutil.get_terminal_size((120, 24)).columns
    names = list(next(iter(records.values()))) if records else []
    first = max([len(name) for name in names] + [8])
    cells = {arm: [_figure(record[name]) for name in names] for arm, record in records.items()}
    heads = {arm: f"{arm}*" if arm == control else arm for arm in records}
    widths = {arm: max(len(heads[arm]), *(len(cell) for cell in cells[arm])) for arm in records}
    blocks, block, used = [], list[str](), first
    for arm in records:
        if block and used + 2 + widths[arm] > width:
            blocks.append(block)
            block, used = [], first
        block.append(arm)
        used += 2 + widths[arm]
    if block:
        blocks.append(block)
    texts = []
    for part in blocks:
        rows = [f"{'':<{first}}" + "".join(f"  {heads[arm]:>{widths[arm]}}" for arm in part)]
        for index, name in enumerate(names):
            rows.append(f"{name:<{first}}" + "".join(f"  {cells[arm][index]:>{widths[arm]}}" for arm in part))
        texts.append("\n".join(rows))
    return "\n\n".join([*texts, f"* control: {control}"])


def _figure(value: float) -> str:
    if value != value:
        return "–"
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"


def listed(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns for people."""
    first = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{first}}  {text}" for name, text in rows)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
