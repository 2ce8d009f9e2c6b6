"""Inference in batches: larger ones take less power for the same answers, and each answer comes slower.

A decoding step reads the weights once for the whole batch and the cache of every sequence in it, so its time is affine
in the batch (R. Pope et al., "Efficiently Scaling Transformer Inference", MLSys 2023, §2):

    token latency = fixed + per sequence · batch

One token for each sequence per step, so GPU time per token is latency/batch. The power of a busy GPU rises slowly with
the batch: from 480 W at 64 to 520 W at 128 concurrent requests (a public benchmark note, vLLM 0.6 serving a 70-billion
parameter model on H100s, January 2025: two points), that is with batch^0.115. Energy per token is the product. The two
latencies are D and differ by model and GPU; they are meant to be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

__all__ = ["ServingModel"]


@dataclass(frozen=True, slots=True)
class ServingModel:
    """Latency and energy of decoding against the batch size; figures and sources: module."""

    fixed_ms: float = 20.0
    per_sequence_ms: float = 0.25
    power_exponent_ratio: float = log2(520.0 / 480.0)

    def token_latency_ms(self, batch_count: float) -> float:
        """Time from token to token in a batch of so many sequences."""
        return self.fixed_ms + self.per_sequence_ms * batch_count

    def batch_count(self, token_latency_ms: float) -> float:
        """The batch that takes this long a step. Raises `ValueError` for a latency that no batch reaches."""
        batch_count = (token_latency_ms - self.fixed_ms) / self.per_sequence_ms
        if batch_count < 1.0:
            least_ms = self.token_latency_ms(1.0)
            raise ValueError(f"{token_latency_ms:g} ms a token is not reached: one sequence takes {least_ms:g} ms")
        return batch_count

    def power_ratio(self, usual_ms: float, most_ms: float) -> float:
        """Power for the same tokens at a latency of `most_ms`, as a share of that at `usual_ms`; 1 if not larger.

        (latency/batch · batch^0.115) of one over the other. GPUs are taken to fall with power, although power per GPU
        rises a little: that errs on the safe side. Raises `ValueError` as `batch_count` does.
        """
        usual, most = self.batch_count(usual_ms), self.batch_count(most_ms)
        if most <= usual:
            return 1.0
        return float(most_ms / usual_ms * (most / usual) ** (self.power_exponent_ratio - 1.0))
