"""From GPUs and CPUs of a job to its IT power above idle, by a named model.

A job on GPUs draws what its GPUs cause in their servers, processors and memory included (`suandian.physics.itload`,
A100, AcmeTrace); its CPUs are not counted again. A job on CPUs alone draws a figure per CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from suandian.physics.itload import dynamic_power_per_gpu_kw
from suandian.quantity.errors import DataError

__all__ = ["CPU_ABOVE_IDLE_W", "POWER_MODELS", "WORK_OF_KIND", "PowerModel", "power_model"]

#: Server power above idle per vCPU (hardware thread) at full use: 3.76 W at 100 % less 0.78 W idle. Source: Cloud
#: Carbon Footprint, methodology, Azure coefficients (averages over SPECpower_ssj2008 results). That the CPUs of a job
#: are threads and fully used is D (engineering default): on records that count cores with two threads, give 5.96 W.
CPU_ABOVE_IDLE_W = 2.98

#: What records call a kind → the work whose GPU power is known (`itload.GPU_POWER_BY_KIND_W`). D: by meaning.
WORK_OF_KIND: Mapping[str, str] = MappingProxyType(
    {"pretrain": "training", "sft": "fine_tuning", "mllm": "training", "evaluation": "inference", "ls": "inference"}
)


@dataclass(frozen=True, slots=True)
class PowerModel:
    """Named figures: `gpu_kw` per busy GPU unless the kind is known, `cpu_w` per CPU of a job without GPUs."""

    name: str
    gpu_kw: float
    cpu_w: float = CPU_ABOVE_IDLE_W
    by_kind_kw: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        figures = (self.gpu_kw, self.cpu_w, *self.by_kind_kw.values())
        if not all(0 <= figure < float("inf") for figure in figures):
            raise DataError(f"power model {self.name!r}: figures must be finite and not below 0")

    @property
    def told(self) -> str:
        """The model and its figures in words."""
        kinds = "".join(f", {kind} {kw:.3f} kW" for kind, kw in self.by_kind_kw.items())
        return f"{self.name}: {self.gpu_kw:.3f} kW per GPU{kinds}, {self.cpu_w:.2f} W per CPU of a job without GPUs"

    def power_kw(self, gpus: pl.Expr, cpus: pl.Expr, kind: pl.Expr) -> pl.Expr:
        """IT power of a job above idle, kW: `gpus` may be parts of a GPU."""
        if self.by_kind_kw:
            known = list(self.by_kind_kw)
            per_gpu_kw = (
                kind.cast(pl.String)
                .str.to_lowercase()
                .replace_strict(
                    known, [self.by_kind_kw[name] for name in known], default=self.gpu_kw, return_dtype=pl.Float64
                )
            )
            per_gpu_kw = per_gpu_kw.fill_null(self.gpu_kw)
        else:
            per_gpu_kw = pl.lit(self.gpu_kw)
        return pl.when(gpus > 0).then(gpus * per_gpu_kw).otherwise(cpus * (self.cpu_w / 1000.0))


#: `a100`: AcmeTrace figures by kind of work where the record names it, else those of batch work; `a100_flat`: batch.
POWER_MODELS: Mapping[str, PowerModel] = MappingProxyType(
    {
        "a100": PowerModel(
            "a100",
            dynamic_power_per_gpu_kw("batch"),
            by_kind_kw={kind: dynamic_power_per_gpu_kw(work) for kind, work in WORK_OF_KIND.items()},
        ),
        "a100_flat": PowerModel("a100_flat", dynamic_power_per_gpu_kw("batch")),
    }
)


def power_model(given: str | PowerModel) -> PowerModel:
    """The model called `given`, or the model itself. Raises `DataError` for an unknown name."""
    if isinstance(given, PowerModel):
        return given
    if given not in POWER_MODELS:
        raise DataError(f"unknown power model {given!r}; there are {', '.join(POWER_MODELS)}, or give a PowerModel")
    return POWER_MODELS[given]
