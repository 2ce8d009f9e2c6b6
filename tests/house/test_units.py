"""Every number's name ends in its unit: a walk over the syntax tree of the package.

Looked at: annotated fields and parameters whose type is a number or an array of floats. Names of counts, indices and
other pure numbers are listed; a name that is neither is refused.
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "suandian"

SUFFIXES = (
    "_mw", "_kw", "_w", "_mva", "_mwh", "_kwh", "_gpu_h", "_h", "_s", "_min", "_ms", "_kv", "_pu", "_ohm",
    "_cny", "_cny_per_mwh", "_cny_per_t", "_cny_per_mw_month", "_kg", "_kg_per_mwh", "_gb", "_c", "_k", "_deg", "_km",
    "_ratio", "_m", "_px", "_count", "_rate", "_j", "_per_h", "_percent", "_w_per_m2", "_tokens", "_days",
    "_mvar", "_ka", "_nf", "_hz",
)  # fmt: skip

#: Dimensionless by nature: counts, indices, shares of a colour, statistics without a unit; `limits` is a table whose
#: columns have units of their own.
PURE = {
    "periods", "gpus", "gpus_min", "gpus_max", "seed", "index", "first", "last", "until", "now", "count", "stands_for",
    "sites", "classes", "row", "rows", "weights", "value", "values", "amount", "total", "scale", "share", "n", "low",
    "high", "x", "y", "z", "a", "b", "share_done", "width", "height", "line", "level", "size", "sigma", "minimum",
    "maximum", "above", "number", "step", "origin", "overrides", "truth", "upper", "history", "quantile", "signal",
    "percentile", "gpus_used", "room_gpus", "limits",
}  # fmt: skip

FLOATS = ("float", "NDArray[np.float64]")


def floats() -> list[tuple[str, int, str]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name, annotation, line in _annotated(node):
                text = ast.unparse(annotation).replace(" | None", "")
                if text in FLOATS:
                    found.append((path.relative_to(PACKAGE).as_posix(), line, name.strip("_")))
    return found


def _annotated(node: ast.AST) -> list[tuple[str, ast.expr, int]]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [(node.target.id, node.annotation, node.lineno)]
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return [(a.arg, a.annotation, node.lineno) for a in arguments if a.annotation is not None]
    return []


def test_the_walk_sees_the_package() -> None:
    names = {name for _, _, name in floats()}
    assert {"import_max_mw", "delay_max_h", "price_cny_per_mwh", "energy_mwh"} <= names


def test_every_number_ends_in_its_unit() -> None:
    bad = [f"{file}:{line} {name}" for file, line, name in floats() if not name.endswith(SUFFIXES) and name not in PURE]
    assert bad == []
