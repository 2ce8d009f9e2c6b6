"""The one door through which every coordinator comes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from suandian.model.plan import Plan, View

__all__ = ["Coordinator"]


@runtime_checkable
class Coordinator(Protocol):
    """Decides from a View, and only from it: the same View gives the same Plan.

    Registered under the entry-point group `suandian.coordinators` as a callable `(**options) -> Coordinator`.
    """

    @property
    def name(self) -> str: ...

    def plan(self, view: View) -> Plan: ...
