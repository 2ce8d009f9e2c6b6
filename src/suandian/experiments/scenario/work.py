"""The parts of a scenario about computing work: jobs and interactive streams."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suandian.experiments.scenario.tables import TableSection
from suandian.experiments.scenario.types import Count, Quantity, Section
from suandian.physics.pace import CAP_LEAST_RATIO

__all__ = ["AUTO_FORMAT", "JobsSection", "KindSection", "StreamSection", "TraceSection", "TransferSection"]

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
    checkpoint_every_h: _Hours | None = Field(
        default=None,
        description="Run time between two checkpoints: a pause loses what ran since the last one. Left out: one is "
        "written when the pause comes.",
    )
    power_cap_ratio: Annotated[float, Quantity("1", minimum=CAP_LEAST_RATIO, maximum=1)] = Field(
        default=1.0,
        description="Deepest cap on the power that a busy GPU draws; throughput falls by the curve of "
        "`suandian.physics.pace`. 100 %: never capped.",
    )
    elastic_gpus_ratio: Annotated[float, Quantity("1", above=0, maximum=1)] = Field(
        default=1.0, description="Fewest GPUs on which a job goes on, as a share of its own. 100 %: never shrunk."
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


class TransferSection(Section):
    """What it takes to send a job's data to another site: a line between any two. Left out: data are everywhere."""

    bandwidth_gb_per_h: Annotated[float, Quantity("GB/h", above=0)] = Field(
        description="Rate at which one job's data move, e.g. `10 Gbit/s`."
    )
    energy_mwh_per_gb: Annotated[float, Quantity("MWh/GB", minimum=0)] = Field(
        default=1.9e-6,
        description="Energy of the network, outside every meter of the study. Left out: 0.0019 kWh/GB (0.06 kWh/GB in "
        "2015, halved every two years: Aslan et al., J. Industrial Ecology 22(4), 2018, carried on to 2025, D).",
    )
    price_cny_per_gb: Annotated[float, Quantity("CNY/GB", minimum=0)] = Field(
        default=0.0, description="Paid to the carrier."
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
    token_latency_ms: Annotated[float, Quantity("ms", above=0)] | None = Field(
        default=None, description="Time from token to token in the usual batch, e.g. `28 ms`."
    )
    token_latency_max_ms: Annotated[float, Quantity("ms", above=0)] | None = Field(
        default=None,
        description="Latency objective: batches may grow up to it, which saves power (`suandian.physics.serving`). "
        "Left out: batches stay as they are.",
    )
    requests: str = Field(
        default="",
        description="File with a public trace of inference requests (Azure 2023) in the data folder; its fluctuation "
        "replaces the generated one.",
    )
