"""Photos that cannot be ranked anew without looking at them: they keep the place that they had."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from curation.domain.judging.photo_score import PhotoScore

__all__ = ["kept_scores"]


def kept_scores(table: Iterable[PhotoScore], unmeasured: Collection[str]) -> tuple[list[PhotoScore], tuple[str, ...]]:
    """The rows of photos without measures, and which of these photos have to be looked at.

    Args:
        table: The ranking until now.
        unmeasured: Image paths of the photos without measures.

    Returns:
        The rows, which are in no burst, and in ascending order the paths of those that wait. A photo that could not be
        read the last time does not wait: its row says why.
    """
    kept = [
        replace(score, burst_id=None, burst_rank=None, best_of_burst=not score.error)
        for score in table
        if score.image_path in unmeasured
    ]
    failed = {score.image_path for score in kept if score.error}
    return kept, tuple(sorted(set(unmeasured) - failed))
