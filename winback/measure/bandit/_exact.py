"""Logarithm and exponential from sums, products and quotients alone.

IEEE 754 fixes the bits of those, one by one. The functions of a processor's library differ in the
last bit from machine to machine, and sums of NumPy in their order, so a replay elsewhere would
differ too. Whatever this room reckons of a move therefore uses only what stands here, single
operations on arrays, and running sums.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LN_2: Final = 0.6931471805599453
_ROOT_HALF: Final = 0.7071067811865476
# Terms until the rest is below the last bit: of the logarithm's series by odd powers of at most
# 0.172, and of the exponential's by powers of at most 0.347.
_LN_TERMS: Final = tuple(1.0 / (2 * n + 1) for n in range(11, -1, -1))
_EXP_TERMS: Final = tuple(1.0 / n for n in range(16, 0, -1))
_SMALLEST: Final = -700.0


def ln(values: Floats) -> Floats:
    """The natural logarithm of positive numbers, to about 1e-15 of it."""
    fraction, exponent = np.frexp(values)
    is_low = fraction < _ROOT_HALF
    fraction = np.where(is_low, fraction * 2.0, fraction)
    exponent = np.where(is_low, exponent - 1, exponent).astype(np.float64)
    ratio = (fraction - 1.0) / (fraction + 1.0)
    square = ratio * ratio
    series = np.zeros_like(ratio)
    for term in _LN_TERMS:
        series = series * square + term
    return exponent * _LN_2 + 2.0 * ratio * series


def exp(values: Floats) -> Floats:
    """e to the power of numbers up to 700, to about 1e-13 of it; 0 below -700."""
    bounded = np.maximum(values, _SMALLEST)
    halvings = np.floor(bounded / _LN_2 + 0.5)
    rest = bounded - halvings * _LN_2
    series = np.ones_like(rest)
    for term in _EXP_TERMS:
        series = series * rest * term + 1.0
    return np.where(values < _SMALLEST, 0.0, np.ldexp(series, halvings.astype(np.int64)))


def running(values: Floats) -> Floats:
    """The running sums, added from the first to the last."""
    return np.add.accumulate(values)


def total(values: Floats) -> float:
    """The sum, added from the first to the last; 0 of none."""
    return float(running(values)[-1]) if len(values) else 0.0
