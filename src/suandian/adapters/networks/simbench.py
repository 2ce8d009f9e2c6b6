"""A SimBench network by its code, e.g. `1-MV-rural--0-sw`. Needs the extra `[networks]` (381 MB of grids and profiles).

SimBench: S. Meinecke et al., SimBench — a benchmark dataset of electric power systems, Energies 13(12), 3290, 2020;
data under the Open Database License. Nothing of it ships with suandian.
"""

from __future__ import annotations

import difflib

from suandian.adapters.networks.pandapower import from_pandapower, import_extra
from suandian.model.network import Network
from suandian.quantity.errors import DataError

__all__ = ["simbench_network"]


def simbench_network(code: str) -> Network:
    """The network of one code, with the loads and generators of its reference case. Raises `DataError`."""
    library = import_extra("simbench")
    known = [str(name) for name in library.collect_all_simbench_codes()]
    if code not in known:
        near = difflib.get_close_matches(code, known, n=3, cutoff=0.4)
        raise DataError(f"simbench: there is no code {code!r}; did you mean {', '.join(near) or '1-MV-rural--0-sw'}?")
    return from_pandapower(library.get_simbench_net(code), name=code, source=f"SimBench {code} (ODbL)")
