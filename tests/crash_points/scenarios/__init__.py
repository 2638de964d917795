"""All scenarios; each module of this folder has a tuple `SCENARIOS`."""

from __future__ import annotations

from tests.crash_points.scenario import Scenario
from tests.crash_points.scenarios import edits, exports, films, places, serving, stages, weights

__all__ = ["ALL"]

ALL: tuple[Scenario, ...] = (
    *stages.SCENARIOS,
    *edits.SCENARIOS,
    *exports.SCENARIOS,
    *weights.SCENARIOS,
    *places.SCENARIOS,
    *films.SCENARIOS,
    *serving.SCENARIOS,
)
