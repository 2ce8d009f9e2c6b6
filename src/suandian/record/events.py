"""The events of the journal. Facts are in the past tense; many of one kind form a block of columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "JobBlock",
    "JobEventKind",
    "LevelBlock",
    "Meter",
    "MeterBlock",
    "PlanEnacted",
    "Quality",
]


class Quality(IntEnum):
    """Quality flag of a meter read."""

    MEASURED = 0
    ESTIMATED = 1
    MISSING = 2


class JobEventKind(IntEnum):
    """What happened to a job. A run begins at full speed (gear 0) unless a GEAR event of the same instant says more."""

    SUBMITTED = 0
    STARTED = 1
    PAUSED = 2
    RESUMED = 3
    MOVED = 4
    FINISHED = 5
    OVERRODE = 6  # started or kept running beyond the plan to meet its deadline
    ARRIVED = 7  # its data have come to the site that MOVED named
    GEAR_0 = 8  # goes on in this gear of its pace
    GEAR_1 = 9
    GEAR_2 = 10
    GEAR_3 = 11
    GEAR_4 = 12
    GEAR_5 = 13
    GEAR_6 = 14
    GEAR_7 = 15


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter or sub-meter. Its id is `site/<id>/<channel>`, `feeder/<id>/<channel>` or `tie/<id>/<feeder>`.

    Channels of a site: `grid` (billing meter), `it`, `it/F0` … `it/F5`, `facility` (all that the building
    draws), `battery` (import = charge, export = discharge), `pv` (export = generation used),
    `pv_available`. Of a feeder: `grid` (transformer, import from above), `load`, `pv`, `pv_available`,
    and where it has any `wind`, `wind_available`. Of a tie, one at either end: import arrives at that feeder.
    """

    id: str


@dataclass(frozen=True, slots=True, eq=False)
class MeterBlock:
    """Reads of all meters for intervals `[first, first + n)`; arrays `(meters, n)`, MWh, both non-negative."""

    first: int
    import_mwh: NDArray[np.float64]
    export_mwh: NDArray[np.float64]
    quality: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class LevelBlock:
    """Energy stored in each site's battery at the *end* of intervals `[first, first + n)`, `(sites, n)` MWh."""

    first: int
    energy_mwh: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class JobBlock:
    """Job events as columns; `job` is the row in the JobTable, `at_s` Unix seconds, `site` −1 for none."""

    job: NDArray[np.int64]
    kind: NDArray[np.int8]
    at_s: NDArray[np.int64]
    site: NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class PlanEnacted:
    """A plan was put into force for intervals `[first, last)`.

    `it_mw` is the plan's dynamic IT power by site, `(sites, last − first)`; the gap to what was placed is a KPI.
    `congestion_cny_per_mwh` is the price of the shared network at each site's meter that the plan was made with or
    found, of the same shape; `(sites, 0)` where it knows none.
    """

    first: int
    last: int
    coordinator: str
    it_mw: NDArray[np.float64]
    forecasts_issued_s: int
    diagnostics: dict[str, float]
    congestion_cny_per_mwh: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
