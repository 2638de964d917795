from __future__ import annotations

from curation.domain.attributes.face_rows import attributes_of_row, row_attributes
from curation.domain.attributes.values import DensePoint, FaceAttributes
from curation.domain.faces.row_attributes import RowAttributes
from tests.fake_readers import age, told


def test_a_row_keeps_what_was_told_and_its_doubt() -> None:
    face = FaceAttributes(age=age(30, is_known=False), sex=told("female", 0.6), dense=(DensePoint(1, 2, 3),))
    row = row_attributes(face)
    assert row.age is not None and row.sex is not None
    assert (row.age.years, row.age.low, row.age.high, row.age.is_known) == (30, 24, 36, False)
    assert (row.sex.answer, row.sex.certainty) == (None, 0.6)
    assert (row.ethnicity, row.emotion) == (None, None)
    again = attributes_of_row(row)
    assert row_attributes(again) == row
    assert again.sex is not None and again.sex.most_likely == "female"
    assert again.dense is None


def test_nothing_stays_nothing() -> None:
    assert row_attributes(FaceAttributes()) == RowAttributes()
    assert attributes_of_row(RowAttributes()) == FaceAttributes()
