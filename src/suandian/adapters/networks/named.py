"""The door to networks: a shipped name, `simbench:CODE`, or the path of a YAML or pandapower JSON file."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from suandian.adapters.networks.tables import read_network
from suandian.model.network import Network
from suandian.quantity.errors import DataError

__all__ = ["SHIPPED", "network"]

SHIPPED = ("ieee33",)
_SIMBENCH = "simbench:"


def network(name: str) -> Network:
    """The checked network that `name` means. Raises `DataError` or, without the extra, `AdapterError`."""
    if name in SHIPPED:
        with as_file(files("suandian.adapters.networks") / "data" / f"{name}.yaml") as path:
            return read_network(path)
    if name.startswith(_SIMBENCH):
        from suandian.adapters.networks.simbench import simbench_network

        return simbench_network(name.removeprefix(_SIMBENCH))
    path = Path(name)
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise DataError(
            f"{name!r} is no network: write {', '.join(SHIPPED)}, simbench:CODE, or a file (.yaml, pandapower .json)"
        )
    if not path.is_file():
        raise DataError(f"{name}: no such file; write {', '.join(SHIPPED)}, simbench:CODE, or an existing file")
    if path.suffix.lower() == ".json":
        from suandian.adapters.networks.pandapower import read_pandapower

        return read_pandapower(path)
    return read_network(path)
