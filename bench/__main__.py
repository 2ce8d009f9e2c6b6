"""Runs benchmarks, keeps their results as JSON and renders the table of the documentation."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import pkgutil
import platform
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
#: Modules of the package that are no benchmarks.
NOT_BENCHMARKS = frozenset({"__main__", "figures", "peers"})


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks, or all; returns 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks to run; all if none is named")
    parser.add_argument("--quick", action="store_true", help="smaller cases, for those that have them")
    options = parser.parse_args(arguments)
    known = [module.name for module in pkgutil.iter_modules([str(ROOT / "bench")]) if module.name not in NOT_BENCHMARKS]
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are: {', '.join(known)}")
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["benchmarks"] if RESULTS.exists() else {}
    results: dict[str, Any] = {name: kept[name] for name in known if name in kept}
    for name in options.names or known:
        result = measure(name, quick=options.quick)
        if result is None:
            results.pop(name, None)
            continue
        results[name] = result
        print(shown(name, result), flush=True)
    keep(results)
    return 1 if any("error" in results[name] for name in options.names or known if name in results) else 0


def measure(name: str, *, quick: bool) -> dict[str, Any] | None:
    """Result of one benchmark with its date and machine; None for a module without `run`."""
    print(f"{name} …", file=sys.stderr, flush=True)
    started = time.perf_counter()
    head = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "quick": quick}
    try:
        run = getattr(importlib.import_module(f"bench.{name}"), "run", None)
        if run is None:
            return None
        result = dict(run(quick=quick) if "quick" in inspect.signature(run).parameters else run())
    except Exception as error:
        traceback.print_exc()
        return head | {"title": name, "error": f"{type(error).__name__}: {error}"}
    return head | {"wall_s": round(time.perf_counter() - started, 2)} | result


def machine() -> str:
    """Processor, cores and Python, in words."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}"


def keep(results: Mapping[str, Any]) -> None:
    """Write the JSON and the page."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"benchmarks": results}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    lines = [
        "# Benchmarks",
        "",
        "Measured by `make bench` (`python -m bench`), ours and the peer one after the other on the same machine. "
        "This page is written by that command; the figures are in `bench/results/latest.json`. "
        "No test depends on a time.",
        "",
    ]
    for name in sorted(results):
        lines += [shown(name, results[name]), ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def shown(name: str, result: Mapping[str, Any]) -> str:
    """One benchmark as Markdown."""
    lines = [f"## {result.get('title', name)}", ""]
    if "error" in result:
        lines += [f"**Failed**: `{result['error']}`", ""]
    rows = result.get("rows")
    if isinstance(rows, list):
        lines += ["| what | ours | peer | ratio | target | met |", "|---|---:|---:|---:|---|---|"]
        lines += [
            f"| {row['what']} | {figure(row.get('ours'))} | {figure(row.get('peer'))} | {figure(row.get('ratio'))} "
            f"| {row.get('target', '')} | {'' if row.get('met') is None else 'yes' if row['met'] else '**no**'} |"
            for row in rows
        ]
    else:
        plain = {key: value for key, value in result.items() if key not in {"at", "machine", "quick", "title", "error"}}
        lines += ["| figure | value |", "|---|---:|"]
        lines += [f"| {key} | {figure(value)} |" for key, value in plain.items()]
    if result.get("figure"):
        lines += ["", f"![{result.get('title', name)}]({result['figure']})"]
    lines += ["", *[f"- {note}" for note in result.get("notes", [])]]
    size = ", quick cases" if result.get("quick") else ""
    lines.append(f"- Measured {result.get('at', '')}{size} on {result.get('machine', '')}.")
    return "\n".join(lines)


def figure(value: object) -> str:
    """A figure in at most four digits; text as it is."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value == 0 or 0.001 <= abs(value) < 10:
        return f"{value:.3g}"
    return f"{value:,.0f}" if 10 <= abs(value) < 1e7 and float(value).is_integer() else f"{value:,.4g}"


if __name__ == "__main__":
    raise SystemExit(main())
