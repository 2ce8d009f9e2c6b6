"""What a party may know when it decides (View), and what it decides (Plan). Both are arrays, no objects per job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder, Tie
from suandian.model.programme import Instruction
from suandian.model.site import Site
from suandian.model.workload import ClassTable
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Fleet", "Objective", "Outlook", "Plan", "Queue", "Transfer", "View"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What it takes to send the data of a job to another site: a line between any two, shared by nobody else.

    bandwidth_gb_per_h     (10 Gbit/s are 4,500 GB/h); infinite: data are there at once
    energy_mwh_per_gb      energy of the network on the way; it passes no meter of the study
    price_cny_per_gb       paid to the carrier
    """

    bandwidth_gb_per_h: float = float("inf")
    energy_mwh_per_gb: float = 0.0
    price_cny_per_gb: float = 0.0

    @property
    def is_free(self) -> bool:
        return not (np.isfinite(self.bandwidth_gb_per_h) or self.price_cny_per_gb > 0)

    def seconds_s(self, data_gb: NDArray[np.float64]) -> NDArray[np.int64]:
        """How long data take, rounded up to whole seconds, same shape."""
        return np.ceil(data_gb / self.bandwidth_gb_per_h * 3600.0 - 1e-6).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """What does not change during a study: sites, feeders, streams' reach, classes, fixed prices.

    stream_allowed     (streams, sites) bool: may the stream be served there within its latency?
    stream_home        (streams,) default site
    stream_power_per_gpu_kw, stream_label   (streams,)
    demand_cny_per_mw_month, carbon_official_kg_per_mwh   (sites,)
    zone               local time zone; calendar months and days are counted in it
    stream_batch_power_ratio   (streams,) power for the same requests at the largest batch within the latency objective
    transfer           what moving a job's data takes
    ties               lines between feeders
    """

    sites: tuple[Site, ...]
    feeders: tuple[Feeder, ...]
    classes: ClassTable
    stream_ids: tuple[str, ...]
    stream_label: tuple[str, ...]
    stream_allowed: NDArray[np.bool_]
    stream_home: NDArray[np.int64]
    stream_power_per_gpu_kw: NDArray[np.float64]
    demand_cny_per_mw_month: NDArray[np.float64]
    carbon_official_kg_per_mwh: NDArray[np.float64]
    zone: str
    stream_batch_power_ratio: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    transfer: Transfer = Transfer()
    ties: tuple[Tie, ...] = ()

    def __post_init__(self) -> None:
        if len(self.stream_batch_power_ratio) != len(self.stream_ids):
            object.__setattr__(self, "stream_batch_power_ratio", np.ones(len(self.stream_ids)))

    @property
    def feeder_of_site(self) -> NDArray[np.int64]:
        """(sites,) index of the feeder, −1 for a site with a connection of its own."""
        ids = [feeder.id for feeder in self.feeders]
        return np.array([ids.index(s.feeder) if s.feeder else -1 for s in self.sites], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Objective:
    """What optimisers minimise, beside the bill: weights in money, the same for every arm of a study.

    carbon_cny_per_t            price put on emissions by `carbon_signal` (`average` or `marginal`)
    curtailment_cny_per_mwh     value of PV and wind energy that is thrown away
    violation_cny_per_mwh       penalty on import above a limit
    lateness_cny_per_mwh        penalty on work that is not done when due, per MWh of IT energy
    slowing_cny_per_mwh         given to tenants per MWh (at full speed) of work that runs slower than it could
    batching_cny_per_mwh        given to users per MWh that larger inference batches save, for slower answers
    """

    carbon_cny_per_t: float = 0.0
    carbon_signal: str = "average"
    curtailment_cny_per_mwh: float = 0.0
    violation_cny_per_mwh: float = 20_000.0
    lateness_cny_per_mwh: float = 50_000.0
    slowing_cny_per_mwh: float = 0.0
    batching_cny_per_mwh: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """Forecasts already issued, cut to begin now; `H = axis.periods`. Units in the names, S sites, B feeders.

    price_cny_per_mwh, export_price_cny_per_mwh    (S, H) energy prices at the site's meter
    carbon_average_kg_per_mwh, carbon_marginal_kg_per_mwh   (S, H)
    outdoor_c         (S, H)
    site_pv_mw        (S, H) available behind the site's meter
    feeder_pv_mw, feeder_load_mw, feeder_wind_mw   (B, H) neighbours behind the shared connection
    stream_mw         (streams, H) interactive demand, IT power above idle
    released_mwh, due_mwh   (classes, H) work not yet submitted that is expected: cumulative dynamic IT energy
                      that may have run, and must have run, by the *end* of each interval
    issued_at         name of each field → when its forecast was issued; never later than the view's instant
    """

    axis: TimeAxis
    price_cny_per_mwh: NDArray[np.float64]
    export_price_cny_per_mwh: NDArray[np.float64]
    carbon_average_kg_per_mwh: NDArray[np.float64]
    carbon_marginal_kg_per_mwh: NDArray[np.float64]
    outdoor_c: NDArray[np.float64]
    site_pv_mw: NDArray[np.float64]
    feeder_pv_mw: NDArray[np.float64]
    feeder_load_mw: NDArray[np.float64]
    feeder_wind_mw: NDArray[np.float64]
    stream_mw: NDArray[np.float64]
    released_mwh: NDArray[np.float64]
    due_mwh: NDArray[np.float64]
    issued_at: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, eq=False)
class Queue:
    """Jobs submitted and unfinished at the view's instant, as columns; times in Unix seconds.

    `state`: 0 waiting, 1 running, 2 paused. `site` is where it runs or is paused, −1 when waiting.
    `remaining_s` is run time still needed at `gpus` GPUs and full speed, `class_index` the row of `Fleet.classes`.
    A job whose data are on their way is paused where they go, released when they arrive. `transfer_s` is how long they
    take to another site.
    """

    job: NDArray[np.int64]
    class_index: NDArray[np.int64]
    state: NDArray[np.int8]
    site: NDArray[np.int64]
    gpus: NDArray[np.int64]
    power_per_gpu_kw: NDArray[np.float64]
    preemptible: NDArray[np.bool_]
    home: NDArray[np.int64]
    sites_allowed: NDArray[np.uint64]
    submitted_s: NDArray[np.int64]
    released_s: NDArray[np.int64]
    due_s: NDArray[np.int64]
    remaining_s: NDArray[np.int64]
    transfer_s: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if len(self.transfer_s) != len(self.job):
            object.__setattr__(self, "transfer_s", np.zeros(len(self.job), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.job)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """All that the deciding party may know at `axis.start`.

    energy_mwh        (S,) state of charge
    peak_mw           (S,) highest import metered so far in the current calendar month (local time), 0 at its start
    """

    axis: TimeAxis
    party: str
    fleet: Fleet
    objective: Objective
    outlook: Outlook
    queue: Queue
    energy_mwh: NDArray[np.float64]
    peak_mw: NDArray[np.float64]
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Power per class, site and interval; its size never depends on the number of jobs.

    axis              begins at the view's instant; `H = axis.periods`
    stands_for        intervals after which the coordinator wants to decide again, 1…H
    it_mw             (classes, S, H) IT power above idle offered to each class of jobs
    stream_mw         (streams, S, H) where interactive demand is to be served (shares count, the world scales them)
    charge_mw, discharge_mw   (S, H), or None: the world runs the battery by its stated rule (self-consumption)
    curtail_mw        (S, H) own PV to be held back
    import_guard_mw   (S,) the battery is used to hold a site's import below this, inf for none
    site_rank         (S, H) order in which sites are filled (0 first), or None: home first, then by index
    start_at_once     ignore `it_mw`: every job starts at release wherever a permitted site has room
    may_pause         False: running jobs are never paused or slowed
    gear              (classes, S, H) gear in which each class is to run where its jobs stay in time; None: full speed
    stream_power_ratio   (streams, H) power for the same requests, by larger batches; the world holds it above
                      `Fleet.stream_batch_power_ratio`. None: usual batches
    diagnostics       figures about how the plan was made (solver objective, iterations, …)
    congestion_cny_per_mwh   (S, H) what a MWh more at the site's meter costs the shared network; None: not known
    """

    axis: TimeAxis
    coordinator: str
    stands_for: int
    it_mw: NDArray[np.float64]
    stream_mw: NDArray[np.float64]
    charge_mw: NDArray[np.float64] | None
    discharge_mw: NDArray[np.float64] | None
    curtail_mw: NDArray[np.float64]
    import_guard_mw: NDArray[np.float64]
    site_rank: NDArray[np.int64] | None = None
    start_at_once: bool = False
    may_pause: bool = True
    gear: NDArray[np.int64] | None = None
    stream_power_ratio: NDArray[np.float64] | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    congestion_cny_per_mwh: NDArray[np.float64] | None = None
