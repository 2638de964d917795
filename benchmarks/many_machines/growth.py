"""Fits of what was measured at a few sizes, for sizes that were not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

__all__ = ["Growth", "fitted"]


@dataclass(frozen=True, slots=True)
class Growth:
    """`constant + linear * size + quadratic * size ** 2`.

    Attributes:
        constant: At size 0.
        linear: For each.
        quadratic: For each pair, twice.
        largest: The largest size that was measured; all beyond is calculation.
    """

    constant: float
    linear: float
    quadratic: float
    largest: float

    def at(self, size: float) -> float:
        """The value at a size."""
        return self.constant + self.linear * size + self.quadratic * size**2

    def size_at(self, value: float) -> float:
        """The size at which a value is reached."""
        above = value - self.constant
        if self.quadratic == 0:
            return above / self.linear
        return float((np.sqrt(self.linear**2 + 4 * self.quadratic * above) - self.linear) / (2 * self.quadratic))


def fitted(measured: Mapping[float, float], *, has_constant: bool = False, is_linear: bool = False) -> Growth:
    """Fit what was measured by least squares of the relative errors, without negative parts.

    Args:
        measured: By size; all above 0.
        has_constant: Whether there is something that does not depend on the size.
        is_linear: If it is known to have no quadratic part.
    """
    sizes = np.array(list(measured.keys()), dtype=np.float64)
    values = np.array(list(measured.values()), dtype=np.float64)
    powers = [power for power, is_there in enumerate((has_constant, True, not is_linear)) if is_there]
    parts, _ = nnls(np.stack([sizes**power / values for power in powers], axis=1), np.ones(len(sizes)))
    by_power = dict(zip(powers, parts.tolist(), strict=True))
    return Growth(by_power.get(0, 0.0), by_power[1], by_power.get(2, 0.0), float(sizes.max()))
