"""Fits of what was measured at a few sizes, for sizes that were not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

__all__ = ["Growth", "fitted"]


@dataclass(frozen=True, slots=True)
class Growth:
    """`linear * size + quadratic * size ** 2`.

    Attributes:
        linear: For each.
        quadratic: For each pair, twice.
        largest: The largest size that was measured; all beyond is calculation.
    """

    linear: float
    quadratic: float
    largest: float

    def at(self, size: float) -> float:
        """The value at a size."""
        return self.linear * size + self.quadratic * size**2

    def size_at(self, value: float) -> float:
        """The size at which a value is reached."""
        if self.quadratic == 0:
            return value / self.linear
        return float((np.sqrt(self.linear**2 + 4 * self.quadratic * value) - self.linear) / (2 * self.quadratic))


def fitted(measured: Mapping[float, float], *, is_linear: bool = False) -> Growth:
    """Fit what was measured by least squares of the relative errors, without negative parts.

    Args:
        measured: By size; all above 0.
        is_linear: If it is known to have no quadratic part.
    """
    sizes = np.array(list(measured.keys()), dtype=np.float64)
    values = np.array(list(measured.values()), dtype=np.float64)
    columns = [sizes / values] if is_linear else [sizes / values, sizes**2 / values]
    parts, _ = nnls(np.stack(columns, axis=1), np.ones(len(sizes)))
    return Growth(float(parts[0]), 0.0 if is_linear else float(parts[1]), float(sizes.max()))
