"""The parts of a scenario about computing work: jobs and interactive streams."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suandian.experiments.scenario.tables import TableSection
from suandian.experiments.scenario.types import Count, Quantity, Section

__all__ = ["AUTO_FORMAT", "JobsSection", "KindSection", "StreamSection", "TraceSection"]

_Share = Annotated[float, Quantity("1", minimum=0, maximum=1)]
_Hours = Annotated[float, Quantity("h", minimum=0)]
#: The format is told from the content of the file.
AUTO_FORMAT = "auto"
JobKind = Literal["analytics", "batch", "rendering", "simulation", "fine_tuning", "training", "backup"]


class TraceSection(Section):
    """A job trace from the data folder, laid onto the study's time and sites."""

    format: str = Field(
        description="Name of a trace format, e.g. `gaia`, `swf` or `slurm`, or `auto` to tell it from the content; "
        "plug-ins add more (`suandian.traces`)."
    )
    file: str = Field(description="The trace's file, inside the data folder.")


class KindSection(Section):
    """What is changed in the generator's description of one kind of job; see `suandian.signals.job_mix`."""

    count_share_ratio: _Share | None = Field(default=None, description="Share of the jobs (normalised over the kinds).")
    work_share_ratio: _Share | None = Field(
        default=None, description="Share of the GPU-hours (normalised over the kinds)."
    )
    slack_min_h: _Hours | None = Field(
        default=None, description="Least time after the earliest finish until it is due."
    )
    slack_max_h: _Hours | None = Field(default=None, description="Longest such time; drawn uniformly between both.")
    preemptible_ratio: _Share | None = Field(default=None, description="Share of these jobs that may be paused.")
    movable_ratio: _Share | None = Field(
        default=None, description="Share that may run at any site; the others stay at home."
    )


class JobsSection(Section):
    """Where the jobs come from: generated (`count`, `occupancy`, `kinds`), a `trace`, or a `table` of one's own."""

    count: Count = Field(
        default=20_000, ge=0, description="Jobs submitted over the study (expected; arrivals are random); 0 for none."
    )
    occupancy_ratio: Annotated[float, Quantity("1", above=0, maximum=1)] = Field(
        default=0.37,
        description="GPU-hours that the jobs ask for, as a share of all GPU-hours; interactive streams come on top.",
    )
    gang_max_ratio: Annotated[float, Quantity("1", above=0, maximum=1)] = Field(
        default=0.1, description="Widest job as a share of its home site's GPUs. D (engineering default): 10 %."
    )
    kinds: dict[JobKind, KindSection] = Field(
        default_factory=dict,
        description="Changes to the shipped mix by kind: analytics, batch, rendering, simulation, fine_tuning, "
        "training, backup.",
    )
    site_share: dict[str, _Share] = Field(
        default_factory=dict, description="Share of the jobs submitted at each site; left out: by GPUs installed."
    )
    trace: TraceSection | None = Field(default=None, description="Jobs of a public trace instead of generated ones.")
    table: TableSection | None = Field(
        default=None, description="Jobs of your own, one row each, instead of generated ones."
    )


class StreamSection(Section):
    """Interactive load of one city: it may be served at another site, never at another time."""

    origin: str = Field(description="City where the requests come from, e.g. `beijing`; sets the latency to each site.")
    origin_latitude_deg: Annotated[float, Quantity("°", minimum=-66, maximum=66)] | None = Field(
        default=None, description="Latitude of a city that is not among the presets."
    )
    origin_longitude_deg: Annotated[float, Quantity("°", minimum=-180, maximum=180)] | None = Field(
        default=None, description="Longitude of a city that is not among the presets."
    )
    home: str = Field(description="Site that serves it unless told otherwise.")
    peak_mw: Annotated[float, Quantity("MW", minimum=0)] = Field(
        description="IT power above idle at the busiest hour of a usual week."
    )
    latency_max_ms: Annotated[float, Quantity("ms", above=0)] = Field(
        description="One-way network delay that the service bears; sites beyond it may not serve the stream."
    )
    label: Literal["F0", "F1"] = Field(default="F1", description="F0 stays at home, F1 may be routed.")
    power_per_gpu_kw: Annotated[float, Quantity("kW", above=0)] = Field(
        default=0.27,
        description="Power above idle of a busy GPU, server share included. Left out: 0.27 kW, the inference value of "
        "`suandian.physics.itload` (AcmeTrace power quantiles; which quantile is D).",
    )
    requests: str = Field(
        default="",
        description="File with a public trace of inference requests (Azure 2023) in the data folder; its fluctuation "
        "replaces the generated one.",
    )
