"""What stands on the close-ups of a photo's faces: whose face, what is wrong with it, and the worst first."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.labelling.labels import Category
from curation.domain.measuring.measures import FaceMeasures, Reason

__all__ = ["FaceMark", "face_marks", "worst_first"]

_UNCLEAR = {
    Reason.TURNED: "turned away",
    Reason.TINY: "too small to tell",
    Reason.COVERED: "eyes covered",
    Reason.LOOKING_DOWN: "looks down",
    Reason.CUT_OFF: "cut off",
}


@dataclass(frozen=True, slots=True)
class FaceMark:
    """Something to know about a face.

    Attributes:
        kind: `closed`, `blurred`, `unclear` or `good`; it chooses the icon.
        text: The same in words.
    """

    kind: str
    text: str


def face_marks(measures: FaceMeasures | None, *, eyes_open: float, focus: float) -> tuple[FaceMark, ...]:
    """What to say of a face; nothing of one that was not measured.

    Args:
        measures: Of the face.
        eyes_open: From which value on eyes count as open.
        focus: From which value on a face counts as sharp.
    """
    if measures is None:
        return ()
    marks = []
    if measures.eyes.value is not None and measures.eyes.value < eyes_open:
        marks.append(FaceMark("closed", "eyes closed"))
    if measures.focus.value is not None and measures.focus.value < focus:
        marks.append(FaceMark("blurred", "blurred"))
    if measures.eyes.value is None and measures.eyes.reason in _UNCLEAR:
        marks.append(FaceMark("unclear", _UNCLEAR[measures.eyes.reason]))
    return tuple(marks) or (FaceMark("good", "eyes open, sharp"),)


def worst_first(
    measures: FaceMeasures | None, marks: tuple[FaceMark, ...], category: Category | None, *, known: bool
) -> tuple[object, ...]:
    """The key to sort faces by: people before strangers, then closed eyes and blur, then who matters most.

    Args:
        measures: Of the face.
        marks: What is said of it.
        category: Of its person.
        known: Whether it belongs to a person.
    """
    kinds = {mark.kind for mark in marks}
    order = [*Category, None]
    values = [] if measures is None else [measures.eyes.value, measures.focus.value, measures.smile.value]
    told = [value for value in values if value is not None]
    return (
        not known or category is Category.OTHER,
        "closed" not in kinds,
        "blurred" not in kinds,
        order.index(category),
        "unclear" not in kinds,
        sum(told) / len(told) if told else 1.0,
    )
