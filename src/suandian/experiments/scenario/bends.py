"""Levers of a scenario as the numbers that jobs and streams carry: gears of a kind, power of large batches."""

from __future__ import annotations

from dataclasses import replace

from suandian.experiments.scenario.work import KindSection, StreamSection
from suandian.physics.pace import capped_dynamic_ratio, pace_of
from suandian.physics.serving import ServingModel
from suandian.signals.job_mix import KindMix, mean_gpu_power_w

__all__ = ["batch_power_ratio", "bent_kind"]


#: Power at which the gears of every kind are worked out, so that kinds with the same levers are planned as one: the
#: middle of fine-tuning (AcmeTrace, Seren, 77 % quantile). Between 290 and 400 W the share above idle under a cap of
#: 80 % differs by 0.02.
_GPU_POWER_W = 310.0


def bent_kind(shipped: KindMix, given: KindSection) -> KindMix:
    """A kind with what the scenario says of it; cap and elasticity become the gears of its pace.

    Raises `ValueError` for a cap that would hold the kind's GPUs below their idle power.
    """
    levers = {"power_cap_ratio", "elastic_gpus_ratio"}
    kind = replace(shipped, **given.model_dump(exclude_none=True, exclude=levers))
    cap_ratio, gpus_ratio = given.power_cap_ratio, given.elastic_gpus_ratio
    capped_dynamic_ratio(cap_ratio, mean_gpu_power_w(kind))  # the kind's own GPUs have to bear the cap
    name = f"cap {100 * cap_ratio:g} %, GPUs {100 * gpus_ratio:g} %"
    pace = pace_of(name, power_cap_ratio=cap_ratio, gpus_ratio=gpus_ratio, gpu_power_w=_GPU_POWER_W)
    return replace(kind, pace=pace)


def batch_power_ratio(section: StreamSection) -> float:
    """Power at the largest batch within the latency objective; 1 without one.

    Raises `ValueError` for a latency that no batch reaches (`physics.serving`).
    """
    if section.token_latency_max_ms is None or section.token_latency_ms is None:
        return 1.0
    return ServingModel().power_ratio(section.token_latency_ms, section.token_latency_max_ms)
