"""Benchmarks, run side by side with their peers: `python -m bench [names] [--quick]`.

A benchmark is a module of this package with a function `run()` or `run(quick: bool)` that returns

    {"title": str, "rows": [{"what": str, "ours": …, "peer": …, "ratio": …, "target": str, "met": bool}],
     "notes": [str]}

Figures are numbers with their unit in `what`, or text; every key of a row but `what` may be left out. Any other mapping
is shown as name and value; `"figure"` may name a picture, as seen from the page. Results are kept in
`bench/results/latest.json` and shown in `docs/reference/benchmarks.md`. A benchmark that fails is recorded with its
error and makes the exit code 1.
"""
