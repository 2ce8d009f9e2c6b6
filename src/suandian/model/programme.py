"""Flexibility programmes and enrolments: what a buyer offers, and who has sold what."""

from __future__ import annotations

from dataclasses import dataclass

from suandian.model.contract import Source

__all__ = ["Enrolment", "Instruction", "Programme"]


@dataclass(frozen=True, slots=True)
class Programme:
    """A product bought by `buyer`; its rules are data with a source, never code."""

    id: str
    buyer: str
    notice_h: float
    bid_min_mw: float
    energy_cny_per_mwh: float
    capacity_cny_per_mw_month: float
    penalty_cny_per_mwh: float
    baseline_rule: str
    stacking_allowed: bool
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`seller` has sold `capacity_mw` of `site` into `programme`."""

    programme: str
    seller: str
    site: str
    capacity_mw: float


@dataclass(frozen=True, slots=True)
class Instruction:
    """A binding limit on a site's import in `[start_s, end_s)` (Unix seconds), known from `issued_at_s` on."""

    id: str
    issuer: str
    receiver: str
    site: str
    issued_at_s: int
    start_s: int
    end_s: int
    import_max_mw: float
