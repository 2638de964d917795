"""What is said of a face in words: never a value without its range or certainty, and "cannot tell" where it is so."""

from __future__ import annotations

from collections.abc import Sequence

from curation.domain.attributes.values import AgeEstimate, AttributedFace, ClassEstimate, ImageAttributes

__all__ = ["age_words", "class_words", "difference_words", "face_words", "image_words"]

_SAME_BOX = 0.5
"""Overlap from which the boxes of two readers are of one face."""


def age_words(age: AgeEstimate | None) -> str:
    """Such as "about 34 (27 to 43)"; empty if it was not asked for."""
    if age is None:
        return ""
    if not age.is_known:
        return f"cannot tell (at best a guess: {age.years:.0f})"
    return f"about {age.years:.0f} ({age.low:.0f} to {age.high:.0f})"


def class_words(estimate: ClassEstimate | None) -> str:
    """Such as "female (98 %)"; empty if it was not asked for."""
    if estimate is None:
        return ""
    if estimate.answer is None:
        best = max(estimate.distribution, default=0.0)
        return f"cannot tell (at best a guess: {estimate.most_likely}, {_percent(best)})"
    return f"{estimate.answer} ({_percent(estimate.certainty)})"


def face_words(face: AttributedFace) -> str:
    """A face in one line; people count from 1."""
    attributes = face.attributes
    said = {
        "age": age_words(attributes.age),
        "sex": class_words(attributes.sex),
        "ethnicity": class_words(attributes.ethnicity),
        "expression": class_words(attributes.emotion),
    }
    told = "; ".join(f"{name} {words}" for name, words in said.items() if words)
    return f"Face {face.face_index + 1}: {told or 'nothing but its place is known'}"


def image_words(image: ImageAttributes) -> str:
    """All faces of a picture, a line for each."""
    if not image.faces:
        return "No face was found in this picture."
    return "\n".join(map(face_words, image.faces))


def difference_words(first: ImageAttributes, second: ImageAttributes) -> str:
    """How two readers differ about the faces of one picture, a line for each."""
    lines = []
    for face in first.faces:
        twin = _twin(face, second.faces)
        if twin is None:
            lines.append(f"Face {face.face_index + 1}: only the first reader has it")
            continue
        one, other = face.attributes, twin.attributes
        parts = []
        if one.age is not None and other.age is not None:
            parts.append(_age_difference(one.age, other.age))
        if one.sex is not None and other.sex is not None:
            parts.append(_sex_difference(one.sex, other.sex))
        lines.append(f"Face {face.face_index + 1}: {', '.join(parts) or 'nothing can be compared'}")
    return "\n".join(lines) or "There is no face to compare."


def _percent(share: float) -> str:
    # No network is certain: 100 % would say so.
    return "over 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")


def _age_difference(one: AgeEstimate, other: AgeEstimate) -> str:
    if not (one.is_known and other.is_known):
        return "neither can tell the age" if one.is_known == other.is_known else "one cannot tell the age"
    years = abs(one.years - other.years)
    apart = one.high < other.low or other.high < one.low
    return f"{years:.0f} years apart" + (", and so are the ranges" if apart else "")


def _sex_difference(one: ClassEstimate, other: ClassEstimate) -> str:
    if one.answer is None or other.answer is None:
        return "neither can tell the sex" if one.answer == other.answer else "one cannot tell the sex"
    return "the same sex" if one.answer == other.answer else "they disagree about the sex"


def _twin(face: AttributedFace, others: Sequence[AttributedFace]) -> AttributedFace | None:
    best = max(others, key=lambda other: _overlap(face, other), default=None)
    return best if best is not None and _overlap(face, best) >= _SAME_BOX else None


def _overlap(one: AttributedFace, other: AttributedFace) -> float:
    a, b = one.box, other.box
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.w * a.h + b.w * b.h - width * height)
