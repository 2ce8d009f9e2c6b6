"""The control of every study, and the form of a plan made by a rule. Loads nothing that has to be compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.room import home_streams
from suandian.model.plan import Plan, View

__all__ = ["RunNow", "rule_plan"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunNow:
    """Every job starts at its release wherever a permitted site has room, home first. The control of every study."""

    @property
    def name(self) -> str:
        return "run_now"

    def plan(self, view: View) -> Plan:
        """One plan for the whole axis; it offers no curve, so none is kept or missed."""
        periods = view.axis.periods
        idle = np.zeros((len(view.fleet.classes), len(view.fleet.sites), periods))
        return rule_plan(view, self.name, periods, idle, home_streams(view, periods), start_at_once=True)


def rule_plan(
    view: View,
    name: str,
    stands_for: int,
    it_mw: Floats,
    stream_mw: Floats,
    diagnostics: Mapping[str, float] | None = None,
    *,
    start_at_once: bool = False,
    may_pause: bool = True,
    site_rank: NDArray[np.int64] | None = None,
) -> Plan:
    """A plan of a rule that leaves the battery to its own rule (self-consumption) and holds no PV back."""
    sites, periods = it_mw.shape[1:]
    return Plan(
        axis=view.axis.part(0, periods),
        coordinator=name,
        stands_for=stands_for,
        it_mw=it_mw,
        stream_mw=stream_mw,
        charge_mw=None,
        discharge_mw=None,
        curtail_mw=np.zeros((sites, periods)),
        import_guard_mw=np.full(sites, np.inf),
        site_rank=site_rank,
        start_at_once=start_at_once,
        may_pause=may_pause,
        diagnostics=dict(diagnostics or {}),
    )
