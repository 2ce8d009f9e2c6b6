"""Signals that can be compared exactly: in decimal steps (nine digits of their largest value) equal sums of cents are
equal, and the order of summing never decides. Ties go to the earliest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_steps", "ranked", "step_digits"]

Ints = NDArray[np.int64]

#: Decimal digits in which the largest magnitude of a signal is written.
DIGITS = 9


def in_steps(signal: NDArray[np.float64], digits: int = DIGITS) -> Ints:
    """A signal as whole decimal steps, `digits` for its largest magnitude, same shape; sums of them are exact.

    Powers of ten, because prices are decimal: in steps of a share of the largest value, 2 + 1 would not be 3.

    Raises `ValueError` for values that are not finite.
    """
    values = np.asarray(signal, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("signal: every value must be finite")
    decimals = step_digits(values, digits)
    scaled = values * 10.0**decimals if decimals >= 0 else values / 10.0**-decimals
    return np.rint(scaled).astype(np.int64)


def step_digits(values: NDArray[np.float64], digits: int = DIGITS) -> int:
    """Decimals of `in_steps`: a step is 10**−digits in the signal's unit; `values` of any shape, finite."""
    largest = float(np.abs(values).max(initial=0.0))
    return digits - 1 - int(np.floor(np.log10(largest))) if largest > 0.0 else 0


def ranked(steps: Ints) -> Ints:
    """Indices from the lowest to the highest value along the last axis, the earlier first where equal."""
    return np.argsort(steps, axis=-1, kind="stable").astype(np.int64)
