"""Slower instead of paused: what a power cap or fewer GPUs cost in throughput.

**Power capping.** Throughput falls far less than power, because the last watts buy the least: clock and voltage fall
together. Taken as a power law

    throughput ratio = (drawn power ratio)^γ,   γ = 0.31

through the measured mean of large language-model trainings on V100s held at 150 W instead of 250 W: 13.7 % less energy
and 6.8 % more time (McDonald et al., "Great Power, Great Responsibility: Recommendations for Reducing Energy for
Training Language Models", NAACL Findings 2022). Energy over time gives a drawn power of 0.863/1.068 = 0.808 and a
throughput of 1/1.068 = 0.936. So a quarter less power costs 9 % of throughput. Two points make a curve (the form is D);
below 60 % of drawn power nothing is claimed, and the shape differs by model: it is meant to be swept. Power above
idle falls by more than power: ratios are converted with the idle power of the GPU.

**Elasticity.** A job on fewer GPUs loses less than in proportion, as communication shrinks:

    throughput ratio = (GPU ratio)^α,   α = 0.9 (D)

a common summary of strong scaling; α is 1 for independent tasks and falls with the share of communication. Power is
linear in utilisation (`itload`), and the GPUs that are left are busier by as much as each of them does more: energy
above idle per unit of work stays the same. So shrinking a job moves energy in time and saves none.
"""

from __future__ import annotations

from math import ceil, floor, log

from suandian.model.workload import FULL_PACE, Pace
from suandian.physics.itload import GPU_IDLE_W

__all__ = [
    "CAP_EXPONENT_RATIO",
    "CAP_LEAST_RATIO",
    "SCALING_EXPONENT_RATIO",
    "capped_dynamic_ratio",
    "capped_throughput_ratio",
    "elastic_throughput_ratio",
    "pace_of",
]

#: γ of the power law, from the two points above.
CAP_EXPONENT_RATIO = log(1.0 / 1.068) / log(0.863 / 1.068)
#: Drawn power below which the curve is not to be used, D.
CAP_LEAST_RATIO = 0.6
#: α of strong scaling, D.
SCALING_EXPONENT_RATIO = 0.9


def capped_throughput_ratio(power_ratio: float, exponent_ratio: float = CAP_EXPONENT_RATIO) -> float:
    """Throughput of a GPU held at `power_ratio` of the power it would draw. Raises `ValueError` outside the curve."""
    if not CAP_LEAST_RATIO - 1e-12 <= power_ratio <= 1.0:
        raise ValueError(f"power ratio {power_ratio:g} lies outside {CAP_LEAST_RATIO:g}…1, where the curve holds")
    return float(power_ratio**exponent_ratio)


def capped_dynamic_ratio(power_ratio: float, gpu_power_w: float) -> float:
    """Power above idle under a cap, as a share of that without, for a GPU that draws `gpu_power_w` uncapped.

    Server power above idle is proportional to it (`itload`), so the same share holds for the server's part. Raises
    `ValueError` for a GPU that would have to draw less than it does idle.
    """
    above_w = power_ratio * gpu_power_w - GPU_IDLE_W
    if above_w <= 0.0:
        raise ValueError(f"{power_ratio:g} of {gpu_power_w:g} W is not above the idle power of {GPU_IDLE_W:g} W")
    return above_w / (gpu_power_w - GPU_IDLE_W)


def elastic_throughput_ratio(gpu_ratio: float, exponent_ratio: float = SCALING_EXPONENT_RATIO) -> float:
    """Throughput of a job on `gpu_ratio` of its GPUs."""
    return float(gpu_ratio**exponent_ratio)


def pace_of(name: str, *, power_cap_ratio: float, gpus_ratio: float, gpu_power_w: float) -> Pace:
    """The gears of jobs whose GPUs may be held at `power_cap_ratio` of their power and that may shrink to `gpus_ratio`.

    The cap comes first, in two steps, then the GPUs, in two steps (one beside a cap): it costs the least throughput.
    Shares are rounded to thousandths so that speed is never above the curve and power never below it; steps that
    coincide then are one. Ratios of 1 switch a lever off; `FULL_PACE` if both are.
    """
    gears = [(1.0, 1.0, 1.0)]
    if power_cap_ratio < 1.0:
        gears += [
            (1.0, _up(capped_dynamic_ratio(ratio, gpu_power_w)), _down(capped_throughput_ratio(ratio)))
            for ratio in ((1.0 + power_cap_ratio) / 2.0, power_cap_ratio)
        ]
    if gpus_ratio < 1.0:
        _, power, speed = gears[-1]
        for ratio in (gpus_ratio,) if len(gears) > 1 else ((1.0 + gpus_ratio) / 2.0, gpus_ratio):
            throughput = elastic_throughput_ratio(ratio)
            gears.append((_up(ratio), _up(power * throughput / ratio), _down(speed * throughput)))
    # Rounding up must not let power rise where a step is hardly one.
    slower = [
        gear
        for gear, before in zip(gears[1:], gears, strict=False)
        if gear[2] < before[2] and gear[0] * gear[1] <= before[0] * before[1]
    ]
    if not slower:
        return FULL_PACE
    gpu_ratio, power_ratio, speed_ratio = zip(gears[0], *slower, strict=True)
    return Pace(name, gpu_ratio, power_ratio, speed_ratio)


def _up(share_ratio: float) -> float:
    return ceil(share_ratio * 1000.0 - 1e-9) / 1000.0


def _down(share_ratio: float) -> float:
    return floor(share_ratio * 1000.0 + 1e-9) / 1000.0
