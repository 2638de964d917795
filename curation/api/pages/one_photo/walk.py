"""Where the arrow keys lead from one photo: through the view that it was opened from, stack by stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.api.pages.gallery import Gallery
from curation.domain.judging.photo_score import PhotoScore

__all__ = ["Steps", "steps"]


@dataclass(frozen=True, slots=True)
class Steps:
    """The neighbours of a photo in a view.

    Attributes:
        before: The path of the photo before it, or of the front of the stack before its own; None at the start.
        after: The same of the one after it; None at the end.
        place: Its number, or that of its stack, from 1; None if it is not in the view.
        total: The number of photos, or of stacks.
        by_stack: Whether the steps lead from stack to stack.
    """

    before: str | None
    after: str | None
    place: int | None
    total: int
    by_stack: bool


def steps(gallery: Gallery, scores: Mapping[str, PhotoScore], image_path: str) -> Steps:
    """Where one can go from a photo.

    Args:
        gallery: The view that it was opened from.
        scores: The ranked photos by path, which know the bursts.
        image_path: Of the photo. In a view with stacks, any photo of a stack stands for all of it.
    """
    by_stack = gallery.query.stacked and gallery.query.burst is None
    order = gallery.fronts if by_stack else gallery.singles
    place = _place(order, scores, image_path) if by_stack else gallery.places.get(image_path)
    if place is None:
        return Steps(None, None, None, len(order), by_stack)
    return Steps(
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        place=place + 1,
        total=len(order),
        by_stack=by_stack,
    )


def _place(fronts: tuple[str, ...], scores: Mapping[str, PhotoScore], image_path: str) -> int | None:
    burst = _burst(scores, image_path)
    for place, front in enumerate(fronts):
        if front == image_path or (burst is not None and _burst(scores, front) == burst):
            return place
    return None


def _burst(scores: Mapping[str, PhotoScore], image_path: str) -> int | None:
    score = scores.get(image_path)
    return None if score is None else score.burst_id
