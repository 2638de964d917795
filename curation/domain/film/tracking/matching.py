"""Which faces of two looks are the same: where they overlap, and where nothing overlaps, what the networks say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou

__all__ = ["SAME_FACE_COSINE", "SAME_FACE_IOU", "STRANGER_COSINE", "matched"]

SAME_FACE_IOU = 0.3
"""Faces of two looks that overlap by this much of their union are taken for one. At 25 pictures a second a face that
moves by its own width in half a second is found by its embedding instead."""

SAME_FACE_COSINE = 0.4
"""What two single faces that do not overlap need in common; strangers of films reach 0.30 once in 170 pairs."""

STRANGER_COSINE = 0.2
"""Overlapping faces with less in common are two people: one has sat down where the other one was, or there was a
dissolve. Half a second apart, one person falls below it only by turning to the side, and then not from one picture to
the next."""

_SURE_IOU = 0.5
"""Above it nobody is asked."""

_LARGEST_RATIO = 3.0
"""Heights of one face half a second apart; more is a cut that was not seen, or somebody else."""


def matched(
    first: Sequence[Box],
    second: Sequence[Box],
    similarity: Callable[[int, int], float | None],
    is_like: Callable[[int, int], bool] = lambda number, other: True,
    are_readable: Callable[[int, int], bool] = lambda number, other: True,
) -> list[tuple[int, int]]:
    """Pair the faces of two looks at one shot.

    The pair that overlaps most is taken first. Faces that overlap nobody are paired by their embeddings, which are
    only asked for where both looks have such faces.

    Args:
        first: Boxes of the first look.
        second: Boxes of the second look.
        similarity: Cosine of the embeddings of two faces, by their numbers; None if one of them cannot be embedded.
        is_like: Whether two faces look alike at a glance: if so, and they overlap well, nobody needs to be asked.
        are_readable: Whether the embeddings of two faces can tell that they are two people; profiles and blurred faces
            resemble nobody, themselves half a second later neither.

    Returns:
        Pairs of numbers, by the first; each face is in one pair at most.
    """
    overlaps = sorted(
        (-iou, number, other)
        for number, box in enumerate(first)
        for other, other_box in enumerate(second)
        if (iou := box_iou(box, other_box)) >= SAME_FACE_IOU
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    rivals = _rivals(overlaps)
    for overlap, number, other in overlaps:
        if number in pairs or other in taken:
            continue
        # Where two faces cross, the one that overlaps most may be the other person.
        is_asked = -overlap < _SURE_IOU or rivals(number, other) or not is_like(number, other)
        if is_asked and are_readable(number, other):
            likeness = similarity(number, other)
            if likeness is not None and likeness < STRANGER_COSINE:
                continue
        pairs[number] = other
        taken.add(other)
    _add_alike(pairs, first, second, similarity)
    return sorted(pairs.items())


def _rivals(overlaps: Sequence[tuple[float, int, int]]) -> Callable[[int, int], bool]:
    """Whether one of two faces overlaps a third one, too."""
    firsts, seconds = [number for _, number, _ in overlaps], [other for _, _, other in overlaps]
    return lambda number, other: firsts.count(number) > 1 or seconds.count(other) > 1


def _add_alike(
    pairs: dict[int, int],
    first: Sequence[Box],
    second: Sequence[Box],
    similarity: Callable[[int, int], float | None],
) -> None:
    taken = set(pairs.values())
    left = [number for number in range(len(first)) if number not in pairs]
    right = [other for other in range(len(second)) if other not in taken]
    alike = []
    for number in left:
        for other in right:
            tall, short = sorted((first[number].h, second[other].h), reverse=True)
            if tall > _LARGEST_RATIO * short:
                continue
            likeness = similarity(number, other)
            if likeness is not None and likeness >= SAME_FACE_COSINE:
                alike.append((-likeness, number, other))
    for _, number, other in sorted(alike):
        if number not in pairs and other not in taken:
            pairs[number] = other
            taken.add(other)
