"""From attributes as a reader gives them to those of a row of face_data.csv, and back."""

from __future__ import annotations

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.row_attributes import RowAge, RowAttributes, RowClass

__all__ = ["attributes_of_row", "row_attributes"]


def row_attributes(face: FaceAttributes) -> RowAttributes:
    """What a row of face_data.csv keeps of a face: all but the distribution of ages and the dense landmarks."""
    return RowAttributes(
        age=None if face.age is None else _row_age(face.age),
        sex=None if face.sex is None else _row_class(face.sex),
        ethnicity=None if face.ethnicity is None else _row_class(face.ethnicity),
        emotion=None if face.emotion is None else _row_class(face.emotion),
    )


def attributes_of_row(row: RowAttributes) -> FaceAttributes:
    """A row's attributes as a reader's; all of an age's probability lies on its single number."""
    return FaceAttributes(
        age=None if row.age is None else _age(row.age),
        sex=None if row.sex is None else _class(row.sex),
        ethnicity=None if row.ethnicity is None else _class(row.ethnicity),
        emotion=None if row.emotion is None else _class(row.emotion),
    )


def _row_age(age: AgeEstimate) -> RowAge:
    return RowAge(age.years, age.low, age.high, age.certainty, age.is_known)


def _row_class(told: ClassEstimate) -> RowClass:
    return RowClass(told.answer, told.certainty, tuple(zip(told.classes, told.distribution, strict=True)))


def _age(age: RowAge) -> AgeEstimate:
    return AgeEstimate(age.years, age.low, age.high, age.certainty, age.is_known, (age.years,), (1.0,), "")


def _class(told: RowClass) -> ClassEstimate:
    classes = tuple(name for name, _ in told.probabilities)
    return ClassEstimate(told.answer, told.certainty, classes, tuple(share for _, share in told.probabilities), "")
