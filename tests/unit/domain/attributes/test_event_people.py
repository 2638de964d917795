from __future__ import annotations

from dataclasses import replace

import pytest

from curation.domain.attributes.event_people import people_attributes
from curation.domain.attributes.face_rows import row_attributes
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import FaceRow
from tests.fake_readers import age
from tests.unit.storage.face_tables import row


def face(years: float, quality: float) -> FaceRow:
    return replace(row(), face_quality=quality, attributes=row_attributes(FaceAttributes(age=age(years))))


def test_good_faces_weigh_more() -> None:
    people = people_attributes([("anna", face(30, 0.9)), ("anna", face(50, 0.1)), ("ben", face(60, 0.5))])
    assert people["anna"].age is not None and people["ben"].age is not None
    assert people["anna"].age.years == pytest.approx(32)
    assert people["anna"].age.low == pytest.approx(26)
    assert people["ben"].age.years == 60


def test_faces_of_nobody_and_faces_that_were_not_read_are_left_out() -> None:
    assert people_attributes([(None, face(30, 0.9)), ("anna", row())]) == {}
