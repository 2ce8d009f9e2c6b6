"""Contracts as data: supply tariffs (who pays the grid what) and compute contracts (what a tenant allows)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

__all__ = ["ComputeContract", "Source", "Tariff", "TariffTemplate"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure or rule comes from. Confidence: A official, B secondary, C unverified, D our default."""

    document: str
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class TariffTemplate:
    """The 48 half-hours of a day in `months`, local time: S sharp, P peak, F flat, V valley, D deep valley."""

    months: tuple[int, ...]
    half_hours: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """A two-part time-of-use tariff.

    Energy price of a band = `floating_cny_per_mwh`·ratio + `fixed_cny_per_mwh`; `ratio` is keyed by band letter.
    `demand_cny_per_mw_month` is charged on the highest metered import of a calendar month, averaged over
    `demand_window_h`. `export_cny_per_mwh` is paid for energy delivered.
    """

    id: str
    effective_from: date
    templates: tuple[TariffTemplate, ...]
    ratio: dict[str, float]
    floating_cny_per_mwh: float
    fixed_cny_per_mwh: float
    demand_cny_per_mw_month: float
    export_cny_per_mwh: float
    zone: str
    sources: tuple[Source, ...]
    effective_to: date | None = None
    demand_window_h: float = 0.25


@dataclass(frozen=True, slots=True)
class ComputeContract:
    """What a class of tenant allows the platform to do with its work, and what it gets for that.

    credit_ratio is the share of the job's fee returned when the deadline is missed.
    """

    id: str
    label: str
    delay_max_h: float
    may_relocate: bool
    interruptions_max: int
    discount_ratio: float
    residency: tuple[str, ...] = ()
    credit_ratio: float = 0.0
    sources: tuple[Source, ...] = field(default=())
